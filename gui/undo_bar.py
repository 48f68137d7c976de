"""The bar that says what was just done and offers to undo it; keyboard-reachable, leaves by itself after a while."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from core.i18n import tr
from gui.style.elements import card, column, icon_button, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

STAYS_MS = 20_000


class UndoBar(QWidget):
    """Floats at the bottom left of its parent, clear of where questions are typed."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._above = parent
        self._undo: Callable[[], object] | None = None
        frame, inside = card("bar", margin=SPACE // 2)
        self.text = label("", wrap=False)
        self.action = push_button("", self._act)
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
        self._timer.setInterval(STAYS_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def offer(self, text: str, action: str, undo: Callable[[], object]) -> None:
        """Say `text` and offer `action`; what was offered before can no longer be undone here."""
        self._undo = undo
        self.text.setText(text)
        self.action.setText(action)
        self.action.setAccessibleName(action)
        self.show()
        self._place()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _act(self) -> None:
        undo, self._undo = self._undo, None
        self.hide()
        if undo is not None:
            undo()

    def _place(self) -> None:
        parent = self._above
        self.adjustSize()
        size = self.sizeHint()
        width = min(size.width(), parent.width() - 4 * SPACE)
        self.setGeometry(2 * SPACE, parent.height() - size.height() - 2 * SPACE, width, size.height())
