"""The words a question is searched with."""

from __future__ import annotations

import pytest

from core.chat.query import search_query
from core.values import ChatMessage

HISTORY = (
    ChatMessage(1, "user", "What were Acme's net sales in 2021?"),
    ChatMessage(2, "assistant", "They were 12 million [1]."),
)


@pytest.mark.parametrize(
    "question", ["and what about 2022?", "And in Brazil?", "How does it compare with the year before?", "Why?"]
)
def test_a_question_that_leans_on_the_conversation_is_made_complete(question: str) -> None:
    assert search_query(question, HISTORY) == f"What were Acme's net sales in 2021? {question}"


def test_a_question_that_stands_on_its_own_is_searched_as_asked() -> None:
    question = "Which auditors signed the annual report of Acme?"
    assert search_query(question, HISTORY) == question


def test_a_first_question_is_searched_as_asked() -> None:
    assert search_query("And in Brazil?", ()) == "And in Brazil?"
