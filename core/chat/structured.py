"""Answers in a given form, JSON by a schema or a table: asked for, constrained, validated, checked."""

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
from core.citations.support import best_span, support
from core.citations.verdicts import ANSWERED_FROM, NEAREST, judge
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
"""Places in an answer at which JSON is looked for."""


def require_usable(answer_format: AnswerFormat) -> None:
    """Raise `ChatFault` for a form that nothing can be asked in."""
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
    """The JSON schema, as text, that the answer must follow; empty for text."""
    if answer_format.kind is FormatKind.TABLE:
        return json.dumps(_table_schema(answer_format.columns), ensure_ascii=False)
    return answer_format.schema if answer_format.kind is FormatKind.JSON else ""


def format_request(answer_format: AnswerFormat) -> str:
    """What the model is told of the form, at the end of the question; empty for text."""
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
    """`base` with the answer held to the form; a grammar that holds everything already is left alone."""
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
    """`message`, whose text is the JSON that was written, as it is stored: `data` is that JSON once it is valid, `text`
    shows it as Markdown. What is not valid, because it was cut or a grammar cannot say all that a schema can, stays as
    it is, without data and marked incomplete."""
    try:
        value, data = _extract_json(message.text)
        json_schema.validate(value, json.loads(schema_text(answer_format)))
    except (ValueError, RecursionError):
        return replace(message, text=f"```json\n{message.text}\n```", complete=False)
    if answer_format.kind is FormatKind.TABLE:
        text = _markdown_table(value["rows"], answer_format.columns)
        judgement = judge(text, sources, nearest=nearest, answered=answerability, declined=not value["rows"])
        found = checker.check(text, sources)
    else:
        text = f"```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```"
        found, judgement = _check_values(value, sources, nearest, answerability)
    return replace(message, text=text, data=data, citations=found, judgement=judgement)


def _extract_json(text: str) -> tuple[Any, str]:
    """The JSON in `text` and its own text: all of it, or what is left once words or a fence around it are taken off.
    Raises ValueError if there is none."""
    text = text.strip().removesuffix("```").rstrip()
    for match in itertools.islice(re.finditer(r"[\[{]|[^\s\[{]+", text), MAX_JSON_STARTS):
        rest = text[match.start() :]
        try:
            return json.loads(rest, parse_constant=_reject_constant, parse_float=_finite_float), rest
        except ValueError:
            continue
    raise ValueError("no JSON")


def _reject_constant(constant: str) -> NoReturn:
    """Python reads NaN, Infinity and numbers that are too large for it, none of which is JSON that others read."""
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
    """A row; a bar in a cell ends none, whatever stands before it."""
    return "| " + " | ".join(" ".join(_BAR.sub(r"\1\1\\|", cell).split()) for cell in cells) + " |"


def _check_values(
    value: Any, sources: Sequence[Citation], nearest: Sequence[Citation], answered: float
) -> tuple[tuple[Citation, ...], AnswerCheck]:
    """Each value of the JSON is looked for in every passage given; the passages that hold one are the sources."""
    found: dict[int, Citation] = {}
    leaves = tuple(_leaves(value))
    holders = [next((s for s in sources if support(leaf, s.quote) is Support.SUPPORTED), None) for leaf in leaves]
    for leaf, holder in zip(leaves, holders, strict=True):
        if holder is not None:
            span = best_span(leaf, holder.quote)
            found.setdefault(holder.number, checker.quoted(holder, *span, Support.SUPPORTED))
    if not found:
        unanswered = answered < ANSWERED_FROM or not sources or not leaves
        verdict = Verdict.NOT_IN_DOCUMENTS if unanswered else Verdict.UNSUPPORTED
        return (), AnswerCheck(verdict, (), tuple(nearest[:NEAREST]) if unanswered else ())
    return tuple(found.values()), AnswerCheck(Verdict.SUPPORTED if all(holders) else Verdict.PARTLY)


def _leaves(value: Any) -> Iterator[str]:
    """Texts and numbers of a JSON value; true, false and null say nothing that a passage could hold word for word."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value:g}" if abs(value) < 1e6 else f"{value:.15g}"


def _unusable_schema(why: str) -> ChatFault:
    return ChatFault(
        N_("The schema cannot be used"),
        N_("This is not a JSON schema: {why}."),
        N_("Correct it, then ask again."),
        why=why,
    )
