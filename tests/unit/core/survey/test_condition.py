"""Conditions on numbers, read from questions and applied to numbers of documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.survey.condition import read_condition, read_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,250", 1250), ("€ 1.250,50", 1250.5), ("1.000", 1000), ("1 234,5", 1234.5), ("1'234.50", 1234.5),
        ("0.123", 0.123), ("12,5 %", 12.5), ("2.5 million", 2.5e6), ("3k", 3000), ("300 Mio. Euro", 3e8),
        ("(1,234)", -1234), ("-5", -5), ("1,234,567.89", 1234567.89), ("３００円", 300), ("120億円", 1.2e10),
        ("USD 12", 12), ("5 kg", 5), ("none", None), ("", None),
    ],
)  # fmt: skip
def test_numbers_are_read_in_any_notation(text: str, number: float | None) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("question", "holds", "fails"),
    [
        ("List every invoice over 1,000", 1000.01, 1000),
        ("Rechnungen über 1.000 €", 1001, 1000),
        ("facturas de más de 1.250,50 euros", 1251, 1250.5),
        ("faturas acima de 2 mil", 2001, 2000),
        ("factures de plus de 1 000 €", 1001, 999),
        ("contracts of at least 12 months", 12, 11),
        ("receipts under $50", 49, 50),
        ("orders of up to 500", 500, 501),
        ("deals between $5 and $10 million", 7e6, 7),
        ("Rechnungen zwischen 100 und 200 Euro", 200, 201),
        ("invoices of more than 2000 euros", 2001, 1999),
        ("1,000円以上の請求書", 1000, 999),
        ("超过500元的发票", 501, 500),
    ],
)
def test_conditions_are_read_in_many_languages(question: str, holds: float, fails: float) -> None:
    condition = read_condition(question)
    assert condition is not None and condition.holds(holds) and not condition.holds(fails)


@pytest.mark.parametrize(
    "question", ["List every invoice", "What was agreed up to 2022?", "Is it over?", "more than one"]
)
def test_questions_without_a_condition_have_none(question: str) -> None:
    assert read_condition(question) is None


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    read_number(text)
    read_condition(text)
