"""The application's verdict on an answer, and the mark by which a model says that there is no answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.citations.verdicts import judge
from core.domain.conversation import Verdict
from core.domain.documents import Citation, Support

TEXT = "The monthly rent is 940 euros, due on the third working day of each month. The tenant may keep one cat."
SOURCE = Citation(1, 1, Path("/d/lease.md"), "", None, "Rent", 0, len(TEXT), TEXT, Support.UNCHECKED)


def verdict(text: str, *, answerability: float = 0.9, refused: bool = False) -> Verdict:
    return judge(text, [SOURCE], nearest=[SOURCE], answerability=answerability, refused=refused).verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The monthly rent is 940 euros [1].", Verdict.SUPPORTED),
        ("The monthly rent is 940 euros [1]. It is 990 euros in winter [1].", Verdict.PARTLY),
        ("The monthly rent is 990 euros [1].", Verdict.UNSUPPORTED),
        ("The rent is paid in gold coins at midnight [7].", Verdict.UNSUPPORTED),
        ("The monthly rent is 940 euros.", Verdict.UNSUPPORTED),
        ("The monthly rent is 940 euros. It is due on the third working day of each month [1].", Verdict.SUPPORTED),
        ("The rent is 940 euros [1]. The landlord Mr. Hansen of Oslo also owns eleven other houses.", Verdict.PARTLY),
    ],
)
def test_the_verdict_follows_the_citations(text: str, expected: Verdict) -> None:
    assert verdict(text) is expected


def test_without_support_the_sign_of_the_search_decides() -> None:
    found = judge("The rent is 990 euros [1].", [SOURCE], nearest=[SOURCE] * 5, answerability=0.1, refused=False)
    assert found.verdict is Verdict.NOT_IN_DOCUMENTS and found.nearest == (SOURCE,) * 3
    assert verdict("The monthly rent is 940 euros [1].", answerability=0.1) is Verdict.SUPPORTED, (
        "citations outweigh it"
    )


def test_an_answer_in_another_language_than_the_documents_is_not_called_absent_from_them() -> None:
    text = "O aluguel mensal do apartamento é de 940 euros por mês [1]."
    assert verdict(text, answerability=0.1) is Verdict.PARTLY


def test_what_the_model_itself_declines_is_not_in_the_documents() -> None:
    text = "The passages do not say who owns the house; they cover the monthly rent of 940 euros [1]."
    assert verdict(text, refused=True) is Verdict.NOT_IN_DOCUMENTS


def test_checked_sentences_stand_where_they_say() -> None:
    text = "The rent is 940 euros [1]. Mr. Hansen keeps one cat [1]."
    found = judge(text, [SOURCE], nearest=[SOURCE], answerability=0.9, refused=False)
    assert [text[s.start : s.end] for s in found.sentences] == [
        "The rent is 940 euros [1].",
        "Mr. Hansen keeps one cat [1].",
    ]
    assert [s.support for s in found.sentences] == [Support.SUPPORTED, Support.NOT_FOUND]
