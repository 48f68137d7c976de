"""Search results as a list of cards, each with title, location and a snippet with the query's words highlighted."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPalette,
    QPen,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from core.domain.documents import Passage
from core.domain.locations import location_words, section_words
from core.i18n import tr
from core.retrieval.snippets import HighlightedResult, Snippet
from gui.documents.passage_references import document_title
from gui.documents.text_window import qt_length
from gui.style.sheet import SPACE
from gui.style.theme import Theme

PASSAGE = Qt.ItemDataRole.UserRole
SNIPPET = Qt.ItemDataRole.UserRole + 1
MAX_LAYOUTS = 200
_Index = QModelIndex | QPersistentModelIndex


class ResultsModel(QAbstractListModel):
    """The passages of one search."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._result: HighlightedResult | None = None

    def show_result(self, result: HighlightedResult | None) -> None:
        self.beginResetModel()
        self._result = result
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # an empty index is a constant
        return 0 if parent.isValid() or self._result is None else len(self._result.snippets)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._result is None or not index.isValid():
            return None
        passage, snippet = self._result.search_result.passages[index.row()], self._result.snippets[index.row()]
        if role == PASSAGE:
            return passage
        if role == SNIPPET:
            return snippet
        if role == Qt.ItemDataRole.DisplayRole:
            return document_title(passage.path, passage.title)
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(passage.path)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (document_title(passage.path, passage.title), location_line(passage), snippet.text)
            return ". ".join(part for part in parts if part)
        return None


def location_line(passage: Passage) -> str:
    """Where the passage is in its document, on one line: page or lines, and section."""
    return " · ".join(filter(None, (location_words(passage, passage.recognised), section_words(passage))))


class CardDelegate(QStyledItemDelegate):
    """Paints a result as a card. Snippets stay laid out for the current width, so that scrolling is smooth."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._layouts: OrderedDict[tuple[int, int, int], QTextDocument] = OrderedDict()
        theme.changed.connect(self.clear_layouts)

    def clear_layouts(self) -> None:
        self._layouts.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        width = self._width(option)
        passage = index.data(PASSAGE)
        title = QFontMetricsF(self._title_font(option)).height()
        location = QFontMetricsF(self._small_font(option)).height() if location_line(passage) else 0
        snippet = self._layout(index.data(SNIPPET), width, option).size().height()
        return QSize(width, int(title + location + snippet + 3 * SPACE + SPACE / 2))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -SPACE / 2)
        self._paint_frame(painter, box, option)
        inside = box.adjusted(1.5 * SPACE, SPACE, -1.5 * SPACE, -SPACE)
        top = self._paint_heading(painter, inside, option, index.data(PASSAGE))
        painter.translate(inside.left(), top)
        snippet = self._layout(index.data(SNIPPET), self._width(option), option)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, QColor(self._theme.colours.text))
        snippet.documentLayout().draw(painter, context)
        painter.restore()

    def _paint_frame(self, painter: QPainter, box: QRectF, option: QStyleOptionViewItem) -> None:
        colours = self._theme.colours
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(QPen(QColor(colours.accent if selected else colours.border), 1.5 if selected else 1))
        painter.setBrush(QColor(colours.raised if hovered and not selected else colours.surface))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, 0), 10, 10)

    def _paint_heading(
        self, painter: QPainter, inside: QRectF, option: QStyleOptionViewItem, passage: Passage
    ) -> float:
        """Paint title and location; return where the snippet begins."""
        colours = self._theme.colours
        title, font = document_title(passage.path, passage.title), self._title_font(option)
        top = self._paint_line(painter, inside, inside.top(), font, colours.text, title, Qt.TextElideMode.ElideMiddle)
        location = location_line(passage)
        if not location:
            return top
        return self._paint_line(
            painter, inside, top, self._small_font(option), colours.muted, location, Qt.TextElideMode.ElideRight
        )

    def _paint_line(
        self, painter: QPainter, inside: QRectF, top: float, font: QFont, colour: str, text: str, mode: Qt.TextElideMode
    ) -> float:
        """Paint a line, elided where there is no room; return where the next one begins."""
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        box = QRectF(inside.left(), top, inside.width(), metrics.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), metrics.elidedText(text, mode, inside.width()))
        return top + metrics.height() + 2

    def _width(self, option: QStyleOptionViewItem) -> int:
        view = self.parent()
        assert isinstance(view, QListView)
        return int(view.viewport().width())

    def _layout(self, snippet: Snippet, width: int, option: QStyleOptionViewItem) -> QTextDocument:
        key = (id(snippet), width, int(self._theme.colours.dark))
        if key not in self._layouts:
            self._layouts[key] = self._lay_out(snippet, width - 3 * SPACE, option)
            if len(self._layouts) > MAX_LAYOUTS:
                self._layouts.popitem(last=False)
        return self._layouts[key]

    def _lay_out(self, snippet: Snippet, width: int, option: QStyleOptionViewItem) -> QTextDocument:
        colours = self._theme.colours
        document = QTextDocument()
        document.setDocumentMargin(0)
        document.setDefaultFont(self._body_font(option))
        wrap = QTextOption()
        wrap.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        document.setDefaultTextOption(wrap)
        document.setPlainText(snippet.text)
        highlight = QTextCharFormat()
        highlight.setFontWeight(QFont.Weight.DemiBold)
        highlight.setBackground(QColor(colours.mark))
        highlight.setForeground(QColor(colours.on_mark))
        for start, end in snippet.highlights:
            cursor = QTextCursor(document)
            cursor.setPosition(qt_length(snippet.text[:start]))
            cursor.setPosition(qt_length(snippet.text[:end]), QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(highlight)
        document.setTextWidth(max(40, width))
        return document

    def _title_font(self, option: QStyleOptionViewItem) -> QFont:
        font = self._body_font(option)
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _small_font(self, option: QStyleOptionViewItem) -> QFont:
        font = self._body_font(option)
        font.setPointSizeF(self._theme.small_pt)
        return font

    def _body_font(self, option: QStyleOptionViewItem) -> QFont:
        font = QFont(option.font)
        font.setPointSizeF(self._theme.base_pt)
        return font


class ResultsView(QListView):
    """The list of results; one is opened by Enter or a click."""

    opened = Signal(int)  # its row

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._results = ResultsModel(self)
        self._cards = CardDelegate(theme, self)
        self.setModel(self._results)
        self.setItemDelegate(self._cards)
        self.setAccessibleName(tr("Search results"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.activated.connect(lambda index: self.opened.emit(index.row()))
        self.clicked.connect(lambda index: self.opened.emit(index.row()))

    def show_result(self, result: HighlightedResult | None) -> None:
        self._cards.clear_layouts()
        self._results.show_result(result)
        if result is not None and result.snippets:
            self.setCurrentIndex(self._results.index(0))
        self.scrollToTop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cards.clear_layouts()
        self.scheduleDelayedItemsLayout()
