"""Locating the quotations of a model in a document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.documents import Support
from core.survey.quotes import locate_quote

TEXT = "Invoice no. 17\n\nThe total amount due is  $ 1,250.00,\npayable within 30 days. Thank you for your business!"


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("Invoice no. 17", "Invoice no. 17"),
        ("“the TOTAL amount due is $1,250.00”", "The total amount due is  $ 1,250.00"),
        ("payable within 30 days. Thank you", "payable within 30 days. Thank you"),
    ],
)
def test_the_same_words_are_located_ignoring_spacing_and_case(quote: str, words: str) -> None:
    location = locate_quote(quote, TEXT)
    assert (TEXT[location.start : location.end], location.support) == (words, Support.SUPPORTED)


def test_similar_words_are_located_as_weak() -> None:
    location = locate_quote("payable inside 30 days. Thank you for your business", TEXT)
    assert location.support is Support.WEAK and "30 days" in TEXT[location.start : location.end]


@pytest.mark.parametrize(
    "quote",
    ["The total amount due is $ 1,350.00", "payable within 60 days. Thank you for your business", "", "…", "xyz"],
)
def test_other_numbers_and_other_words_are_not_found(quote: str) -> None:
    assert locate_quote(quote, TEXT).support is Support.NOT_FOUND


@given(st.text(max_size=200), st.text(max_size=400))
def test_offsets_lie_within_the_text(quote: str, text: str) -> None:
    location = locate_quote(quote, text)
    assert 0 <= location.start <= location.end <= len(text)
