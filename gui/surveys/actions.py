"""What people do with surveys: begin, stop, go on, read again, delete, export; and the one that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.domain.conversation import Scope, SurveyKind
from core.i18n import tr
from core.jobs import Job
from core.survey.values import Estimate, RowChanged, SummaryDelta, Survey, SurveyEnded, SurveyListEntry
from gui.bridge import Bridge, Operation, Running
from gui.surveys.export import export
from models.faults import Fault
from models.progress import Progress

if TYPE_CHECKING:
    from core.workspace import Workspace
    from gui.chat.turns import Turns


@dataclass(slots=True)
class GiveWay:
    """Read by the worker: whether a question waits for the model."""

    asked: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """How the running survey stands. `loading` until the model is there; `waiting` while a question is answered."""

    survey_id: int
    done: int = 0
    total: int = 0
    name: str = ""
    seconds_left: float | None = None
    loading: Progress | None = None
    waiting: bool = False
    stopping: bool = False


class SurveyActions(QObject):
    """One survey runs at a time, on the model's worker; it gives way to questions and goes on after them."""

    listed = Signal(object)  # tuple of SurveyHead
    opened = Signal(object)  # Survey, that somebody wants to see
    came_to_rest = Signal(object)  # Survey, that ran until now
    rows_changed = Signal(object)  # list of RowChanged
    summary_grew = Signal(str)
    run_changed = Signal(object)  # Run or None
    failed = Signal(object)  # Fault, of the run
    refused = Signal(object)  # Fault, of a survey that cannot be made

    def __init__(self, bridge: Bridge, workspace: Workspace, turns: Turns, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.workspace = workspace
        self._turns = turns
        self._give_way = GiveWay()
        self._running: Running | None = None
        self.run: Run | None = None
        turns.changed.connect(self._turn_changed)
        turns.ended.connect(self._turn_changed)

    def refresh(self) -> None:
        surveys = self.workspace.surveys
        self._bridge.run(Operation("store", lambda job: surveys.list(), self, on_result=self.listed.emit))

    def open(self, survey_id: int) -> None:
        self._read(survey_id, self.opened.emit)

    def estimate(self, scope: Scope, owner: QObject, on_estimate: Callable[[Estimate], None]) -> Operation[Estimate]:
        surveys = self.workspace.surveys
        return Operation("store", lambda job: surveys.estimate(scope), owner, on_result=on_estimate)

    def create(self, question: str, scope: Scope, kind: SurveyKind | None) -> None:
        """Make a survey, show it, and run it unless another one runs."""
        surveys = self.workspace.surveys

        def made(survey: Survey) -> None:
            self.refresh()
            self.opened.emit(survey)
            if self.run is None:
                self.start(survey.id)

        self._bridge.run(
            Operation(
                "store",
                lambda job: surveys.get(surveys.create(question, scope, kind)),
                self,
                on_result=made,
                on_fault=self.refused.emit,
            )
        )

    def start(self, survey_id: int) -> None:
        """Run a survey, from where it was stopped."""
        if self.run is not None:
            return
        self._set_run(Run(survey_id))
        self._go()

    def stop(self) -> None:
        """What was read is kept."""
        if self.run is None:
            return
        if self._running is None:  # it gave way, and waits
            return self._set_run(None)
        self._set_run(replace(self.run, stopping=True))
        self._running.stop()

    def read_again(self, survey_id: int) -> None:
        """Have the documents that failed read again."""
        surveys = self.workspace.surveys
        self._bridge.run(
            Operation(
                "store",
                lambda job: surveys.retry_failed(survey_id),
                self,
                on_result=lambda nothing: self.start(survey_id),
            )
        )

    def delete(self, survey_id: int) -> None:
        surveys = self.workspace.surveys
        self._bridge.run(
            Operation("store", lambda job: surveys.delete(survey_id), self, on_result=lambda nothing: self.refresh())
        )

    def export(self, survey_id: int, path: Path) -> None:
        """Write the table, as CSV or Markdown by the ending of `path`."""
        surveys = self.workspace.surveys
        self._bridge.run(Operation("store", lambda job: export(surveys.get(survey_id), path), self))

    def _read(self, survey_id: int, on_survey: Callable[[Survey], None]) -> None:
        surveys = self.workspace.surveys
        self._bridge.run(Operation("store", lambda job: surveys.get(survey_id), self, on_result=on_survey))

    def _go(self) -> None:
        assert self.run is not None
        survey_id, surveys, give_way = self.run.survey_id, self.workspace.surveys, self._give_way
        give_way.asked = bool(self._turns.running)

        def events(job: Job) -> Iterator[object]:
            yield from surveys.events(survey_id, job, lambda: give_way.asked)

        self._running = self._bridge.stream(
            Operation(
                "chat",
                events,
                self,
                on_events=self._arrived,
                on_progress=self._progress,
                on_fault=self._fail,
                on_end=self._ended,
            )
        )

    def _arrived(self, events: Sequence[object]) -> None:
        rows = [event for event in events if isinstance(event, RowChanged)]
        if rows and self.run is not None:
            last = rows[-1]
            self._set_run(replace(self.run, done=last.rows_done, total=last.row_count, seconds_left=last.left_s))
            self.rows_changed.emit(rows)
        for event in events:
            if isinstance(event, SummaryDelta):
                self.summary_grew.emit(event.text)
            elif isinstance(event, SurveyEnded) and self.run is not None and not event.survey.done:
                self._set_run(replace(self.run, waiting=True))

    def _progress(self, progress: Progress) -> None:
        if self.run is None:
            return
        if progress.unit == "files":
            done, total, left_s = progress.done, progress.total, progress.seconds_left
            run = replace(self.run, done=done, total=total, name=progress.detail, seconds_left=left_s)
            self._set_run(replace(run, loading=None))
        else:
            self._set_run(replace(self.run, loading=progress))

    def _fail(self, fault: Fault) -> None:
        self.failed.emit(fault)

    def _ended(self) -> None:
        """The worker is free: the survey is done, was stopped, failed, or gave way and goes on after the questions."""
        self._running = None
        run = self.run
        if run is not None and run.waiting and not run.stopping:
            return self._turn_changed(None)
        self._set_run(None)
        if run is not None:
            self._read(run.survey_id, self.came_to_rest.emit)
        self.refresh()

    def _turn_changed(self, turn: object) -> None:
        self._give_way.asked = bool(self._turns.running)
        if self.run is not None and self.run.waiting and self._running is None and not self._turns.running:
            self._set_run(replace(self.run, waiting=False))
            self._go()

    def _set_run(self, run: Run | None) -> None:
        if run != self.run:
            self.run = run
            self.run_changed.emit(run)


def state_words(head: SurveyListEntry) -> str:
    """How far a survey is, in the words of the list."""
    counted = tr("{read} of {documents} read", read=head.read + head.failed, documents=head.documents)
    return tr("Done") if head.done else counted
