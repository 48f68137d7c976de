"""Runs turns on the chat worker and keeps the state of each, whichever conversation is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.chat.turn_state import TurnPhase, TurnState
from core.domain.conversation import WHOLE_LIBRARY, Scope
from core.jobs import Job
from gui.bridge import Bridge, Operation, Running
from models.faults import Fault
from models.progress import Progress

if TYPE_CHECKING:
    from core.chat.ask_options import AskOptions
    from core.workspace import Workspace


class TurnController(QObject):
    """Starts turns, which the worker runs one after the other, and updates their states. GUI thread."""

    conversation_created = Signal(object)  # TurnState, of the first question
    changed = Signal(object)  # TurnState
    ended = Signal(object)  # TurnState

    def __init__(self, bridge: Bridge, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self._turns: dict[TurnState, Running | None] = {}

    @property
    def running(self) -> tuple[TurnState, ...]:
        """The turns that run or wait to."""
        return tuple(self._turns)

    def running_in(self, conversation_id: int) -> TurnState | None:
        """The turn that runs in a conversation."""
        return next((turn for turn in self._turns if turn.conversation_id == conversation_id), None)

    def ask(self, conversation_id: int, question: str, options: AskOptions, scope: Scope = WHOLE_LIBRARY) -> TurnState:
        """Ask in a conversation; 0 creates one with this scope."""
        turn = self._add(TurnState(conversation_id, question, options))
        if conversation_id:
            self._start(turn, again=False)
            return turn
        conversations = self._workspace.conversations

        def created(new_id: int) -> None:
            turn.conversation_id = new_id
            self.conversation_created.emit(turn)
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

    def ask_again(self, conversation_id: int, question: str, options: AskOptions) -> TurnState:
        """Replace the last question of a conversation and its answer by `question`, the same or an edited one."""
        turn = self._add(TurnState(conversation_id, question, options))
        self._start(turn, again=True)
        return turn

    def stop(self, turn: TurnState) -> None:
        """Stop `turn`; what has arrived is kept."""
        running = self._turns.get(turn)
        if running is not None:
            running.stop()

    def answer_now(self) -> None:
        """End the reasoning of the answer that is being written."""
        self._workspace.engines.force_answer()

    def _add(self, turn: TurnState) -> TurnState:
        self._turns[turn] = None
        return turn

    def _start(self, turn: TurnState, *, again: bool) -> None:
        if len(self._turns) == 1:
            turn.phase = TurnPhase.SEARCHING
        self._turns[turn] = self._bridge.stream(
            Operation(
                "chat",
                _turn_work(self._workspace, turn, again=again),
                self,
                on_events=lambda events: self._apply_events(turn, events),
                on_progress=lambda progress: self._show_loading(turn, progress),
                on_fault=lambda fault: self._fail(turn, fault),
                on_cancelled=lambda: self._set_stopped(turn),
                on_end=lambda: self._end(turn),
            )
        )
        self.changed.emit(turn)

    def _apply_events(self, turn: TurnState, events: Sequence[object]) -> None:
        for event in events:
            turn.apply(event)
        self.changed.emit(turn)

    def _show_loading(self, turn: TurnState, progress: Progress) -> None:
        turn.phase, turn.loading = TurnPhase.LOADING, progress
        self.changed.emit(turn)

    def _fail(self, turn: TurnState, fault: Fault) -> None:
        turn.phase, turn.fault = TurnPhase.FAILED, fault
        if turn.conversation_id == 0:
            self._end(turn)

    def _set_stopped(self, turn: TurnState) -> None:
        turn.phase = TurnPhase.STOPPED

    def _end(self, turn: TurnState) -> None:
        self._turns.pop(turn, None)
        if turn.phase.running:  # ended by a bug, which the window has reported
            turn.phase = TurnPhase.STOPPED
        self.ended.emit(turn)


def _turn_work(workspace: Workspace, turn: TurnState, *, again: bool) -> Callable[[Job], Iterator[object]]:
    """Return what the chat worker does for `turn`. It holds plain values only: the state belongs to the GUI thread."""
    conversation_id, question, options = turn.conversation_id, turn.question, turn.options

    def events(job: Job) -> Iterator[object]:
        yield TurnPhase.SEARCHING
        if again:
            _remove_last_question(workspace, conversation_id)
        yield from workspace.chat.ask(
            conversation_id,
            question,
            effort=options.effort,
            latency_budget=options.latency_budget,
            answer_format=options.answer_format,
            cancel=job.cancel,
            report=job.report,
        )

    return events


def _remove_last_question(workspace: Workspace, conversation_id: int) -> None:
    """Remove the last question and what follows it from the store."""
    questions = [m for m in workspace.conversations.messages(conversation_id) if m.role == "user"]
    if questions:
        workspace.conversations.cut_from(questions[-1].id)
