"""The right side of the window: the chat, or the surveys in its place."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from gui.chat.pane import ChatPane
from gui.window_context import WindowContext

if TYPE_CHECKING:
    from core.domain.conversation import SurveySuggested
    from gui.surveys.pane import SurveyPane
    from gui.window_services import WindowServices


class ChatAndSurveys(QStackedWidget):
    """Shows the chat, and the surveys when they are asked for, once `attach` has given the services."""

    references_wanted = Signal(object)  # ReferenceList

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self._context = context
        self._services: WindowServices | None = None
        self.chat = ChatPane(context)
        self.chat.references_wanted.connect(self.references_wanted)
        self.chat.survey_wanted.connect(self.begin_survey)
        self.chat.conversations.surveys_wanted.connect(self.show_surveys)
        self.addWidget(self.chat)

    @cached_property
    def surveys(self) -> SurveyPane:
        """Created when it is first shown, so that the window opens sooner."""
        from gui.surveys.actions import SurveyActions
        from gui.surveys.pane import SurveyPane

        services = self._services
        assert services is not None
        actions = SurveyActions(self._context.bridge, services.workspace, services.turns, self)
        services.coordinator.follow_surveys(actions)
        actions.run_changed.connect(self.chat.conversations.show_survey_run)
        pane = SurveyPane(self._context, actions)
        pane.references_wanted.connect(self.references_wanted)
        pane.back_wanted.connect(self.show_chat)
        self.addWidget(pane)
        return pane

    def attach(self, services: WindowServices) -> None:
        """Take the services of the library, which is open now."""
        self._services = services
        self.chat.attach(services.workspace, services.turns)

    def show_chat(self) -> None:
        self.setCurrentWidget(self.chat)
        self.chat.composer.field.setFocus()

    def show_surveys(self) -> None:
        if self._services is not None:
            self.surveys.show_list()
            self.setCurrentWidget(self.surveys)

    def begin_survey(self, suggested: SurveySuggested) -> None:
        """Start the survey that was offered under an answer."""
        from core.domain.conversation import Scope

        scope = Scope(suggested.paths) if suggested.paths else self.chat.footer.scope
        self.surveys.begin_survey(suggested.question, scope, suggested.kind)
        self.setCurrentWidget(self.surveys)
