"""What an answer may cost to check: beyond it, its sentences are unchecked instead of keeping the program busy."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.citations import support as comparing
from core.citations.checker import check, check_sentences, claims
from core.citations.support import LONGEST_CLAIM, MOST_NUMBERS, ComparisonBudget, support
from core.domain.documents import Citation, Support

PASSAGE = "Anna Smith sold 12 red cars to the firm on 3 May 2021."


def source(number: int = 1) -> Citation:
    return Citation(number, 1, Path("/a.txt"), "A", None, "", 0, len(PASSAGE), PASSAGE, Support.UNCHECKED)


def test_a_claim_too_long_to_be_a_sentence_is_unchecked() -> None:
    words = "Anna sold red cars " * (LONGEST_CLAIM // 19)
    assert support(words[:LONGEST_CLAIM], PASSAGE) is not Support.UNCHECKED
    assert support(f"{words} and more cars", PASSAGE) is Support.UNCHECKED


def test_a_claim_of_too_many_numbers_is_unchecked() -> None:
    assert support("12, " * MOST_NUMBERS, PASSAGE) is not Support.UNCHECKED
    assert support("12, " * (MOST_NUMBERS + 1), PASSAGE) is Support.UNCHECKED


@pytest.mark.parametrize("digits", ["0" * 400, "1" * 5000, "1,000." * 1000])
def test_a_number_without_a_value_is_compared_by_its_digits(digits: str) -> None:
    assert support(f"Sold {digits[:3900]} cars", f"He sold {digits[:3900]} cars.") is not Support.NOT_FOUND


def test_what_is_beyond_the_budget_is_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "Anna Smith sold 12 red cars [1]. "
    assert {one.support for one in check_sentences(sentence * 20, [source()])} == {Support.SUPPORTED}
    monkeypatch.setattr(comparing, "MOST_COMPARED", 3_000_000)
    monkeypatch.setattr(ComparisonBudget.__init__, "__defaults__", (3_000_000,))
    found = [one.support for one in check_sentences(sentence * 20, [source()])]
    assert found == sorted(found, key=[Support.SUPPORTED, Support.UNCHECKED].index) and len(set(found)) == 2


def test_a_thousand_marks_alone_are_one_citation() -> None:
    (claim,) = claims("Anna sold cars [1].\n" + "[1]\n[2]\n" * 1000)
    assert claim.numbers == (1, 2)
    assert [one.number for one in check("Anna sold red cars [1].\n" + "[2]\n" * 9, [source(), source(2)])] == [1, 2]
