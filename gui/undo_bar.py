"""A bar that says what was just done and offers to undo it. It can be reached by keyboard and hides after a while."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from core.i18n import tr
from gui.style.elements import card, column, icon_button, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

HIDE_AFTER_MS = 20_000


class UndoBar(QWidget):
    """Floats at the bottom left of its parent, clear of where questions are typed."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self._undo: Callable[[], object] | None = None
        frame, inside = card("bar", margin=SPACE // 2)
        self.text = label("", wrap=False)
        self.action = push_button("", self._run_undo)
        self._close = icon_button(theme, "close", tr("Close"), self.hide, size_px=14)
        theme.tint(self._close, "close", "canvas", size_px=14)
        line = row(spacing=SPACE)
        line.setContentsMargins(SPACE, 0, 0, 0)
        for widget in (self.text, self.action, self._close):
            line.addWidget(widget)
        inside.addLayout(line)
        column(self, 0).addWidget(frame)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HIDE_AFTER_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def offer(self, text: str, action: str, undo: Callable[[], object]) -> None:
        """Show `text` and a button `action` that calls `undo`; replaces what was offered before."""
        self._undo = undo
        self.text.setText(text)
        self.action.setText(action)
        self.action.setAccessibleName(action)
        self.show()
        self._move_to_corner()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._move_to_corner()
        return super().eventFilter(watched, event)

    def _run_undo(self) -> None:
        undo, self._undo = self._undo, None
        self.hide()
        if undo is not None:
            undo()

    def _move_to_corner(self) -> None:
        parent = self._covered
        self.adjustSize()
        size = self.sizeHint()
        width = min(size.width(), parent.width() - 4 * SPACE)
        self.setGeometry(2 * SPACE, parent.height() - size.height() - 2 * SPACE, width, size.height())
