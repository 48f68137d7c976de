"""Keeps the model and the conversations in step: what loading the answers bring, what is read ahead of a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui.chat.turn import Phase, TurnView
from gui.chat.turns import Turns
from gui.models.actions import ModelActions
from gui.models.situation import SituationKind
from models.conversation import Effort

if TYPE_CHECKING:
    from gui.surveys.actions import Run, SurveyActions


class Readiness(QObject):
    """Follows the turns from the GUI thread."""

    def __init__(self, models: ModelActions, turns: Turns, parent: QObject) -> None:
        super().__init__(parent)
        self._models = models
        self._turns = turns
        self._surveys: SurveyActions | None = None
        turns.changed.connect(self._follow)
        turns.ended.connect(self._follow)
        turns.ended.connect(self._read_answer)

    def follow_survey(self, surveys: SurveyActions) -> None:
        """While a survey is read, nothing is read ahead: the model is busy."""
        self._surveys = surveys
        surveys.run_changed.connect(self._survey_changed)

    def prepare(self, conversation_id: int, effort: Effort) -> None:
        """Nothing is answered now: the model may get ready for the next question."""
        if not self._turns.running and (self._surveys is None or self._surveys.run is None):
            self._models.prepare(conversation_id, effort)

    def _read_answer(self, turn: TurnView) -> None:
        """The model reads its answer as the next question will bring it, while the person does."""
        if self._models.situation(SituationKind.CHAT).loaded:
            self.prepare(turn.conversation_id, turn.effort)

    def _follow(self, turn: TurnView) -> None:
        if turn.phase.running:
            self._models.stop_reading()
        if turn.phase is Phase.LOADING and turn.loading is not None:
            self._models.show_loading(turn.loading)
        elif turn.phase in (Phase.READING, Phase.REASONING, Phase.ANSWERING):
            self._models.show_loaded()
        elif not turn.phase.running:
            self._models.show_loading_ended()

    def _survey_changed(self, run: Run | None) -> None:
        if run is None:
            self._models.show_loading_ended()
        elif run.loading is not None:
            self._models.stop_reading()
            self._models.show_loading(run.loading)
        elif run.total:
            self._models.show_loaded()
        else:
            self._models.stop_reading()
