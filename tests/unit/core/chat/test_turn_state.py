"""The state of a turn follows its events: what was found, prefill, reasoning, tool calls, answer, end."""

from __future__ import annotations

import time

import pytest

from core.chat.ask_options import AskOptions
from core.chat.turn_state import TurnPhase, TurnState
from core.domain.conversation import (
    AnswerSaved,
    Cause,
    ChatMessage,
    ContextSummary,
    LatencyBudget,
    Omission,
    OmissionKind,
    SearchedDocuments,
    SurveyKind,
    SurveySuggested,
    ToolUsed,
)
from models.conversation import (
    AnswerDelta,
    Effort,
    Finished,
    FinishReason,
    PrefillProgress,
    ReasoningDelta,
    ToolCall,
    Usage,
)

SEARCHED = SearchedDocuments("the rent", (), 3, semantic=True)
SUMMARY = ContextSummary("the rent", 2, 1, 3, 3, True, False, 0.9, LatencyBudget.BALANCED, None)
OMISSION = Omission(OmissionKind.PASSAGES, Cause.CONTEXT, 1, 3)
SUGGESTION = SurveySuggested(SurveyKind.LIST, "the rent", 3, None)
TOOL_USED = ToolUsed("find_text", '{"text": "rent"}', "[1] lease.md", ok=True)
SAVED = AnswerSaved(ChatMessage(2, "assistant", "420 euros [1]."))


def turn() -> TurnState:
    return TurnState(1, "And the rent?", AskOptions(Effort.LOW))


def finished(reason: FinishReason) -> Finished:
    return Finished(reason, Usage(10, 0, 5, 0.1, 0.2))


def test_a_turn_collects_what_its_events_bring() -> None:
    state = turn()
    assert (state.phase, state.context) == (TurnPhase.QUEUED, None)
    for event in (TurnPhase.SEARCHING, SEARCHED, SUGGESTION, OMISSION):
        state.apply(event)
    assert (state.phase, state.context) == (TurnPhase.SEARCHING, SEARCHED)
    state.apply(SUMMARY)
    assert state.context is SUMMARY and state.searched is SEARCHED
    state.apply(PrefillProgress(0, 900, None, 512))
    assert (state.phase, state.prefill) == (TurnPhase.PREFILLING, PrefillProgress(0, 900, None, 512))
    for part in (
        ReasoningDelta("Let me "),
        ReasoningDelta("see."),
        TOOL_USED,
        AnswerDelta("420 "),
        AnswerDelta("[1]."),
    ):
        state.apply(part)
    assert (state.reasoning, state.answer, state.phase) == ("Let me see.", "420 [1].", TurnPhase.ANSWERING)
    assert (state.omissions, state.suggestion, state.tool_calls) == ([OMISSION], SUGGESTION, [TOOL_USED])
    state.apply(finished(FinishReason.COMPLETE))
    state.apply(SAVED)
    assert (state.phase, state.message, state.was_cut) == (TurnPhase.DONE, SAVED.message, False)
    assert not state.phase.running


def test_a_cancelled_turn_stays_stopped_once_its_answer_is_saved() -> None:
    state = turn()
    for event in (AnswerDelta("420"), finished(FinishReason.CANCELLED), SAVED):
        state.apply(event)
    assert state.phase is TurnPhase.STOPPED and state.message is SAVED.message


def test_an_answer_at_its_longest_length_was_cut() -> None:
    state = turn()
    state.apply(finished(FinishReason.LENGTH))
    assert state.was_cut


def test_only_the_time_spent_reasoning_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    state = turn()
    for seconds, event in (
        (0, ReasoningDelta("a")),
        (3, ReasoningDelta("b")),
        (5, PrefillProgress(0, 900, None, 512)),
        (7, ReasoningDelta("c")),
        (1, ReasoningDelta("d")),
        (4, AnswerDelta("e")),
    ):
        now_s += seconds
        state.apply(event)
    assert state.reasoning_s == 4.0 and state.prefill_reported_s == 108.0


def test_other_events_change_nothing() -> None:
    state, untouched = turn(), turn()
    state.apply(ToolCall("find_text", "{}"))
    assert all(getattr(state, name) == getattr(untouched, name) for name in TurnState.__slots__)
