"""Stored messages keep the keys they have always had, however the fields are called in the code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
    Verdict,
)
from core.domain.documents import Citation, Location, Support
from core.domain.sheet_cells import SheetRows
from core.store.conversations.message_json import STORED_NAMES, body_of, message_of

CITATION = Citation(
    1, 7, Path("/d/costs.xlsx"), "Costs", 0, "Plan", 0, 9, "the words", Support.WEAK, True,
    Location("xlsx", "Plan", None, ((5, "Staff"),), (SheetRows(0, 9, 2, (1, 2)),), ((0, "A"), (5, "B"))),
)  # fmt: skip
QUESTION = ChatMessage(
    3,
    "user",
    "Is it?",
    sources=(CITATION,),
    prompt="p",
    created_s=5.0,
    omissions=(Omission(OmissionKind.PASSAGES, Cause.LATENCY_BUDGET, 4, 7),),
    context_summary=ContextSummary("Is it?", 3, 2, 10, 12, True, False, 0.7, LatencyBudget.FAST, 12.5),
    suggestion=SurveySuggested(SurveyKind.LIST, "All?", 1, None, (Path("/d/a"),)),
)
ANSWER = ChatMessage(
    4,
    "assistant",
    "So it is [1].",
    citations=(CITATION,),
    created_s=6.0,
    check=AnswerCheck(Verdict.NOT_IN_DOCUMENTS, (CheckedSentence(0, 13, (1,), Support.WEAK),), (CITATION,)),
)

STORED_CITATION = """
{"number": 1, "document_id": 7, "path": "/d/costs.xlsx", "title": "Costs", "page": 0, "section": "Plan", "start": 0,
 "end": 9, "quote": "the words", "support": "weak", "recognised": true,
 "spot": {"format": "xlsx", "sheet": "Plan", "line": null, "turns": [[5, "Staff"]],
          "rows": [{"start": 0, "end": 9, "row": 2, "columns": [1, 2], "skipped": 0}],
          "headings": [[0, "A"], [5, "B"]]}}
"""
STORED_QUESTION = f"""
{{"text": "Is it?", "complete": true, "prompt": "p", "citations": [], "sources": [{STORED_CITATION}],
 "omissions": [{{"kind": "passages", "cause": "patience", "left_out": 4, "total": 7, "name": ""}}],
 "basis": {{"query": "Is it?", "passages": 3, "documents": 2, "searched": 10, "library": 12, "meaning": true,
           "whole": false, "answered": 0.7, "patience": "fast", "wait_s": 12.5}},
 "suggestion": {{"kind": "list", "question": "All?", "documents": 1, "expected_s": null, "paths": ["/d/a"]}}}}
"""
STORED_ANSWER = f"""
{{"text": "So it is [1].", "complete": true, "citations": [{STORED_CITATION}], "sources": [],
 "judgement": {{"verdict": "not_in_documents",
               "sentences": [{{"start": 0, "end": 13, "numbers": [1], "support": "weak"}}],
               "nearest": [{STORED_CITATION}]}}}}
"""
BOTH = pytest.mark.parametrize(
    ("message", "stored"), [(QUESTION, STORED_QUESTION), (ANSWER, STORED_ANSWER)], ids=["question", "answer"]
)


@BOTH
def test_a_message_stored_under_the_old_names_is_read(message: ChatMessage, stored: str) -> None:
    assert message_of(message.id, message.role, stored, message.created_s) == message


@BOTH
def test_a_message_is_still_stored_under_the_old_names(message: ChatMessage, stored: str) -> None:
    assert json.loads(body_of(message)) == json.loads(stored)


def test_every_renamed_field_is_among_the_messages_tested() -> None:
    stored = STORED_QUESTION + STORED_ANSWER
    assert [key for key in STORED_NAMES.values() if f'"{key}": ' not in stored] == []
    assert [name for name in STORED_NAMES if f'"{name}": ' in stored] == []
