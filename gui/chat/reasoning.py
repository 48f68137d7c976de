"""The model's reasoning: open while it streams, folded when the answer begins, unless the person chose otherwise."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from core.i18n import tr
from gui import words
from gui.chat.message_text import MessageText
from gui.style.elements import column, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme


class Reasoning(QWidget):
    """Hidden until there is some. `folding_chosen` tells that the person opened (True) or folded (False) it."""

    folding_chosen = Signal(bool)
    answer_now = Signal()

    def __init__(self, theme: Theme, chosen: bool | None) -> None:
        super().__init__()
        self._theme = theme
        self._chosen = chosen
        self._shown = 0
        self.toggle = QToolButton()
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.setCheckable(True)
        self.toggle.setProperty("fold", True)
        self.toggle.clicked.connect(self._choose)
        self.toggle.setIconSize(QSize(14, 14))
        self.now = push_button(tr("Answer now"), self.answer_now.emit, "link")
        self.now.setToolTip(tr("End the reasoning and write the answer from what is known so far"))
        self.now.hide()
        self._frame = QFrame()
        self._frame.setProperty("card", "quote")
        inside = column(self._frame, 0)
        inside.setContentsMargins(int(1.5 * SPACE), 0, 0, 0)
        self.text = MessageText(tr("Reasoning"))
        inside.addWidget(self.text)
        head = row()
        head.addWidget(self.toggle)
        head.addWidget(self.now)
        head.addStretch(1)
        layout = column(self, 0, SPACE // 2)
        layout.addLayout(head)
        layout.addWidget(self._frame)
        self._title = ""
        theme.changed.connect(self._colour)
        self._fold(opened=False)
        self.hide()

    @property
    def is_open(self) -> bool:
        return self.toggle.isChecked()

    def show_running(self, text: str, seconds: float) -> None:
        """Reasoning is being written."""
        if self.isHidden():
            self.show()
            self.now.show()
            self._fold(opened=self._chosen is not False)
        self._append(text)
        self._set_title(_title(seconds))

    def show_finished(self, text: str, seconds: float = 0.0) -> None:
        """The answer has begun, or was read from the store (then nobody knows how long the reasoning took)."""
        self.now.hide()
        self.setVisible(bool(text))
        self._append(text)
        self._set_title(_title(seconds))
        if self._chosen is not True:
            self._fold(opened=False)

    def open_if_chosen(self) -> None:
        if self._chosen:
            self._fold(opened=True)

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
        self._fold(self.is_open)

    def _choose(self) -> None:
        self._chosen = self.toggle.isChecked()
        self._fold(opened=self._chosen)
        self.folding_chosen.emit(self._chosen)

    def _fold(self, opened: bool) -> None:
        self.toggle.setChecked(opened)
        self._theme.tint(self.toggle, "next" if opened else "expand", "muted", size_px=14)
        self._frame.setVisible(opened)
        self._name()

    def _set_title(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self.toggle.setText(title)
            self._name()

    def _name(self) -> None:
        state = tr("shown") if self.toggle.isChecked() else tr("folded")
        self.toggle.setAccessibleName(f"{self._title}, {state}")


def _title(seconds: float) -> str:
    return tr("Reasoning, {time}", time=words.duration(seconds)) if seconds >= 1 else tr("Reasoning")
