"""Makes an answer format from what a person types: the columns of a table, or a JSON schema."""

from __future__ import annotations

import json

from core.chat.structured import require_usable
from core.domain.conversation import AnswerFormat, FormatKind
from core.domain.faults import Fault
from core.i18n import fault_text, tr


def table_format(columns: str) -> AnswerFormat:
    """Make a table's format from column names with commas between them; empty and repeated names are dropped."""
    names = (name.strip() for name in columns.split(","))
    return AnswerFormat(FormatKind.TABLE, columns=tuple(dict.fromkeys(name for name in names if name)))


def json_format(schema: str) -> AnswerFormat:
    """Make the format of a JSON answer from the text of its schema."""
    return AnswerFormat(FormatKind.JSON, schema=schema.strip())


def format_problem(answer_format: AnswerFormat) -> str:
    """State why no answer can have this format; empty if one can. For text that is not JSON, the line of the error is
    given rather than the parser's message."""
    if answer_format.kind is FormatKind.JSON:
        try:
            json.loads(answer_format.schema)
        except ValueError as error:
            return tr("This is not JSON: look at line {line}.", line=getattr(error, "lineno", 0))
    try:
        require_usable(answer_format)
    except Fault as fault:
        return fault_text(fault)
    return ""
