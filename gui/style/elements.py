"""The small parts that every pane is built of: labels, buttons, cards and layouts, styled and named in one place."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from gui.style.sheet import SPACE
from gui.style.theme import ICON_PX, Theme

L = TypeVar("L", bound=QBoxLayout)


def plain_tool_tip(text: str) -> str:
    """`text` as a tool tip that shows it as it is: Qt takes what looks like markup, as a file's name may, for HTML."""
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>" if "<" in text else text


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """A plain-text label. `role`: display, title, strong, muted, small, chip or danger."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setWordWrap(wrap)
    if role:
        result.setProperty("role", role)
    return result


def push_button(text: str, clicked: Callable[[], object] | None = None, kind: str = "") -> QPushButton:
    """A button with a text. `kind`: primary, quiet, link, or "" for a plain one."""
    button = QPushButton(text)
    button.setAccessibleName(text.replace("&", ""))
    if kind:
        button.setProperty("kind", kind)
    if kind == "link":
        button.setCursor(Qt.CursorShape.PointingHandCursor)
    if clicked is not None:
        button.clicked.connect(lambda checked=False: clicked())
    return button


def icon_button(
    theme: Theme, name: str, text: str, clicked: Callable[[], object] | None = None, *, size_px: int = ICON_PX
) -> QToolButton:
    """A button with the icon `name` only; `text` is its tooltip and its name for screen readers."""
    button = QToolButton()
    button.setToolTip(text)
    button.setAccessibleName(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    theme.tint(button, name, size_px=size_px)
    if clicked is not None:
        button.clicked.connect(lambda checked=False: clicked())
    return button


def card(kind: str = "plain", margin: int = 2 * SPACE, spacing: int = SPACE) -> tuple[QFrame, QVBoxLayout]:
    """A frame and the column in it. `kind`: plain, accent, danger, warning, drop, composer, quote or bar."""
    frame = QFrame()
    frame.setProperty("card", kind)
    return frame, column(frame, margin, spacing)


def column(parent: QWidget | None, margin: int = 0, spacing: int = SPACE) -> QVBoxLayout:
    return _set_up(QVBoxLayout(), parent, margin, spacing)


def row(parent: QWidget | None = None, margin: int = 0, spacing: int = SPACE) -> QHBoxLayout:
    return _set_up(QHBoxLayout(), parent, margin, spacing)


def _set_up(layout: L, parent: QWidget | None, margin: int, spacing: int) -> L:
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    if parent is not None:
        parent.setLayout(layout)
    return layout


class ElidedLabel(QLabel):
    """One line, elided where there is no room, in the middle unless `mode` says otherwise; the tooltip holds it all."""

    def __init__(self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self._mode = mode
        self._full_text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        self.setText(text)

    def setText(self, text: str) -> None:
        self._full_text = text
        super().setText(text)
        self._set_tooltip()

    def text(self) -> str:
        return self._full_text

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * SPACE, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_tooltip()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._set_tooltip()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        inside = self.contentsRect()
        shown = self.fontMetrics().elidedText(self._full_text, self._mode, inside.width())
        painter.drawText(inside, int(self.alignment() | Qt.TextFlag.TextSingleLine), shown)

    def _set_tooltip(self) -> None:
        fits = self.fontMetrics().horizontalAdvance(self._full_text) <= self.contentsRect().width()
        self.setToolTip("" if fits else plain_tool_tip(self._full_text))


class ElidedButton(QPushButton):
    """A link of one line, elided at its end where there is no room; its accessible name is the full text."""

    def __init__(self, text: str, clicked: Callable[[], object]) -> None:
        super().__init__()
        self._full_text = text
        self.setProperty("kind", "line")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)
        self.clicked.connect(lambda checked=False: clicked())
        self._elide()

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * SPACE, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._full_text) + SPACE, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(
            self.fontMetrics().elidedText(
                self._full_text, Qt.TextElideMode.ElideRight, max(0, self.width() - SPACE // 2)
            )
        )
