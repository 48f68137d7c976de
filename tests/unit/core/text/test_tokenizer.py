"""Search terms: what a person types finds what a document says, in every language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.tokenizer import terms


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("stored documents", "STORES a Document"),
        ("Häuser", "haus haüser Hauser"),
        ("café", "CAFE"),
        ("1874", "1,874"),
        ("Tesla's", "Tesla"),
        ("flat index", "IVF_FLAT"),
        ("http response", "getHTTPResponse"),
        ("US", "U.S."),
        ("2019", "FY2019"),
        ("departure", "departed"),
        ("保存", "データを保存する"),
        ("踩踏事故", "发生踩踏事故，造成"),
        ("รับ", "ทีมรับของ"),
        ("كتاب", "الكتاب"),
        ("مدرسة", "المَدْرَسَة"),
        ("ﬁle", "file"),
        ("Ｑ３ ２０２２", "q3 2022"),
    ],
)
def test_a_question_shares_terms_with_the_document(question: str, document: str) -> None:
    assert set(terms(question)) & set(terms(document))


def test_combining_signs_of_hindi_are_letters() -> None:
    assert terms("की") != terms("का")
    assert len(terms("पैंथर्स की")) == 2


def test_hindi_words_meet_with_and_without_a_nukta_and_in_their_plurals() -> None:
    assert terms("लिंडिस्फ़ार्न") == terms("लिंडिस्फार्न") == terms("लिंडिस्\u095eार्न")
    assert terms("इकाइयाँ") == terms("इकाइयों")


def test_identifiers_give_their_parts_and_themselves() -> None:
    found = terms("foo_bar.getHTTPResponse")
    assert {"foo", "bar", "get", "http"} <= set(found)
    assert "foo_bar.gethttpresponse" in found


def test_registrations_and_case_numbers_stay_whole() -> None:
    assert terms("N2151J DFW08CA044") == ["n2151j", "dfw08ca044"]


def test_stop_words_are_kept() -> None:
    assert terms("to be or not to be") == ["to", "be", "or", "not", "to", "be"]


@given(st.text())
def test_terms_hold_only_what_the_keyword_index_takes_for_a_word(text: str) -> None:
    for term in terms(text):
        assert term
        assert not re.search(r"\s", term)
        assert not re.search(r"[\x00-\x2d\x2f\x3a-\x5e\x60\x7b-\x7f]", term), "only ASCII letters, digits, _ and ."
