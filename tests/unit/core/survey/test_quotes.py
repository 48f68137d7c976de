"""Quotations: where a model's quoted words stand in a document, and when they do not."""

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
def test_the_same_words_are_found_whatever_their_spacing(quote: str, words: str) -> None:
    place = locate_quote(quote, TEXT)
    assert (TEXT[place.start : place.end], place.support) == (words, Support.SUPPORTED)


def test_nearly_the_same_words_are_found_and_marked() -> None:
    place = locate_quote("payable inside 30 days. Thank you for your business", TEXT)
    assert place.support is Support.WEAK and "30 days" in TEXT[place.start : place.end]


@pytest.mark.parametrize(
    "quote",
    ["The total amount due is $ 1,350.00", "payable within 60 days. Thank you for your business", "", "…", "xyz"],
)
def test_other_numbers_and_other_words_are_not_found(quote: str) -> None:
    assert locate_quote(quote, TEXT).support is Support.NOT_FOUND


@given(st.text(max_size=200), st.text(max_size=400))
def test_a_place_lies_in_its_text(quote: str, text: str) -> None:
    place = locate_quote(quote, text)
    assert 0 <= place.start <= place.end <= len(text)
