"""Search results as cards: a list view whose delegate paints title, place and snippet with the matched words marked."""

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
from core.domain.locations import place_words, section_words
from core.i18n import tr
from gui.documents.marks import Snippet, TextMatch
from gui.documents.place import shown_title
from gui.style.sheet import SPACE
from gui.style.theme import Theme

PASSAGE = Qt.ItemDataRole.UserRole
SNIPPET = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


class ResultsModel(QAbstractListModel):
    """The passages of one search."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._found: TextMatch | None = None

    def show_found(self, found: TextMatch | None) -> None:
        self.beginResetModel()
        self._found = found
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # an empty index is a constant
        return 0 if parent.isValid() or self._found is None else len(self._found.snippets)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._found is None or not index.isValid():
            return None
        passage, snippet = self._found.result.passages[index.row()], self._found.snippets[index.row()]
        if role == PASSAGE:
            return passage
        if role == SNIPPET:
            return snippet
        if role == Qt.ItemDataRole.DisplayRole:
            return shown_title(passage.path, passage.title)
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(passage.path)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (shown_title(passage.path, passage.title), where(passage), snippet.text)
            return ". ".join(part for part in parts if part)
        return None


def where(passage: Passage) -> str:
    """Page and section in a line."""
    return " · ".join(filter(None, (place_words(passage, passage.recognised), section_words(passage))))


class CardDelegate(QStyledItemDelegate):
    """Paints a result. Documents laid out for one width are kept, so that scrolling lays out nothing."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._laid_out: OrderedDict[tuple[int, int, int], QTextDocument] = OrderedDict()
        theme.changed.connect(self.forget)

    def forget(self) -> None:
        self._laid_out.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        width = self._width(option)
        passage = index.data(PASSAGE)
        title = QFontMetricsF(self._title_font(option)).height()
        place = QFontMetricsF(self._small_font(option)).height() if where(passage) else 0
        text = self._document(index.data(SNIPPET), width, option, selected=False).size().height()
        return QSize(width, int(title + place + text + 3 * SPACE + SPACE / 2))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        colours = self._theme.colours
        passage: Passage = index.data(PASSAGE)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        box = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -SPACE / 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent if selected else colours.border), 1.5 if selected else 1))
        painter.setBrush(QColor(colours.raised if hovered and not selected else colours.surface))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, 0), 10, 10)
        inside = box.adjusted(1.5 * SPACE, SPACE, -1.5 * SPACE, -SPACE)
        top = self._line(
            painter,
            inside,
            inside.top(),
            self._title_font(option),
            colours.text,
            shown_title(passage.path, passage.title),
            Qt.TextElideMode.ElideMiddle,
        )
        if words := where(passage):
            top = self._line(
                painter, inside, top, self._small_font(option), colours.muted, words, Qt.TextElideMode.ElideRight
            )
        painter.translate(inside.left(), top)
        document = self._document(index.data(SNIPPET), self._width(option), option, selected=selected)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, QColor(colours.text))
        document.documentLayout().draw(painter, context)
        painter.restore()

    def _line(
        self, painter: QPainter, inside: QRectF, top: float, font: QFont, colour: str, text: str, mode: Qt.TextElideMode
    ) -> float:
        """Paint a line that gives way where there is no room; returns where the next one begins."""
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

    def _document(self, snippet: Snippet, width: int, option: QStyleOptionViewItem, selected: bool) -> QTextDocument:
        key = (id(snippet), width, int(self._theme.colours.dark))
        if key not in self._laid_out:
            self._laid_out[key] = self._lay_out(snippet, width - 3 * SPACE, option)
            if len(self._laid_out) > 200:
                self._laid_out.popitem(last=False)
        return self._laid_out[key]

    def _lay_out(self, snippet: Snippet, width: int, option: QStyleOptionViewItem) -> QTextDocument:
        colours = self._theme.colours
        document = QTextDocument()
        document.setDocumentMargin(0)
        document.setDefaultFont(self._body_font(option))
        wrap = QTextOption()
        wrap.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        document.setDefaultTextOption(wrap)
        document.setPlainText(snippet.text)
        marked = QTextCharFormat()
        marked.setFontWeight(QFont.Weight.DemiBold)
        marked.setBackground(QColor(colours.mark))
        marked.setForeground(QColor(colours.on_mark))
        for start, end in snippet.marks:
            cursor = QTextCursor(document)
            cursor.setPosition(utf16_length(snippet.text[:start]))
            cursor.setPosition(utf16_length(snippet.text[:end]), QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(marked)
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


def utf16_length(text: str) -> int:
    """How many positions Qt counts for `text`: characters beyond the Basic Multilingual Plane take two."""
    return len(text) + sum(1 for char in text if char > "\uffff") if not text.isascii() else len(text)


class ResultsView(QListView):
    """The list of results. Enter or a click opens one."""

    opened = Signal(int)

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

    def show_found(self, found: TextMatch | None) -> None:
        self._cards.forget()
        self._results.show_found(found)
        if found is not None and found.snippets:
            self.setCurrentIndex(self._results.index(0))
        self.scrollToTop()

    def select_row(self, row: int) -> None:
        self.setCurrentIndex(self._results.index(row))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cards.forget()
        self.scheduleDelayedItemsLayout()
