"""The search terms of a question: its content, its names, their spellings, and whether it is English."""

from __future__ import annotations

import pytest

from core.retrieval.question import EMBEDDED_QUESTION_CHARS, read_question, truncate_for_embedding
from core.text.language import is_english, is_latin
from core.text.tokenizer import terms


def test_function_words_are_left_out() -> None:
    assert read_question("How is the data stored in Milvus?").content == ("data", "stor", "milvus")


def test_a_question_of_function_words_alone_keeps_them() -> None:
    assert read_question("To be or not to be?").content == ("to", "be", "or", "not")


def test_names_are_written_with_a_capital_or_with_digits() -> None:
    question = read_question("Who owned the aircraft N2151J in Wausau for 3 years since 2019?")
    assert {"n2151j", "wausau", "2019"} <= question.names
    assert not {"aircraf", "3", "year"} & question.names


def test_in_a_script_without_spaces_a_number_is_a_name_and_what_follows_it_is_not() -> None:
    assert read_question("1974年に起こったのは").names == {"1974"}


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("Foot Locker's new CEO", "footloc"),
        ("Apple's third quarter 2022", "q3"),
        ("in the 1st fiscal quarter", "q1"),
        ("the March report", "03"),
        ("the March report", "mar"),
        ("no relatório de março", "03"),
        ("im Bericht vom März 2023", "mar"),
        ("el informe de marzo", "march"),
        ("le rapport de mars", "03"),
        ("il rapporto di marzo", "03"),
        ("3月の報告書", "03"),
        ("三月份的报告", "03"),
        ("12月报告", "dec"),
        ("o relatório de 5 fev 2023", "02"),
        ("der Bericht für Okt. 2023", "10"),
    ],
)
def test_names_have_other_spellings(text: str, alias: str) -> None:
    assert alias in read_question(text).aliases


@pytest.mark.parametrize(
    "text",
    ["may I march out?", "la planète Mars", "chi ha mai detto no?", "nach 3か月", "3月間", "May I ask?", "mach es"],
)
def test_words_that_only_look_like_months_are_none(text: str) -> None:
    assert not {"03", "05"} & set(read_question(text).aliases)


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "default maximum segment size",
        "Was ist? said the Angela Merkel of the story in English",
        "N2151J 2022",
        "How does café culture differ from that of the naïve?",
    ],
)
def test_english_questions(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Wie heißt die Hauptstadt von Frankreich?",
        "Quelle est la capitale de la France ?",
        "¿Cuál es la capital de Francia?",
        "Qual é a capital da França?",
        "法国的首都是哪里？",
        "ما هي عاصمة فرنسا؟",
        "เมืองหลวงของฝรั่งเศสคืออะไร",
        "Thủ đô của nước Pháp là gì?",
    ],
)
def test_questions_in_other_languages(text: str) -> None:
    assert not is_english(text)


def test_latin_letters_are_distinguished_from_others() -> None:
    assert is_latin("Thủ đô của nước Pháp là gì?")
    assert not is_latin("Какая столица Франции?")


def test_function_words_of_a_hindi_question_are_left_out() -> None:
    assert read_question("स्कूल का संगीत किसने बनाया है?").content == tuple(terms("स्कूल संगीत बनाया"))


def test_of_a_very_long_question_the_beginning_and_the_end_are_embedded() -> None:
    assert truncate_for_embedding("How much is the rent?") == "How much is the rent?"
    pasted = "What does this say of the rent?\n" + "words " * 20_000 + "\nIn euros, please."
    assert truncate_for_embedding(pasted).startswith("What does this say") and truncate_for_embedding(pasted).endswith(
        "In euros, please."
    )
    assert len(truncate_for_embedding(pasted)) <= EMBEDDED_QUESTION_CHARS + 1
