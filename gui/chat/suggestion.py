"""The offer to read every document, under the answer to a question that seems to be about all of them."""

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
    """Hidden where there is nothing to offer."""

    wanted = Signal(object)  # SurveySuggested

    def __init__(self) -> None:
        super().__init__()
        self._suggested: SurveySuggested | None = None
        frame, inside = card("plain", margin=int(1.5 * SPACE))
        self.text = label("", wrap=True)
        self.accept = push_button(tr("Read every document…"), lambda: self.wanted.emit(self._suggested))
        inside.addWidget(self.text)
        inside.addWidget(self.accept, 0, Qt.AlignmentFlag.AlignLeft)
        column(self, 0, 0).addWidget(frame)
        self.hide()

    def show_suggestion(self, suggested: SurveySuggested | None) -> None:
        self._suggested = suggested
        if suggested is not None:
            parts = [survey_suggestion_text(suggested)]
            if suggested.expected_s is not None:
                parts.append(tr("It would take {time}.", time=number_formats.rough_duration(suggested.expected_s)))
            self.text.setText(" ".join(parts))
        self.setVisible(suggested is not None)
