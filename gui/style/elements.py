"""The small pieces every pane is made of: labels, buttons and cards with their look, name and tip set in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from gui.style.sheet import SPACE
from gui.style.theme import ICON_PX, Theme

L = TypeVar("L", bound=QBoxLayout)


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """A plain-text label. `role`: display, title, strong, muted, small, chip or danger."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    return made


def push_button(text: str, clicked: Callable[[], object] | None = None, kind: str = "") -> QPushButton:
    """A button with words. `kind`: primary, quiet, link or none for a plain one."""
    made = QPushButton(text)
    made.setAccessibleName(text.replace("&", ""))
    if kind:
        made.setProperty("kind", kind)
    if kind == "link":
        made.setCursor(Qt.CursorShape.PointingHandCursor)
    if clicked is not None:
        made.clicked.connect(lambda checked=False: clicked())
    return made


def icon_button(
    theme: Theme, name: str, text: str, clicked: Callable[[], object] | None = None, *, size_px: int = ICON_PX
) -> QToolButton:
    """A button with an icon only; `text` is its tip and its name for screen readers."""
    made = QToolButton()
    made.setToolTip(text)
    made.setAccessibleName(text)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    theme.tint(made, name, size_px=size_px)
    if clicked is not None:
        made.clicked.connect(lambda checked=False: clicked())
    return made


def card(kind: str = "plain", margin: int = 2 * SPACE, spacing: int = SPACE) -> tuple[QFrame, QVBoxLayout]:
    """A framed group and the column inside it. `kind`: plain, accent, danger, warning, drop, composer, quote or bar."""
    frame = QFrame()
    frame.setProperty("card", kind)
    return frame, column(frame, margin, spacing)


def column(parent: QWidget | None, margin: int = 0, spacing: int = SPACE) -> QVBoxLayout:
    return _laid_out(QVBoxLayout(), parent, margin, spacing)


def row(parent: QWidget | None = None, margin: int = 0, spacing: int = SPACE) -> QHBoxLayout:
    return _laid_out(QHBoxLayout(), parent, margin, spacing)


def _laid_out(layout: L, parent: QWidget | None, margin: int, spacing: int) -> L:
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    if parent is not None:
        parent.setLayout(layout)
    return layout


class ElidedLabel(QLabel):
    """One line that gives way in its middle when there is no room; the whole text is in its tip."""

    def __init__(self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self._mode = mode
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        self.setText(text)

    def setText(self, text: str) -> None:
        self._whole = text
        super().setText(text)
        self._set_tip()

    def text(self) -> str:
        return self._whole

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * SPACE, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_tip()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._set_tip()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        inside = self.contentsRect()
        shown = self.fontMetrics().elidedText(self._whole, self._mode, inside.width())
        painter.drawText(inside, int(self.alignment() | Qt.TextFlag.TextSingleLine), shown)

    def _set_tip(self) -> None:
        fits = self.fontMetrics().horizontalAdvance(self._whole) <= self.contentsRect().width()
        self.setToolTip("" if fits else self._whole)


class ElidedButton(QPushButton):
    """A link of one line that gives way at its end when there is no room; the whole text is its name."""

    def __init__(self, text: str, clicked: Callable[[], object]) -> None:
        super().__init__()
        self._whole = text
        self.setProperty("kind", "line")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)
        self.clicked.connect(lambda checked=False: clicked())
        self._elide()

    @property
    def whole(self) -> str:
        return self._whole

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * SPACE, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + SPACE, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(
            self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, self.width() - SPACE // 2))
        )
