"""Answer formats from what a person types, and what is wrong with them."""

from __future__ import annotations

import pytest

from core.chat.answer_format_input import format_problem, json_format, table_format
from core.domain.conversation import AnswerFormat, FormatKind


def test_columns_are_separated_by_commas_and_named_once() -> None:
    assert table_format(" Contract, Rent, ,Rent").columns == ("Contract", "Rent")


@pytest.mark.parametrize(
    ("answer_format", "problem"),
    [
        (table_format("Contract, Rent"), ""),
        (table_format(" , "), "A table needs 1 to 20 columns"),
        (json_format(' {"type": "object"} '), ""),
        (json_format('{\n"type": }'), "This is not JSON: look at line 2."),
        (json_format("[1]"), "it is not a JSON object"),
    ],
)
def test_a_format_that_cannot_be_used_says_why(answer_format: AnswerFormat, problem: str) -> None:
    found = format_problem(answer_format)
    assert problem in found and bool(found) == bool(problem)


def test_a_schema_is_kept_as_typed() -> None:
    assert json_format(' {"a": 1}\n') == AnswerFormat(FormatKind.JSON, schema='{"a": 1}')
