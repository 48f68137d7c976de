"""The state of a running turn: the question, and what has arrived of its answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum

from core.chat.ask_options import AskOptions
from core.domain.conversation import (
    AnswerSaved,
    ChatMessage,
    ContextSummary,
    Omission,
    SearchedDocuments,
    SurveySuggested,
    ToolUsed,
)
from models.conversation import AnswerDelta, Effort, Finished, FinishReason, PrefillProgress, ReasoningDelta
from models.faults import Fault
from models.progress import Progress


class TurnPhase(Enum):
    """QUEUED while another answer is written, LOADING while the model is loaded. The last three are final."""

    QUEUED = "queued"
    SEARCHING = "searching"
    LOADING = "loading"
    PREFILLING = "prefilling"
    REASONING = "reasoning"
    ANSWERING = "answering"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def running(self) -> bool:
        return self not in (TurnPhase.DONE, TurnPhase.STOPPED, TurnPhase.FAILED)


@dataclass(eq=False, slots=True)
class TurnState:
    """A question and what has arrived of its answer, compared by identity.

    `conversation_id` is 0 until the conversation is stored. `message` is the answer as stored, `was_cut` says that it
    reached its longest length. `prefill_reported_s` and `reasoning_started_s` are `time.monotonic` times.
    """

    conversation_id: int
    question: str
    options: AskOptions
    phase: TurnPhase = TurnPhase.QUEUED
    searched: SearchedDocuments | None = None
    context_summary: ContextSummary | None = None
    omissions: list[Omission] = field(default_factory=list)
    suggestion: SurveySuggested | None = None
    loading: Progress | None = None
    prefill: PrefillProgress | None = None
    prefill_reported_s: float = 0.0
    reasoning: str = ""
    answer: str = ""
    tool_calls: list[ToolUsed] = field(default_factory=list)
    reasoning_started_s: float = 0.0
    reasoning_s: float = 0.0
    message: ChatMessage | None = None
    was_cut: bool = False
    fault: Fault | None = None

    @property
    def effort(self) -> Effort:
        return self.options.effort

    @property
    def context(self) -> ContextSummary | SearchedDocuments | None:
        """What the answer is written from; until the prompt is fitted, what the search found."""
        return self.context_summary if self.context_summary is not None else self.searched

    def apply(self, event: object) -> None:
        """Take over what `event`, a `core.chat.turn.TurnEvent` or the phase that begins, says; ignore any other."""
        match event:
            case TurnPhase():
                self.phase = event
            case SearchedDocuments():
                self.searched = event
            case ContextSummary():
                self.context_summary = event
            case Omission():
                self.omissions.append(event)
            case SurveySuggested():
                self.suggestion = event
            case ToolUsed():
                self.tool_calls.append(event)
            case PrefillProgress():
                self.phase, self.prefill, self.prefill_reported_s = TurnPhase.PREFILLING, event, time.monotonic()
            case ReasoningDelta(text=text):
                self._add_reasoning(text)
            case AnswerDelta(text=text):
                self.phase = TurnPhase.ANSWERING
                self.answer += text
            case Finished(reason=reason):
                self.was_cut = reason is FinishReason.LENGTH
                if reason is FinishReason.CANCELLED:
                    self.phase = TurnPhase.STOPPED
            case AnswerSaved(message=message):
                self.message = message
                self.phase = TurnPhase.STOPPED if self.phase is TurnPhase.STOPPED else TurnPhase.DONE

    def _add_reasoning(self, text: str) -> None:
        """Count the time spent reasoning alone: prefilling and answering in between do not add to it."""
        if self.phase is not TurnPhase.REASONING:
            self.reasoning_started_s = time.monotonic() - self.reasoning_s
        self.phase = TurnPhase.REASONING
        self.reasoning += text
        self.reasoning_s = time.monotonic() - self.reasoning_started_s
