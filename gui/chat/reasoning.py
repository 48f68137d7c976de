"""The model's reasoning: open while it streams, folded when the answer begins, unless the person chose otherwise."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor

from core.i18n import tr
from gui import number_formats
from gui.chat.fold import Fold
from gui.chat.message_text import MessageText
from gui.style.elements import push_button
from gui.style.theme import Theme


class Reasoning(Fold):
    """Hidden until there is some. `chosen` tells that the person opened (True) or folded (False) it."""

    answer_now = Signal()

    def __init__(self, theme: Theme, chosen: bool | None) -> None:
        super().__init__(theme, tr("Reasoning"))
        self._choice = chosen
        self._shown = 0
        self.now = push_button(tr("Answer now"), self.answer_now.emit, "link")
        self.now.setToolTip(tr("End the reasoning and write the answer from what is known so far"))
        self.now.hide()
        self.head.insertWidget(1, self.now)
        self.text = MessageText(tr("Reasoning"))
        self.inside.addWidget(self.text)
        self.chosen.connect(self._remember)
        theme.changed.connect(self._colour)
        self.hide()

    def show_running(self, text: str, seconds: float) -> None:
        """Reasoning is being written."""
        if self.isHidden():
            self.show()
            self.now.show()
            self.fold(opened=self._choice is not False)
        self._append(text)
        self.set_title(_title(seconds))

    def show_finished(self, text: str, seconds: float = 0.0) -> None:
        """The answer has begun, or was read from the store (then nobody knows how long the reasoning took)."""
        self.now.hide()
        self.setVisible(bool(text))
        self._append(text)
        self.set_title(_title(seconds))
        if self._choice is not True:
            self.fold(opened=False)

    def open_if_chosen(self) -> None:
        if self._choice:
            self.fold(opened=True)

    def _append(self, text: str) -> None:
        text = text.rstrip()  # line ends wait for what comes after them
        if len(text) <= self._shown:
            return
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text[self._shown :], self._format())
        self._shown = len(text)

    def _format(self) -> QTextCharFormat:
        shape = QTextCharFormat()
        shape.setForeground(QColor(self._theme.colours.muted))
        return shape

    def _colour(self) -> None:
        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeCharFormat(self._format())

    def _remember(self, opened: bool) -> None:
        self._choice = opened


def _title(seconds: float) -> str:
    return tr("Reasoning, {time}", time=number_formats.duration(seconds)) if seconds >= 1 else tr("Reasoning")
