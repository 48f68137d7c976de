"""The composer: the field for a question, its effort, scope and options, Send and Stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton

from core.i18n import tr
from gui.chat.options_button import OptionsButton
from gui.chat.question_field import QuestionField
from gui.chat.scope_button import ScopeButton
from gui.style.elements import column, icon_button, label, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

if TYPE_CHECKING:
    from models.conversation import Effort

NARROW_PX = 520
CORNER_RADIUS_PX = 15  # of the frame, as in the style sheet


class Composer(QFrame):
    """Emits `asked` with the question, which stays in the field until `take_question`."""

    asked = Signal(str)
    stop_wanted = Signal()
    typed = Signal()
    scope_wanted = Signal()

    def __init__(self, theme: Theme, effort: str) -> None:
        super().__init__()
        self.setProperty("card", "composer")
        self._theme = theme
        self._focused = False
        self._can_send = False
        self._running = False
        self._cannot_send_reason = ""
        self.field = QuestionField()
        self.field.submitted.connect(self._send)
        self.field.focus_changed.connect(self._focus_changed)
        self.field.textChanged.connect(self._text_changed)
        self.effort_buttons = self._make_effort_buttons(effort)
        self.send_button = icon_button(theme, "send", tr("Send (Return)"), self._send)
        self.send_button.setProperty("kind", "send")
        theme.tint(self.send_button, "send", "on_accent", size_px=20)
        self.stop_button = icon_button(theme, "stop", tr("Stop (Esc)"), self.stop_wanted.emit)
        self.stop_button.setProperty("kind", "send")
        theme.tint(self.stop_button, "stop", "on_accent", size_px=20)
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
        layout.addLayout(self._make_controls())
        self._show_state()

    @property
    def effort(self) -> Effort:
        from models.conversation import Effort

        checked = self.effort_buttons.checkedButton()
        return Effort(checked.property("effort")) if checked is not None else Effort.MEDIUM

    def set_effort(self, effort: str) -> None:
        for button in self.effort_buttons.buttons():
            button.setChecked(button.property("effort") == effort)

    def set_state(
        self, *, running: bool, can_send: bool, cannot_send_reason: str = "", placeholder: str = "", note: str = ""
    ) -> None:
        """`running` says that an answer is being written in this conversation, which Stop would end."""
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self._running, self._can_send, self._cannot_send_reason = running, can_send, cannot_send_reason
        self.field.setPlaceholderText(placeholder)
        self._show_state()

    def take_question(self) -> str:
        """Return the question and clear the field."""
        text = self.field.toPlainText().strip()
        self.field.clear()
        return text

    def edit_question(self, text: str) -> None:
        """Put `text` in the field, to be changed and sent."""
        self.field.setPlainText(text)
        self.field.moveCursor(QTextCursor.MoveOperation.End)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show icons without text in a narrow composer."""
        super().resizeEvent(event)
        wide = event.size().width() >= NARROW_PX
        self._effort_title.setVisible(wide)
        self.scope.show_text(wide)
        self.options.show_text(wide)

    def _make_controls(self) -> QHBoxLayout:
        controls = row(spacing=0)
        self._effort_title = label(tr("Reasoning"), "small")
        controls.addWidget(self._effort_title)
        controls.addSpacing(SPACE // 2)
        for button in self.effort_buttons.buttons():
            controls.addWidget(button)
        controls.addSpacing(SPACE)
        controls.addWidget(self.scope)
        controls.addWidget(self.options)
        controls.addStretch(1)
        controls.addWidget(self.hint)
        controls.addSpacing(SPACE)
        controls.addWidget(self.stop_button)
        controls.addWidget(self.send_button)
        return controls

    def _send(self) -> None:
        text = self.field.toPlainText().strip()
        if text and self._can_send and not self._running:
            self.asked.emit(text)

    def _text_changed(self) -> None:
        self._show_state()
        if not self.field.document().isEmpty():
            self.typed.emit()

    def _show_state(self) -> None:
        has_text = bool(self.field.toPlainText().strip())
        self.stop_button.setVisible(self._running)
        self.send_button.setVisible(not self._running)
        self.send_button.setEnabled(self._can_send and has_text)
        self.send_button.setToolTip(self._cannot_send_reason or tr("Send (Return)"))
        self.hint.setText(self._cannot_send_reason if has_text and not self._can_send else "")

    def _focus_changed(self, focused: bool) -> None:
        self._focused = focused
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the focus frame here: in the style sheet it would need the class QStyle, which is so large that loading
        it would delay the window's start noticeably."""
        super().paintEvent(event)
        if self._focused:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self._theme.colours.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), CORNER_RADIUS_PX, CORNER_RADIUS_PX)
            painter.end()

    def _make_effort_buttons(self, effort: str) -> QButtonGroup:
        group = QButtonGroup(self)
        group.setExclusive(True)
        for value, text, tooltip in (
            ("low", tr("Low"), tr("Answers soonest")),
            ("medium", tr("Medium"), tr("A balance of time and care")),
            ("high", tr("High"), tr("Thinks longest; best for hard questions")),
        ):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setChecked(value == effort)
            button.setToolTip(tooltip)
            button.setAccessibleName(tr("Reasoning: {effort}", effort=text))
            button.setProperty("kind", "segment")
            button.setProperty("effort", value)
            group.addButton(button)
        return group
