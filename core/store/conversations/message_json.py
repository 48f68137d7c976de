"""Messages as the JSON they are stored in: what is empty is left out, and what is not there is empty."""

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
from core.store.conversations.stored_json import to_json
from models.conversation import Effort, Usage


def body_of(message: ChatMessage) -> str:
    """Everything of `message` but its id, role and time."""
    body: dict[str, Any] = {"text": message.text, "complete": message.complete}
    plain = {"prompt": message.prompt, "reasoning": message.reasoning, "effort": message.effort, "data": message.data}
    body |= {key: value for key, value in plain.items() if value}
    body["citations"] = citations_to_json(message.citations)
    body["sources"] = citations_to_json(message.sources)
    for key, values in (("tools", message.tools), ("omissions", message.omissions)):
        if values:
            body[key] = [asdict(value) for value in values]
    for key, value in (("usage", message.usage), ("basis", message.basis)):
        if value is not None:
            body[key] = asdict(value)
    if message.suggestion is not None:
        body["suggestion"] = asdict(message.suggestion) | {"paths": [str(path) for path in message.suggestion.paths]}
    if message.judgement is not None:
        nearest = citations_to_json(message.judgement.nearest)
        body["judgement"] = asdict(message.judgement) | {"nearest": nearest}
    return to_json(body)


def message_of(message_id: int, role: str, body_text: str, created_s: float) -> ChatMessage:
    body = json.loads(body_text)
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
        basis=_basis(body["basis"]) if "basis" in body else None,
        suggestion=_suggestion(body["suggestion"]) if "suggestion" in body else None,
        judgement=_judgement(body["judgement"]) if "judgement" in body else None,
        data=body.get("data", ""),
    )


def citations_to_json(citations: Iterable[Citation]) -> list[dict[str, Any]]:
    return [asdict(citation) | {"path": str(citation.path)} for citation in citations]


def citations_of(stored: Iterable[dict[str, Any]]) -> tuple[Citation, ...]:
    return tuple(map(_citation, stored))


def _citation(stored: dict[str, Any]) -> Citation:
    spot = _spot(stored.get("spot", {}))
    return Citation(**stored | {"path": Path(stored["path"]), "support": Support(stored["support"]), "spot": spot})


def _spot(stored: dict[str, Any]) -> Location:
    turns = tuple(map(tuple, stored.get("turns", ())))
    rows = tuple(SheetRows(**run | {"columns": tuple(run["columns"])}) for run in stored.get("rows", ()))
    headings = tuple(map(tuple, stored.get("headings", ())))
    return Location(**stored | {"turns": turns, "rows": rows, "headings": headings})


def _omission(stored: dict[str, Any]) -> Omission:
    return Omission(**stored | {"kind": OmissionKind(stored["kind"]), "cause": Cause(stored["cause"])})


def _basis(stored: dict[str, Any]) -> ContextSummary:
    return ContextSummary(**stored | {"patience": LatencyBudget(stored["patience"])})


def _suggestion(stored: dict[str, Any]) -> SurveySuggested:
    paths = tuple(map(Path, stored.get("paths", ())))
    return SurveySuggested(**stored | {"kind": SurveyKind(stored["kind"]), "paths": paths})


def _judgement(stored: dict[str, Any]) -> AnswerCheck:
    sentences = (
        CheckedSentence(one["start"], one["end"], tuple(one["numbers"]), Support(one["support"]))
        for one in stored["sentences"]
    )
    return AnswerCheck(Verdict(stored["verdict"]), tuple(sentences), citations_of(stored["nearest"]))
