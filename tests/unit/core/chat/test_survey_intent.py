"""Questions about everything are seen, and others are not taken for them."""

from __future__ import annotations

import pytest

from core.chat.survey_intent import expected_s, survey_kind
from core.domain.conversation import SurveyKind
from core.store.conversations.model_speeds import Speed


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("List every invoice over 1,000", SurveyKind.LIST),
        ("How many invoices are unpaid?", SurveyKind.LIST),
        ("Which reports mention fraud?", SurveyKind.LIST),
        ("Which of the contracts mention a penalty?", SurveyKind.LIST),
        ("Liste todas as faturas acima de 1.000", SurveyKind.LIST),
        ("Summarise each of these 40 reports", SurveyKind.SUMMARIES),
        ("Fasse alle Berichte zusammen", SurveyKind.SUMMARIES),
        ("Résume chaque rapport", SurveyKind.SUMMARIES),
        ("总结每份报告", SurveyKind.SUMMARIES),
        ("What is the total of all invoices?", SurveyKind.QUESTION),
        ("What changed between the two contracts?", SurveyKind.CHANGES),
    ],
)
def test_a_question_about_everything_is_seen(question: str, kind: SurveyKind) -> None:
    assert survey_kind(question) is kind


@pytest.mark.parametrize(
    "question",
    [
        "List all side effects of aspirin",
        "What does the report say about all employees?",
        "Who signed the contract?",
        "What changed in 2022?",
        "Summarise the lease",
        "Is every tenant bound by the house rules?",
    ],
)
def test_a_question_that_a_few_passages_answer_is_not(question: str) -> None:
    assert survey_kind(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "What changed between a.pdf and b.pdf?",
        "What differs between a.pdf and b.pdf?",
        "How do a.pdf and b.pdf differ?",
    ],
)
def test_two_named_documents_are_compared(question: str) -> None:
    assert survey_kind(question, two_named=True) is SurveyKind.CHANGES
    assert survey_kind(question) is None


def test_a_faster_machine_is_expected_to_be_done_sooner() -> None:
    assert expected_s(400_000, 40, Speed(500, 30)) < expected_s(400_000, 40, Speed(20, 5)) / 4
    assert expected_s(400_000, 40, None) > 0
