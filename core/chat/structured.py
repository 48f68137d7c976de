"""Structured answers, JSON by a schema or a table: requests, constrains, validates and checks them."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from core.chat import json_schema
from core.citations import checker
from core.citations.support import ComparisonBudget, best_span
from core.citations.verdicts import MAX_NEAREST, MIN_ANSWERABILITY, judge
from core.domain.conversation import AnswerCheck, AnswerFormat, ChatMessage, FormatKind, Verdict
from core.domain.documents import Citation, Support
from core.domain.faults import N_, ChatFault
from core.i18n import tr
from models.conversation import Sampling

MAX_COLUMNS = 20
MAX_ROWS = 200
MAX_CELL_CHARS = 400
SOURCE_COLUMN = "passage"
_BAR = re.compile(r"(\\*)\|")
MAX_JSON_STARTS = 200
"""How many positions of an answer are tried as the beginning of its JSON."""


def require_usable(answer_format: AnswerFormat) -> None:
    """Raise `ChatFault` unless a question can be asked in this format."""
    if answer_format.kind is FormatKind.JSON:
        try:
            schema = json.loads(answer_format.schema)
            if not isinstance(schema, dict):
                raise _unusable_schema(tr("it is not a JSON object"))
            json_schema.require_schema(schema)
        except (ValueError, RecursionError) as error:
            raise _unusable_schema(str(error)) from error
    columns = answer_format.columns
    if answer_format.kind is FormatKind.TABLE and not (
        0 < len(columns) <= MAX_COLUMNS and len(set(columns)) == len(columns) and all(map(str.strip, columns))
    ):
        raise ChatFault(
            N_("No such table"),
            N_("A table needs 1 to {most} columns, each with a name of its own."),
            most=MAX_COLUMNS,
        )


def schema_text(answer_format: AnswerFormat) -> str:
    """Return the JSON schema that the answer must follow, as text; empty for a text answer."""
    if answer_format.kind is FormatKind.TABLE:
        return json.dumps(_table_schema(answer_format.columns), ensure_ascii=False)
    return answer_format.schema if answer_format.kind is FormatKind.JSON else ""


def format_request(answer_format: AnswerFormat) -> str:
    """Return the request for this format that ends the question's prompt; empty for a text answer."""
    if answer_format.kind is FormatKind.JSON:
        return (
            "Answer with JSON alone, by this JSON schema, without citations. Copy values exactly as they stand in the "
            f"passages:\n{answer_format.schema}"
        )
    if answer_format.kind is FormatKind.TABLE:
        return (
            f'Answer with JSON alone: "rows", one for each entry that the passages hold, with the columns '
            f"{', '.join(map(json.dumps, answer_format.columns))} as they stand in the passage, and in "
            f'"{_source_key(answer_format.columns)}" the number of the passage that says it. No rows if there are none.'
        )
    return ""


def constrained_sampling(base: Sampling, answer_format: AnswerFormat) -> Sampling:
    """Return `base` with the answer constrained to the format. A grammar in `base` constrains all output and is
    kept."""
    schema = schema_text(answer_format)
    return replace(base, answer_schema=schema) if schema and not base.grammar else base


def checked_answer(
    message: ChatMessage,
    answer_format: AnswerFormat,
    sources: Sequence[Citation],
    nearest: Sequence[Citation],
    *,
    answerability: float,
) -> ChatMessage:
    """Return `message`, whose text is what the model wrote, as it is to be stored: with the JSON in `data`, as Markdown
    in `text`, and with its citations and verdict.

    Text that does not follow the schema (it was cut, or a grammar cannot express the whole schema) is kept in `text`,
    marked incomplete and without `data`.
    """
    try:
        value, data = _extract_json(message.text)
        json_schema.validate(value, json.loads(schema_text(answer_format)))
    except (ValueError, RecursionError):
        return replace(message, text=f"```json\n{message.text}\n```", complete=False)
    if answer_format.kind is FormatKind.TABLE:
        text = _markdown_table(value["rows"], answer_format.columns)
        check = judge(text, sources, nearest=nearest, answerability=answerability, refused=not value["rows"])
        citations = checker.check(text, sources)
    else:
        text = f"```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```"
        citations, check = _check_values(value, sources, nearest, answerability)
    return replace(message, text=text, data=data, citations=citations, check=check)


def _extract_json(text: str) -> tuple[Any, str]:
    """Return the JSON value in `text` and the JSON itself, without words before it or a code fence around it. Raises
    ValueError if there is none."""
    text = text.strip().removesuffix("```").rstrip()
    for match in itertools.islice(re.finditer(r"[\[{]|[^\s\[{]+", text), MAX_JSON_STARTS):
        rest = text[match.start() :]
        try:
            return json.loads(rest, parse_constant=_reject_constant, parse_float=_finite_float), rest
        except ValueError:
            continue
    raise ValueError("no JSON")


def _reject_constant(constant: str) -> NoReturn:
    """Raise ValueError for NaN, Infinity and numbers too large for a float: Python reads them, but they are not
    JSON."""
    raise ValueError(constant)


def _finite_float(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _reject_constant(number)


def _table_schema(columns: Sequence[str]) -> dict[str, Any]:
    cell = {"type": "string", "maxLength": MAX_CELL_CHARS}
    source = _source_key(columns)
    row = {
        "type": "object",
        "properties": {name: cell for name in columns} | {source: {"type": "integer", "minimum": 0, "maximum": 9999}},
        "required": [*columns, source],
        "additionalProperties": False,
    }
    rows = {"type": "array", "maxItems": MAX_ROWS, "items": row}
    return {"type": "object", "properties": {"rows": rows}, "required": ["rows"], "additionalProperties": False}


def _source_key(columns: Sequence[str]) -> str:
    key = SOURCE_COLUMN
    while key in columns:
        key += "_number"
    return key


def _markdown_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    if not rows:
        return tr("No entries.")
    key = _source_key(columns)
    lines = [_markdown_row([*columns, tr("Source")]), "|" + "---|" * (len(columns) + 1)]
    lines += [_markdown_row([*(str(row[name]) for name in columns), f"[{row[key]}]"]) for row in rows]
    return "\n".join(lines)


def _markdown_row(cells: Sequence[str]) -> str:
    """Build a table row. Bars in a cell are escaped, also where backslashes precede them."""
    return "| " + " | ".join(" ".join(_BAR.sub(r"\1\1\\|", cell).split()) for cell in cells) + " |"


def _check_values(
    value: Any, sources: Sequence[Citation], nearest: Sequence[Citation], answerability: float
) -> tuple[tuple[Citation, ...], AnswerCheck]:
    """Look for each value of the JSON in all passages. The passages that contain one are its citations."""
    cited: dict[int, Citation] = {}
    scalars = tuple(_scalars(value))
    budget = ComparisonBudget()
    holders = [
        next((s for s in sources if budget.support(scalar, s.quote) is Support.SUPPORTED), None) for scalar in scalars
    ]
    for scalar, holder in zip(scalars, holders, strict=True):
        if holder is not None and holder.number not in cited:
            span = best_span(scalar, holder.quote)
            cited[holder.number] = checker.quoted(holder, *span, Support.SUPPORTED)
    if not cited:
        unanswered = answerability < MIN_ANSWERABILITY or not sources or not scalars
        verdict = Verdict.NOT_IN_DOCUMENTS if unanswered else Verdict.UNSUPPORTED
        return (), AnswerCheck(verdict, (), tuple(nearest[:MAX_NEAREST]) if unanswered else ())
    return tuple(cited.values()), AnswerCheck(Verdict.SUPPORTED if all(holders) else Verdict.PARTLY)


def _scalars(value: Any) -> Iterator[str]:
    """Yield the strings and numbers in a JSON value. A passage could not contain true, false and null word for word."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value:g}" if abs(value) < 1e6 else f"{value:.15g}"


def _unusable_schema(reason: str) -> ChatFault:
    return ChatFault(
        N_("The schema cannot be used"),
        N_("This is not a JSON schema: {why}."),
        N_("Correct it, then ask again."),
        why=reason,
    )
