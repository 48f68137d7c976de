"""Messages as the JSON they are stored in. Empty values are left out, and missing ones are read as empty.

Stored keys never change: `STORED_NAMES` maps fields that were renamed to the keys they have always had.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.domain.conversation import (
    AnswerCheck,
    Cause,
    ChatMessage,
    CheckedSentence,
    ContextSummary,
    LatencyBudget,
    Omission,
    OmissionKind,
    SurveyKind,
    SurveySuggested,
    ToolUsed,
    Verdict,
)
from core.domain.documents import Citation, Location, Support
from core.domain.sheet_cells import SheetRows
from core.i18n import tr
from core.store.conversations.stored_json import to_json
from models.conversation import Effort, Usage

STORED_NAMES = {
    "location": "spot",
    "semantic": "meaning",
    "answerability": "answered",
    "latency_budget": "patience",
    "context_summary": "basis",
    "check": "judgement",
}
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError)
_FIELD_NAMES = {stored: field for field, stored in STORED_NAMES.items()}


def body_of(message: ChatMessage) -> str:
    """Everything of `message` but its id, role and time, as JSON."""
    body: dict[str, Any] = {"text": message.text, "complete": message.complete}
    plain = {"prompt": message.prompt, "reasoning": message.reasoning, "effort": message.effort, "data": message.data}
    body |= {key: value for key, value in plain.items() if value}
    body["citations"] = citations_to_json(message.citations)
    body["sources"] = citations_to_json(message.sources)
    for key, values in (("tools", message.tools), ("omissions", message.omissions)):
        if values:
            body[key] = [asdict(value) for value in values]
    if message.usage is not None:
        body["usage"] = asdict(message.usage)
    if message.context_summary is not None:
        body["context_summary"] = _stored(asdict(message.context_summary))
    if message.suggestion is not None:
        body["suggestion"] = asdict(message.suggestion) | {"paths": [str(path) for path in message.suggestion.paths]}
    if message.check is not None:
        body["check"] = asdict(message.check) | {"nearest": citations_to_json(message.check.nearest)}
    return to_json(_stored(body))


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    return {STORED_NAMES.get(name, name): value for name, value in fields.items()}


def _read(stored: dict[str, Any]) -> dict[str, Any]:
    return {_FIELD_NAMES.get(key, key): value for key, value in stored.items()}


def is_readable(body_text: str) -> bool:
    """Whether the stored message is whole."""
    try:
        _parsed(0, "user", body_text, 0.0)
    except _DAMAGE:
        return False
    return True


def message_of(message_id: int, role: str, body_text: str, created_s: float) -> ChatMessage:
    """The message stored as `body_text`; one that is damaged says so in place of its text."""
    try:
        return _parsed(message_id, role, body_text, created_s)
    except _DAMAGE:
        text = tr("This message was damaged on the disk and cannot be shown.")
        return ChatMessage(id=message_id, role=role, text=text, complete=False, created_s=created_s)


def _parsed(message_id: int, role: str, body_text: str, created_s: float) -> ChatMessage:
    body = _read(json.loads(body_text))
    return ChatMessage(
        id=message_id,
        role=role,
        text=body["text"],
        reasoning=body.get("reasoning", ""),
        citations=citations_of(body.get("citations", ())),
        sources=citations_of(body.get("sources", ())),
        tools=tuple(ToolUsed(**tool) for tool in body.get("tools", ())),
        effort=Effort(body["effort"]) if "effort" in body else None,
        complete=body.get("complete", True),
        usage=Usage(**body["usage"]) if "usage" in body else None,
        prompt=body.get("prompt", ""),
        created_s=created_s,
        omissions=tuple(map(_omission, body.get("omissions", ()))),
        context_summary=_context_summary(body["context_summary"]) if "context_summary" in body else None,
        suggestion=_suggestion(body["suggestion"]) if "suggestion" in body else None,
        check=_check(body["check"]) if "check" in body else None,
        data=body.get("data", ""),
    )


def citations_to_json(citations: Iterable[Citation]) -> list[dict[str, Any]]:
    """Citations as values for JSON."""
    return [_stored(asdict(citation)) | {"path": str(citation.path)} for citation in citations]


def citations_of(stored: Iterable[dict[str, Any]]) -> tuple[Citation, ...]:
    """Citations from values that `citations_to_json` gave."""
    return tuple(map(_citation, stored))


def _citation(stored: dict[str, Any]) -> Citation:
    fields = _read(stored)
    fields |= {"path": Path(fields["path"]), "support": Support(fields["support"])}
    return Citation(**fields | {"location": _location(fields.get("location", {}))})


def _location(stored: dict[str, Any]) -> Location:
    turns = tuple(map(tuple, stored.get("turns", ())))
    rows = tuple(SheetRows(**run | {"columns": tuple(run["columns"])}) for run in stored.get("rows", ()))
    headings = tuple(map(tuple, stored.get("headings", ())))
    return Location(**stored | {"turns": turns, "rows": rows, "headings": headings})


def _omission(stored: dict[str, Any]) -> Omission:
    return Omission(**stored | {"kind": OmissionKind(stored["kind"]), "cause": Cause(stored["cause"])})


def _context_summary(stored: dict[str, Any]) -> ContextSummary:
    fields = _read(stored)
    return ContextSummary(**fields | {"latency_budget": LatencyBudget(fields["latency_budget"])})


def _suggestion(stored: dict[str, Any]) -> SurveySuggested:
    paths = tuple(map(Path, stored.get("paths", ())))
    return SurveySuggested(**stored | {"kind": SurveyKind(stored["kind"]), "paths": paths})


def _check(stored: dict[str, Any]) -> AnswerCheck:
    sentences = (
        CheckedSentence(one["start"], one["end"], tuple(one["numbers"]), Support(one["support"]))
        for one in stored["sentences"]
    )
    return AnswerCheck(Verdict(stored["verdict"]), tuple(sentences), citations_of(stored["nearest"]))
