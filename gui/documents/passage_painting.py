"""Paints over a document's text: a rule with the page's name above each page, and a bar beside the passage."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTextBlock
from PySide6.QtWidgets import QTextEdit

from gui.style.sheet import SPACE
from gui.style.theme import Theme

PAGE_GAP = 3 * SPACE
"""Above each page, for its rule; the view leaves this space free."""


class PassagePainter:
    """Paints on the viewport of `view`, in its paint event."""

    def __init__(self, view: QTextEdit, theme: Theme) -> None:
        self._view = view
        self._theme = theme

    def paint_page_rules(self, painter: QPainter, pages: Iterable[tuple[int, str]]) -> None:
        """`pages` are position and name of each page that begins in the document, in order."""
        colours = self._theme.colours
        font = QFont(self._view.font())
        font.setPointSizeF(self._theme.small_pt)
        painter.setFont(font)
        viewport = self._view.viewport()
        height = painter.fontMetrics().height()
        right = viewport.width() - 2 * SPACE
        for position, name in pages:
            box = self._box_at(position)
            if box.bottom() < 0:
                continue
            if box.top() > viewport.height():
                break
            line = int(box.top()) + PAGE_GAP // 2
            name_width = painter.fontMetrics().horizontalAdvance(name)
            painter.setPen(QPen(QColor(colours.border)))
            painter.drawLine(2 * SPACE, line, right - name_width - SPACE, line)
            painter.setPen(QColor(colours.muted))
            painter.drawText(QRectF(right - name_width, line - height / 2, name_width, height), name)

    def paint_passage_bar(self, painter: QPainter, start: int, end: int) -> None:
        """Paint the bar beside the lines from position `start` to `end`."""
        first, last = self._box_at(start), self._box_at(end)
        bar = QRectF(SPACE * 0.75, first.top(), 3, last.bottom() - first.top())
        painter.fillRect(bar, QColor(self._theme.colours.accent))

    def _box_at(self, position: int) -> QRectF:
        """The line block at `position`, in the coordinates of the viewport."""
        document = self._view.document()
        block: QTextBlock = document.findBlock(position)
        box = document.documentLayout().blockBoundingRect(block)
        return box.translated(0, -self._view.verticalScrollBar().value())
