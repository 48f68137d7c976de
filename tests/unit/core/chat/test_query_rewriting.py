"""The words a question is searched with: a follow-up is made complete, a whole question is left as it was asked."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from core.chat.followups import follow_up_signals
from core.chat.query_rewriting import search_query
from core.domain.conversation import ChatMessage, ContextSummary, LatencyBudget
from core.domain.documents import Citation, Support

SALES = "What were Acme's net sales in 2021?"
HISTORY = (ChatMessage(1, "user", SALES), ChatMessage(2, "assistant", "They were 12 million [1]."))
BASIS = ContextSummary("", 0, 0, 0, 0, False, False, 1.0, LatencyBudget.BALANCED, None)


def asked(text: str, query: str) -> ChatMessage:
    return ChatMessage(1, "user", text, context_summary=dataclasses.replace(BASIS, query=query))


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("and what about 2022?", "What were Acme's net sales in 2022?"),
        ("And in 2020?", "What were Acme's net sales in 2020?"),
        ("e em 2022?", "What were Acme's net sales in 2022?"),
        ("¿Y en 2022?", "What were Acme's net sales in 2022?"),
        ("und 2022?", "What were Acme's net sales in 2022?"),
        ("Et en 2022 ?", "What were Acme's net sales in 2022?"),
        ("2022年呢？", "What were Acme's net sales in 2022?"),
        ("And in Brazil?", f"{SALES} And in Brazil?"),
        ("Is that more than in Brazil?", f"{SALES} Is that more than in Brazil?"),
        ("The same for Brazil", f"{SALES} The same for Brazil"),
        ("How does it compare with the year before?", f"{SALES} How does it compare with the year before?"),
        ("Why?", f"{SALES} Why?"),
        ("And the costs in 2022?", "What were Acme's net sales in 2022? And the costs in 2022?"),
    ],
)
def test_a_question_that_leans_on_the_conversation_is_made_complete(question: str, query: str) -> None:
    assert search_query(question, HISTORY) == query


@pytest.mark.parametrize(
    ("before", "question", "query"),
    [
        ("What did March cost?", "And April?", "What did April cost?"),
        ("Quanto custou o seguro em março?", "E em abril?", "Quanto custou o seguro em abril?"),
        ("Was kostete die Heizung im März 2023?", "Und im Mai?", "Was kostete die Heizung im Mai 2023?"),
        ("¿Cuánto costó en marzo de 2023?", "¿Y en mayo de 2024?", "¿Cuánto costó en mayo de 2024?"),
        ("3月的费用是多少？", "那4月呢？", "4月的费用是多少？"),
        ("2023年3月の費用はいくらですか？", "では5月は？", "2023年5月の費用はいくらですか？"),
    ],
)
def test_a_follow_up_about_another_month_is_the_same_question(before: str, question: str, query: str) -> None:
    assert search_query(question, [ChatMessage(1, "user", before)]) == query


@pytest.mark.parametrize(
    "question",
    [
        "E no Brasil?",
        "E quanto aos cães?",
        "O que ele disse sobre isso?",
        "¿Y los perros?",
        "¿Qué dijo ella?",
        "Und die Hunde?",
        "Was sagt er dazu?",
        "Wem gehören seine Anteile?",
        "Et les chiens ?",
        "Que dit-il de cela ?",
        "E i cani?",
        "狗呢？",
        "它什么时候到期？",
        "为什么？",
        "那么房东呢？",
        "では犬は？",
        "それはいつですか？",
        "彼は何を言いましたか？",
        "なぜ？",
        "وماذا عن الكلاب؟",
        "متى ينتهي ذلك؟",
        "और कुत्तों के बारे में क्या?",
        "वह कब समाप्त होता है?",
        "그럼 개는요?",
        "แล้วสุนัขล่ะ",
        "А собаки?",
        "What about dogs?",
        "Who signed it?",
        "How old is she?",
        "Which of them is larger?",
        "Dogs?",
        "Since when?",
        "Tell me more",
        "What did he do after that?",
    ],
)
def test_follow_ups_are_seen_in_many_languages(question: str) -> None:
    assert follow_up_signals(question)


@pytest.mark.parametrize(
    "question",
    [
        "Which auditors signed the annual report of Acme?",
        "What is Milvus and how does it work?",
        "Does the lease say whether the tenant may renew it?",
        "Who owns Acme?",
        "Is it possible to run Milvus without containers?",
        "How long does it take to index a million vectors?",
        "What did Anna Keller say about her contract?",
        "O que diz o contrato de locação sobre animais?",
        "¿Cuándo vence el contrato de alquiler?",
        "Wann endet der Mietvertrag der Firma Keller?",
        "Quand le bail prend-il fin ?",
        "租约什么时候到期？",
        "東京タワーの高さは何メートルですか？",
        "ما هي عاصمة بولندا؟",
        "किराये की अवधि कब समाप्त होती है?",
        "สัญญาเช่าสิ้นสุดเมื่อไร",
    ],
)
def test_a_question_that_stands_on_its_own_is_searched_as_asked(question: str) -> None:
    assert search_query(question, HISTORY) == question


def test_a_first_question_is_searched_as_asked() -> None:
    assert search_query("And in Brazil?", ()) == "And in Brazil?"


def test_follow_ups_of_follow_ups_keep_what_they_are_about() -> None:
    history = (*HISTORY, asked("and in 2022?", "What were Acme's net sales in 2022?"))
    assert search_query("And 2023?", history) == "What were Acme's net sales in 2023?"


def test_a_query_grown_long_gives_way_to_the_last_whole_question() -> None:
    history = (*HISTORY, asked("And why?", f"{SALES} {'And why? ' * 60}"))
    assert search_query("And in Brazil?", history) == f"{SALES} And in Brazil?"


def answered(*cited: str) -> ChatMessage:
    sources = tuple(
        Citation(n, n, Path(f"/d/{name}"), "", None, "", 0, 4, "Text", Support.SUPPORTED)
        for n, name in enumerate(cited)
    )
    return ChatMessage(2, "assistant", "That is so [1].", citations=sources)


@pytest.mark.parametrize(
    ("first", "question"),
    [
        ("How long is the notice period?", "And the deposit?"),
        ("Qual é o prazo de aviso?", "E a caução?"),
        ("Wie lang ist die Kündigungsfrist?", "Und die Kaution?"),
        ("¿Cuál es el plazo de aviso?", "¿Y la fianza?"),
        ("通知期限是多久？", "押金呢？"),
    ],
)
def test_a_follow_up_keeps_to_the_one_document_that_the_answer_came_from(first: str, question: str) -> None:
    history = (ChatMessage(1, "user", first), answered("Mill_Lane-lease.md", "Mill_Lane-lease.md"))
    assert search_query(question, history) == f"{first} {question} Mill Lane lease"
    assert search_query(question, (history[0], answered("a.md", "b.md"))) == f"{first} {question}"
    whole = "Which auditors signed the report of Acme?"
    assert search_query(whole, history) == whole


def test_a_pronoun_brings_in_the_names_of_the_answer() -> None:
    history = (
        ChatMessage(1, "user", "Which vendor was chosen?"),
        ChatMessage(2, "assistant", "The board chose **Northwind Traders** in May [1]."),
    )
    assert (
        search_query("Where is it based?", history) == "Which vendor was chosen? Where is it based? Northwind Traders"
    )
