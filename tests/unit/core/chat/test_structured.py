"""Structured answers: the schema asked for, the check of the answer, the Markdown it is shown as."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from core.chat import structured
from core.chat.json_schema import MismatchError, validate
from core.domain.conversation import AnswerFormat, ChatMessage, FormatKind, Verdict
from core.domain.documents import Citation, Support
from core.domain.faults import ChatFault
from models.conversation import Sampling

TABLE = AnswerFormat(FormatKind.TABLE, columns=("Vendor", "Amount"))
SCHEMA = {
    "type": "object",
    "properties": {"vendor": {"type": "string"}, "amount": {"type": "number", "minimum": 0}},
    "required": ["vendor", "amount"],
    "additionalProperties": False,
}
JSON = AnswerFormat(FormatKind.JSON, schema=json.dumps(SCHEMA))
TEXT = "Invoice of Northwind Traders: 1,250 euros, due in May."
SOURCE = Citation(1, 1, Path("/d/invoice.txt"), "", None, "", 40, 40 + len(TEXT), TEXT, Support.UNCHECKED)


def checked(answer: str, answer_format: AnswerFormat, answerability: float = 0.9) -> ChatMessage:
    message = ChatMessage(0, "assistant", answer)
    return structured.checked_answer(message, answer_format, [SOURCE], [SOURCE], answerability=answerability)


def test_each_row_of_a_table_is_checked_and_shown_with_its_source() -> None:
    rows = [
        {"Vendor": "Northwind Traders", "Amount": "1,250", "passage": 1},
        {"Vendor": "Northwind | Traders", "Amount": "1,520", "passage": 1},
    ]
    message = checked(json.dumps({"rows": rows}), TABLE)
    assert message.text.splitlines()[0] == "| Vendor | Amount | Source |"
    assert message.text.splitlines()[2] == "| Northwind Traders | 1,250 | [1] |"
    assert message.check is not None and message.check.verdict is Verdict.PARTLY
    assert [s.support for s in message.check.sentences] == [Support.SUPPORTED, Support.NOT_FOUND]
    assert json.loads(message.data)["rows"] == rows and message.complete


@pytest.mark.parametrize("cell", ["a|b", "a\\|b", "a\\\\|b|", "C:\\temp\\", "two\nlines"])
def test_a_cell_stays_one_cell_whatever_it_contains(cell: str) -> None:
    rows = json.dumps({"rows": [{"Vendor": cell, "Amount": "1", "passage": 1}]})
    text = checked(rows, TABLE).text
    assert MarkdownIt("commonmark").enable("table").render(text).count("<td>") == 3
    row = text.splitlines()[-1]
    bars = [match for match in re.finditer(r"(\\*)\|", row) if len(match[1]) % 2 == 0]
    assert len(bars) == 4, "Qt reads two backslashes before a bar as one, so the bar would end the cell"


def test_an_empty_table_means_not_in_the_documents() -> None:
    message = checked('{"rows": []}', TABLE)
    assert message.check is not None and message.check.verdict is Verdict.NOT_IN_DOCUMENTS
    assert message.check.nearest == (SOURCE,)


def test_each_value_of_the_json_is_looked_for_in_the_passages() -> None:
    message = checked('{"vendor": "Northwind Traders", "amount": 1250}', JSON)
    assert message.check is not None and message.check.verdict is Verdict.SUPPORTED
    (citation,) = message.citations
    assert citation.quote == TEXT and (citation.start, citation.end) == (40, 40 + len(TEXT))
    other = checked('{"vendor": "Northwind Traders", "amount": 99}', JSON).check
    assert other is not None and other.verdict is Verdict.PARTLY
    invented = checked('{"vendor": "Contoso", "amount": 99}', JSON, answerability=0.1).check
    assert invented is not None and invented.verdict is Verdict.NOT_IN_DOCUMENTS


def test_a_fence_or_words_around_the_json_are_removed() -> None:
    written = '{"vendor": "Northwind Traders", "amount": 1250}'
    for around in (f"```json\n{written}\n```", f"Here it is: {written}"):
        assert checked(around, JSON).data == written


@pytest.mark.parametrize("answer", ['{"vendor": "Northwind', '{"vendor": "x", "amount": -1}', '{"vendor": "x"}', "[1]"])
def test_an_answer_that_does_not_follow_the_schema_has_no_data(answer: str) -> None:
    message = checked(answer, JSON)
    assert message.data == "" and not message.complete and answer in message.text


def test_the_schema_constrains_the_answer_alone() -> None:
    assert structured.constrained_sampling(Sampling(), JSON).answer_schema == JSON.schema
    assert structured.constrained_sampling(Sampling(), AnswerFormat()) == Sampling()
    assert json.loads(structured.schema_text(TABLE))["properties"]["rows"]["items"]["required"] == [
        "Vendor", "Amount", "passage",
    ]  # fmt: skip


UNUSABLE: tuple[Any, ...] = (
    {"properties": {"rent": {"$ref": "#/nowhere"}}},
    {"$ref": "http://203.0.113.7/x.json"},
    {"$ref": 5},
    {"$ref": "#"},
    {"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    {"properties": {"rent": "string"}},
    {"properties": ["rent"]},
    {"type": "zebra"},
    {"type": []},
    {"enum": []},
    {"anyOf": {"type": "object"}},
    {"items": [{"type": "integer"}]},
    {"required": "rent"},
    {"pattern": "(("},
    {"minimum": "0"},
    {"multipleOf": 0},
    {"maxLength": -1},
    json.loads('{"items": ' * 60 + "{}" + "}" * 60),
)


@pytest.mark.parametrize(
    "answer_format",
    [
        AnswerFormat(FormatKind.JSON, schema="{"),
        AnswerFormat(FormatKind.JSON, schema="[]"),
        *(AnswerFormat(FormatKind.JSON, schema=json.dumps(schema)) for schema in UNUSABLE),
        AnswerFormat(FormatKind.TABLE, columns=()),
        AnswerFormat(FormatKind.TABLE, columns=("a", "a")),
        AnswerFormat(FormatKind.TABLE, columns=("a", " ")),
    ],
)
def test_an_unusable_format_is_refused(answer_format: AnswerFormat) -> None:
    with pytest.raises(ChatFault):
        structured.require_usable(answer_format)


@pytest.mark.parametrize(
    ("value", "schema", "fits"),
    [
        (3, {"type": "integer"}, True),
        (3.0, {"type": "integer"}, True),
        (3.5, {"type": "integer"}, False),
        (True, {"type": "integer"}, False),
        (None, {"type": ["string", "null"]}, True),
        ("b", {"enum": ["a", "b"]}, True),
        ("c", {"enum": ["a", "b"]}, False),
        ([1, 2], {"items": {"maximum": 2}, "minItems": 2}, True),
        ([1, 3], {"items": {"maximum": 2}}, False),
        ([1, 1], {"uniqueItems": True}, False),
        (["a", 1], {"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False}, True),
        (["a", 1, 2], {"prefixItems": [{"type": "string"}], "items": False}, False),
        ("2022-05-01", {"pattern": r"^\d{4}-\d\d-\d\d$"}, True),
        ("May", {"pattern": r"^\d{4}-\d\d-\d\d$"}, False),
        ({"a": 1}, {"additionalProperties": {"type": "string"}}, False),
        ({"n": {"n": {}}}, {"$defs": {"t": {"properties": {"n": {"$ref": "#/$defs/t"}}}}, "$ref": "#/$defs/t"}, True),
        (1, {"anyOf": [{"type": "string"}, {"minimum": 1}]}, True),
        (1, {"oneOf": [{"minimum": 0}, {"minimum": 1}]}, False),
        (1, {"allOf": [{"minimum": 0}, {"maximum": 0}]}, False),
        (1, {"const": 2}, False),
        (1, {"not": {"type": "integer"}}, False),
        ({"rent": 1}, {"dependentRequired": {"rent": ["until"]}}, False),
        ({"x1": 1}, {"patternProperties": {"^x": {"type": "string"}}}, False),
    ],
)
def test_values_are_validated_against_the_schema(value: Any, schema: Any, fits: bool) -> None:
    if fits:
        validate(value, schema)
    else:
        with pytest.raises(MismatchError):
            validate(value, schema)


def test_endless_recursion_in_a_schema_is_a_mismatch() -> None:
    with pytest.raises(MismatchError, match="too deeply"):
        validate(1, {"$ref": "#"})


def test_no_address_in_a_schema_is_opened() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        for schema in ({"$ref": address}, {"$dynamicRef": address}, {"$schema": address, "items": {"$ref": address}}):
            with pytest.raises(MismatchError):
                validate([1], schema)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": {"rows": {"items": {"$ref": "#"}}}},
        {"$defs": {"a/b": {"type": ["integer", "null"]}}, "anyOf": [{"$ref": "#/$defs/a~1b"}, True]},
        {"title": "Rent", "description": "words", "default": 3, "enum": [1, None]},
    ],
)
def test_usable_schemas_are_accepted(schema: Any) -> None:
    structured.require_usable(AnswerFormat(FormatKind.JSON, schema=json.dumps(schema)))


@pytest.mark.parametrize(
    "answer",
    ['{"vendor": "x", "amount": Infinity}', '{"vendor": "x", "amount": NaN}', '{"vendor": "x", "amount": 1e999}'],
)
def test_numbers_that_json_does_not_have_are_no_data(answer: str) -> None:
    message = checked(answer, JSON)
    assert message.data == "" and not message.complete
