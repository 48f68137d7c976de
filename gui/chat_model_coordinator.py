"""Coordinates the language model with turns and surveys: shows the loading they cause, and prefills while none runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.chat.turn_state import TurnPhase, TurnState
from core.engines.model_availability import ModelKind
from gui.chat.turn_controller import TurnController
from gui.models.actions import ModelActions
from models.conversation import Effort

if TYPE_CHECKING:
    from core.survey.run_state import SurveyRun
    from gui.surveys.actions import SurveyActions


class ChatModelCoordinator(QObject):
    """Follows turns and surveys on the GUI thread."""

    def __init__(self, models: ModelActions, turns: TurnController, parent: QObject) -> None:
        super().__init__(parent)
        self._models = models
        self._turns = turns
        self._surveys: SurveyActions | None = None
        turns.changed.connect(self._turn_changed)
        turns.ended.connect(self._turn_changed)
        turns.ended.connect(self._prefill_after)

    def follow_surveys(self, surveys: SurveyActions) -> None:
        """Prefill nothing while a survey runs: the model is busy."""
        self._surveys = surveys
        surveys.run_changed.connect(self._survey_changed)

    def prepare_for_question(self, conversation_id: int, effort: Effort) -> None:
        """Load the language model and prefill, unless it is answering or a survey runs."""
        if not self._turns.running and (self._surveys is None or self._surveys.run is None):
            self._models.prepare_for_question(conversation_id, effort)

    def _prefill_after(self, turn: TurnState) -> None:
        """Prefill the answer as the prompt of the next question will hold it, while the person reads it."""
        if self._models.availability(ModelKind.CHAT).in_memory:
            self.prepare_for_question(turn.conversation_id, turn.effort)

    def _turn_changed(self, turn: TurnState) -> None:
        if turn.phase.running:
            self._models.stop_prefill()
        if turn.phase is TurnPhase.LOADING and turn.loading is not None:
            self._models.show_loading(turn.loading)
        elif turn.phase in (TurnPhase.PREFILLING, TurnPhase.REASONING, TurnPhase.ANSWERING):
            self._models.show_loaded()
        elif not turn.phase.running:
            self._models.show_loading_ended()

    def _survey_changed(self, run: SurveyRun | None) -> None:
        if run is None:
            self._models.show_loading_ended()
        elif run.loading is not None:
            self._models.stop_prefill()
            self._models.show_loading(run.loading)
        elif run.total:
            self._models.show_loaded()
        else:
            self._models.stop_prefill()
