"""A question and what has arrived of its answer, as the window shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from models.faults import Fault
from models.progress import Progress

if TYPE_CHECKING:
    from core.domain.conversation import (
        ChatMessage,
        ContextSummary,
        Omission,
        SearchedDocuments,
        SurveySuggested,
        ToolUsed,
    )
    from core.domain.documents import Passage
    from gui.chat.asking import AskOptions
    from models.conversation import Effort, PrefillProgress


class Phase(Enum):
    """Where a turn stands. QUEUED: another answer is being written first."""

    QUEUED = "queued"
    SEARCHING = "searching"
    LOADING = "loading"
    READING = "reading"
    REASONING = "reasoning"
    ANSWERING = "answering"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def running(self) -> bool:
        return self not in (Phase.DONE, Phase.STOPPED, Phase.FAILED)


@dataclass(eq=False, slots=True)
class TurnView:
    """A question and what has arrived of its answer. `conversation_id` is 0 until the conversation is stored."""

    conversation_id: int
    question: str
    manner: AskOptions
    phase: Phase = Phase.QUEUED
    searched: SearchedDocuments | None = None
    basis: ContextSummary | None = None
    omissions: list[Omission] = field(default_factory=list)
    suggestion: SurveySuggested | None = None
    loading: Progress | None = None
    reading: PrefillProgress | None = None
    reading_told_s: float = 0.0
    reasoning: str = ""
    answer: str = ""
    steps: list[ToolUsed] = field(default_factory=list)
    reasoning_began_s: float = 0.0
    reasoning_s: float = 0.0
    message: ChatMessage | None = None
    cut: bool = False
    fault: Fault | None = None

    @property
    def effort(self) -> Effort:
        return self.manner.effort


def documents_among(passages: Sequence[Passage]) -> int:
    """How many documents `passages` come from."""
    return len({passage.path for passage in passages})
