"""What a person does with surveys: create, run, stop, retry, delete, export; and the state of the one that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.domain.conversation import Scope, SurveyKind
from core.jobs import Job
from core.survey.export_file import write_export
from core.survey.run_state import SurveyRun
from core.survey.values import RowChanged, SummaryDelta, Survey, SurveyEnded, SurveyEstimate
from gui.bridge import Bridge, Operation, Running
from models.progress import Progress

if TYPE_CHECKING:
    from core.workspace import Workspace
    from gui.chat.turn_controller import TurnController


class SurveyActions(QObject):
    """Runs one survey at a time, on the worker that answers questions: a question pauses it. GUI thread."""

    listed = Signal(object)  # tuple of SurveyListEntry
    opened = Signal(object)  # Survey, to be shown
    run_ended = Signal(object)  # Survey, as stored by its run
    rows_changed = Signal(object)  # list of RowChanged
    summary_grew = Signal(str)  # the next piece
    run_changed = Signal(object)  # SurveyRun or None
    run_failed = Signal(object)  # Fault
    creation_failed = Signal(object)  # Fault

    def __init__(self, bridge: Bridge, workspace: Workspace, turns: TurnController, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.workspace = workspace
        self._turns = turns
        self._question_waits = Event()  # read by the worker
        self._running: Running | None = None
        self.run: SurveyRun | None = None
        turns.changed.connect(self._turn_changed)
        turns.ended.connect(self._turn_changed)

    def refresh(self) -> None:
        """Read the list of surveys again."""
        surveys = self.workspace.surveys
        self._bridge.run(Operation("store", lambda job: surveys.list(), self, on_result=self.listed.emit))

    def open(self, survey_id: int) -> None:
        self._read(survey_id, self.opened.emit)

    def estimate(
        self, scope: Scope, owner: QObject, on_estimate: Callable[[SurveyEstimate], None]
    ) -> Operation[SurveyEstimate]:
        surveys = self.workspace.surveys
        return Operation("store", lambda job: surveys.estimate(scope), owner, on_result=on_estimate)

    def create(self, question: str, scope: Scope, kind: SurveyKind | None) -> None:
        """Create a survey, show it, and run it unless another one runs."""
        surveys = self.workspace.surveys

        def created(survey: Survey) -> None:
            self.refresh()
            self.opened.emit(survey)
            if self.run is None:
                self.start(survey.id)

        self._bridge.run(
            Operation(
                "store",
                lambda job: surveys.get(surveys.create(question, scope, kind)),
                self,
                on_result=created,
                on_fault=self.creation_failed.emit,
            )
        )

    def start(self, survey_id: int) -> None:
        """Run a survey, from where it was stopped. Nothing happens while another one runs."""
        if self.run is not None:
            return
        self._set_run(SurveyRun(survey_id))
        self._run_on_worker()

    def stop(self) -> None:
        """Stop the run; what was read is kept."""
        if self.run is None:
            return
        if self._running is None:  # paused
            return self._set_run(None)
        self._set_run(replace(self.run, stopping=True))
        self._running.stop()

    def retry_failed(self, survey_id: int) -> None:
        """Read again what failed."""
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
        """Write the survey to `path`: as CSV if the name ends so, else as Markdown."""
        surveys = self.workspace.surveys
        self._bridge.run(Operation("store", lambda job: write_export(surveys.get(survey_id), path), self))

    def _read(self, survey_id: int, on_survey: Callable[[Survey], None]) -> None:
        surveys = self.workspace.surveys
        self._bridge.run(Operation("store", lambda job: surveys.get(survey_id), self, on_result=on_survey))

    def _run_on_worker(self) -> None:
        assert self.run is not None
        survey_id, surveys, should_pause = self.run.survey_id, self.workspace.surveys, self._question_waits.is_set
        self._update_question_waits()

        def events(job: Job) -> Iterator[object]:
            yield from surveys.events(survey_id, job, should_pause)

        self._running = self._bridge.stream(
            Operation(
                "chat",
                events,
                self,
                on_events=self._apply_events,
                on_progress=self._apply_progress,
                on_fault=self.run_failed.emit,
                on_end=self._worker_ended,
            )
        )

    def _apply_events(self, events: Sequence[object]) -> None:
        changed = [event for event in events if isinstance(event, RowChanged)]
        if changed and self.run is not None:
            self._set_run(self.run.after_row(changed[-1]))
            self.rows_changed.emit(changed)
        for event in events:
            match event:
                case SummaryDelta(text=text):
                    self.summary_grew.emit(text)
                case SurveyEnded(survey=survey) if self.run is not None and not survey.done:
                    self._set_run(replace(self.run, paused=True))

    def _apply_progress(self, progress: Progress) -> None:
        if self.run is not None:
            self._set_run(self.run.with_progress(progress))

    def _worker_ended(self) -> None:
        """Continue a paused run once no question is left; report any other as ended."""
        self._running = None
        run = self.run
        if run is not None and run.paused and not run.stopping:
            return self._turn_changed(None)
        self._set_run(None)
        if run is not None:
            self._read(run.survey_id, self.run_ended.emit)
        self.refresh()

    def _turn_changed(self, turn: object) -> None:
        self._update_question_waits()
        if self.run is not None and self.run.paused and self._running is None and not self._turns.running:
            self._set_run(replace(self.run, paused=False))
            self._run_on_worker()

    def _update_question_waits(self) -> None:
        if self._turns.running:
            self._question_waits.set()
        else:
            self._question_waits.clear()

    def _set_run(self, run: SurveyRun | None) -> None:
        if run != self.run:
            self.run = run
            self.run_changed.emit(run)
