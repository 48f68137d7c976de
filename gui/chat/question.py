"""The person's question in the list of messages."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QToolButton, QWidget

from core.i18n import tr
from gui.chat.message_text import MessageText
from gui.style.elements import card, column, icon_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

MAX_WIDTH_SHARE = 0.86


class QuestionView(QWidget):
    """Text in a bubble at the right. Only the last question can be edited and asked again."""

    edit_wanted = Signal(str)

    def __init__(self, theme: Theme, text: str) -> None:
        super().__init__()
        self.text = text
        self._frame, inside = card("accent", margin=int(1.5 * SPACE))
        self.view = MessageText(tr("Question"))
        cursor = QTextCursor(self.view.document())
        cursor.insertText(text, QTextCharFormat())
        inside.addWidget(self.view)
        self.edit_button: QToolButton = icon_button(
            theme, "edit", tr("Edit the question and ask again"), lambda: self.edit_wanted.emit(self.text), size_px=16
        )
        buttons = row()
        buttons.addStretch(1)
        buttons.addWidget(self.edit_button)
        layout = column(self, 0, 2)
        line = row(spacing=0)
        line.addStretch(1)
        line.addWidget(self._frame, 1000)  # takes its maximum width; the rest stays free at its left
        layout.addLayout(line)
        layout.addLayout(buttons)
        self.set_editable(False)

    def set_editable(self, editable: bool) -> None:
        self.edit_button.setVisible(editable)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit_width()

    def _fit_width(self) -> None:
        """Make the bubble as wide as the text needs, up to a share of the column."""
        padding = 3 * SPACE + 2
        widest = int(self.width() * MAX_WIDTH_SHARE)
        document = self.view.document().clone(self)
        document.setTextWidth(-1)
        wanted = int(document.idealWidth()) + padding + 2
        document.deleteLater()
        self._frame.setMaximumWidth(max(6 * SPACE, min(widest, wanted)))
