"""Where a question is typed: the text, how it is asked, what it looks into, Send and Stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton

from core.i18n import tr
from gui.chat.options import OptionsButton
from gui.chat.question_field import QuestionField
from gui.chat.scope_button import ScopeButton
from gui.style.elements import column, icon_button, label, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

if TYPE_CHECKING:
    from models.conversation import Effort

NARROW_PX = 520
CORNER_PX = 15  # of the frame, as in the style sheet


class Composer(QFrame):
    """Emits `asked` with the question; clears itself only when told that it was taken."""

    asked = Signal(str)
    stopped = Signal()
    typing = Signal()
    scope_wanted = Signal()

    def __init__(self, theme: Theme, effort: str) -> None:
        super().__init__()
        self.setProperty("card", "composer")
        self._theme = theme
        self._focused = False
        self._can_send = False
        self._running = False
        self._why_not = ""
        self.field = QuestionField()
        self.field.sent.connect(self._send)
        self.field.focused.connect(self._frame_focus)
        self.field.textChanged.connect(self._changed)
        self.efforts = self._effort_buttons(effort)
        self.send = icon_button(theme, "send", tr("Send (Return)"), self._send)
        self.send.setProperty("kind", "send")
        theme.tint(self.send, "send", "on_accent", size_px=20)
        self.stop = icon_button(theme, "stop", tr("Stop (Esc)"), self.stopped.emit)
        self.stop.setProperty("kind", "send")
        theme.tint(self.stop, "stop", "on_accent", size_px=20)
        self.hint = label("", "small")
        self.note = label("", "small", wrap=True)
        self.note.hide()
        self.scope = ScopeButton(theme)
        self.scope.clicked.connect(lambda checked=False: self.scope_wanted.emit())
        self.options = OptionsButton(theme)
        layout = column(self, 0, SPACE // 2)
        layout.setContentsMargins(2 * SPACE, int(1.5 * SPACE), SPACE, SPACE)
        layout.addWidget(self.note)
        layout.addWidget(self.field)
        layout.addLayout(self._line_below())
        self._show_state()

    @property
    def effort(self) -> Effort:
        from models.conversation import Effort

        checked = self.efforts.checkedButton()
        return Effort(checked.property("effort")) if checked is not None else Effort.MEDIUM

    def set_effort(self, effort: str) -> None:
        for button in self.efforts.buttons():
            button.setChecked(button.property("effort") == effort)

    def set_state(
        self, *, running: bool, can_send: bool, why_not: str = "", placeholder: str = "", note: str = ""
    ) -> None:
        """`running`: an answer is being written here. `why_not` says why a question cannot be sent."""
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self._running, self._can_send, self._why_not = running, can_send, why_not
        self.field.setPlaceholderText(placeholder)
        self._show_state()

    def take(self) -> str:
        """The question was taken over: clear the field and return it."""
        text = self.field.toPlainText().strip()
        self.field.clear()
        return text

    def put(self, text: str) -> None:
        """Put `text` in the field to be changed and sent."""
        self.field.setPlainText(text)
        self.field.moveCursor(QTextCursor.MoveOperation.End)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow composer words give way to icons, which keep their tips."""
        super().resizeEvent(event)
        wide = event.size().width() >= NARROW_PX
        self._effort_title.setVisible(wide)
        self.scope.show_words(wide)
        self.options.show_words(wide)

    def _line_below(self) -> QHBoxLayout:
        below = row(spacing=0)
        self._effort_title = label(tr("Reasoning"), "small")
        below.addWidget(self._effort_title)
        below.addSpacing(SPACE // 2)
        for button in self.efforts.buttons():
            below.addWidget(button)
        below.addSpacing(SPACE)
        below.addWidget(self.scope)
        below.addWidget(self.options)
        below.addStretch(1)
        below.addWidget(self.hint)
        below.addSpacing(SPACE)
        below.addWidget(self.stop)
        below.addWidget(self.send)
        return below

    def _send(self) -> None:
        text = self.field.toPlainText().strip()
        if text and self._can_send and not self._running:
            self.asked.emit(text)

    def _changed(self) -> None:
        self._show_state()
        if not self.field.document().isEmpty():
            self.typing.emit()

    def _show_state(self) -> None:
        has_text = bool(self.field.toPlainText().strip())
        self.stop.setVisible(self._running)
        self.send.setVisible(not self._running)
        self.send.setEnabled(self._can_send and has_text)
        self.send.setToolTip(self._why_not or tr("Send (Return)"))
        self.hint.setText(self._why_not if has_text and not self._can_send else "")

    def _frame_focus(self, focused: bool) -> None:
        self._focused = focused
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame of the focus is painted here: through the style sheet it would need a QStyle, whose class is so
        large that the window's start would be felt to wait for it."""
        super().paintEvent(event)
        if self._focused:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self._theme.colours.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), CORNER_PX, CORNER_PX)
            painter.end()

    def _effort_buttons(self, effort: str) -> QButtonGroup:
        group = QButtonGroup(self)
        group.setExclusive(True)
        for value, words, tip in (
            ("low", tr("Low"), tr("Answers soonest")),
            ("medium", tr("Medium"), tr("A balance of time and care")),
            ("high", tr("High"), tr("Thinks longest; best for hard questions")),
        ):
            button = QToolButton()
            button.setText(words)
            button.setCheckable(True)
            button.setChecked(value == effort)
            button.setToolTip(tip)
            button.setAccessibleName(tr("Reasoning: {effort}", effort=words))
            button.setProperty("kind", "segment")
            button.setProperty("effort", value)
            group.addButton(button)
        return group
