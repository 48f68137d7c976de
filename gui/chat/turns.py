"""The turns that run: what has arrived of each answer, whichever conversation is shown; ask, stop, answer now."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.domain.conversation import (
    WHOLE_LIBRARY,
    AnswerSaved,
    ContextSummary,
    Omission,
    Scope,
    SearchedDocuments,
    SurveySuggested,
    ToolUsed,
)
from core.jobs import Job
from gui.bridge import Bridge, Operation, Running
from gui.chat.turn import Phase, TurnView
from models.conversation import AnswerDelta, Finished, FinishReason, PrefillProgress, ReasoningDelta
from models.faults import Fault
from models.progress import Progress

if TYPE_CHECKING:
    from core.workspace import Workspace
    from gui.chat.asking import AskOptions


class Turns(QObject):
    """Starts turns on the chat worker, one after the other, and keeps what has arrived of them."""

    began = Signal(object)  # Turn
    changed = Signal(object)  # Turn
    ended = Signal(object)  # Turn

    def __init__(self, bridge: Bridge, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self._turns: dict[TurnView, Running | None] = {}

    @property
    def running(self) -> tuple[TurnView, ...]:
        return tuple(self._turns)

    def of(self, conversation_id: int) -> TurnView | None:
        """The turn that runs in a conversation."""
        return next((turn for turn in self._turns if turn.conversation_id == conversation_id), None)

    def ask(self, conversation_id: int, question: str, manner: AskOptions, scope: Scope = WHOLE_LIBRARY) -> TurnView:
        """Ask in a conversation; 0 begins one, which looks into `scope`."""
        turn = self._begin(TurnView(conversation_id, question, manner))
        if conversation_id:
            self._start(turn, again=False)
            return turn
        conversations = self._workspace.conversations

        def created(new_id: int) -> None:
            turn.conversation_id = new_id
            self.began.emit(turn)
            self._start(turn, again=False)

        self._bridge.run(
            Operation(
                "store",
                lambda job: conversations.create(scope=scope),
                self,
                on_result=created,
                on_fault=lambda fault: self._fail(turn, fault),
            )
        )
        return turn

    def ask_again(self, conversation_id: int, question: str, manner: AskOptions) -> TurnView:
        """Replace the last question of a conversation and its answer by `question` (the same, or a changed one)."""
        turn = self._begin(TurnView(conversation_id, question, manner))
        self._start(turn, again=True)
        return turn

    def stop(self, turn: TurnView) -> None:
        """Stop `turn`; what has arrived is kept."""
        running = self._turns.get(turn)
        if running is not None:
            running.stop()

    def answer_now(self) -> None:
        """End the reasoning of the answer that is being written."""
        self._workspace.engines.force_answer()

    def _begin(self, turn: TurnView) -> TurnView:
        self._turns[turn] = None
        return turn

    def _start(self, turn: TurnView, *, again: bool) -> None:
        workspace = self._workspace
        if len(self._turns) == 1:
            turn.phase = Phase.SEARCHING
        conversation_id, question, manner = turn.conversation_id, turn.question, turn.manner

        def events(job: Job) -> Iterator[object]:
            yield Phase.SEARCHING
            if again:
                _take_back_last_question(workspace, conversation_id)
            yield from workspace.chat.ask(
                conversation_id,
                question,
                effort=manner.effort,
                latency_budget=manner.patience,
                answer_format=manner.answer_format,
                cancel=job.cancel,
                report=job.report,
            )

        self._turns[turn] = self._bridge.stream(
            Operation(
                "chat",
                events,
                self,
                on_events=lambda arrived: self._arrived(turn, arrived),
                on_progress=lambda progress: self._loading(turn, progress),
                on_fault=lambda fault: self._fail(turn, fault),
                on_cancelled=lambda: self._stopped(turn),
                on_end=lambda: self._end(turn),
            )
        )
        self.changed.emit(turn)

    def _arrived(self, turn: TurnView, events: Sequence[object]) -> None:
        for event in events:
            if isinstance(event, Phase):
                turn.phase = event
            else:
                take(turn, event)
        self.changed.emit(turn)

    def _loading(self, turn: TurnView, progress: Progress) -> None:
        turn.phase, turn.loading = Phase.LOADING, progress
        self.changed.emit(turn)

    def _fail(self, turn: TurnView, fault: Fault) -> None:
        turn.phase, turn.fault = Phase.FAILED, fault
        if turn.conversation_id == 0:
            self._end(turn)

    def _stopped(self, turn: TurnView) -> None:
        turn.phase = Phase.STOPPED

    def _end(self, turn: TurnView) -> None:
        self._turns.pop(turn, None)
        if turn.phase.running:  # a bug ended it; the window has said so
            turn.phase = Phase.STOPPED
        self.ended.emit(turn)


def take(turn: TurnView, event: object) -> None:
    """Add to `turn` what `event` brings."""
    if isinstance(event, SearchedDocuments):
        turn.searched = event
    elif isinstance(event, ContextSummary):
        turn.basis = event
    elif isinstance(event, Omission):
        turn.omissions.append(event)
    elif isinstance(event, SurveySuggested):
        turn.suggestion = event
    elif isinstance(event, PrefillProgress):
        turn.phase, turn.reading, turn.reading_told_s = Phase.READING, event, time.monotonic()
    elif isinstance(event, ReasoningDelta):
        if turn.phase is not Phase.REASONING:
            turn.reasoning_began_s = time.monotonic() - turn.reasoning_s
        turn.phase = Phase.REASONING
        turn.reasoning += event.text
        turn.reasoning_s = time.monotonic() - turn.reasoning_began_s
    elif isinstance(event, AnswerDelta):
        turn.phase = Phase.ANSWERING
        turn.answer += event.text
    elif isinstance(event, ToolUsed):
        turn.steps.append(event)
    elif isinstance(event, Finished):
        turn.cut = event.reason is FinishReason.LENGTH
        if event.reason is FinishReason.CANCELLED:
            turn.phase = Phase.STOPPED
    elif isinstance(event, AnswerSaved):
        turn.message = event.message
        turn.phase = Phase.STOPPED if turn.phase is Phase.STOPPED else Phase.DONE


def _take_back_last_question(workspace: Workspace, conversation_id: int) -> None:
    """Remove the last question and what follows it. On the chat worker."""
    asked = [m for m in workspace.conversations.messages(conversation_id) if m.role == "user"]
    if asked:
        workspace.conversations.cut_from(asked[-1].id)
