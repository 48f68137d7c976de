"""The offer of a survey under an answer, for a question that seems to be about all documents."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from core.chat.messages import survey_suggestion_text
from core.domain.conversation import SurveySuggested
from core.i18n import tr
from gui import number_formats
from gui.style.elements import card, column, label, push_button
from gui.style.sheet import SPACE


class SurveyOffer(QWidget):
    """Hidden if no survey is suggested."""

    accepted = Signal(object)  # SurveySuggested

    def __init__(self) -> None:
        super().__init__()
        self._suggestion: SurveySuggested | None = None
        frame, inside = card("plain", margin=int(1.5 * SPACE))
        self.text = label("", wrap=True)
        self.accept_button = push_button(tr("Read every document…"), lambda: self.accepted.emit(self._suggestion))
        inside.addWidget(self.text)
        inside.addWidget(self.accept_button, 0, Qt.AlignmentFlag.AlignLeft)
        column(self, 0, 0).addWidget(frame)
        self.hide()

    def show_suggestion(self, suggestion: SurveySuggested | None) -> None:
        self._suggestion = suggestion
        if suggestion is not None:
            parts = [survey_suggestion_text(suggestion)]
            if suggestion.expected_s is not None:
                parts.append(tr("It would take {time}.", time=number_formats.rough_duration(suggestion.expected_s)))
            self.text.setText(" ".join(parts))
        self.setVisible(suggestion is not None)
