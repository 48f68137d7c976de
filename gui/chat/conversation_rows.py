"""The model and the delegate of the list of conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from core.chat.conversation_titles import display_title, search_titles
from core.i18n import tr
from gui import number_formats
from gui.style.sheet import SPACE
from gui.style.theme import Theme

if TYPE_CHECKING:
    from core.domain.conversation import ConversationSummary

SUMMARY = Qt.ItemDataRole.UserRole
ANSWERING = Qt.ItemDataRole.UserRole + 1
CORNER_RADIUS_PX = 8
_Index = QModelIndex | QPersistentModelIndex


class ConversationsModel(QAbstractListModel):
    """The conversations whose title contains the searched words; titles can be edited in place."""

    renamed = Signal(int, str)  # a conversation's id and new title

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._all: tuple[ConversationSummary, ...] = ()
        self.shown: list[ConversationSummary] = []
        self._search_text = ""
        self._answering: frozenset[int] = frozenset()

    def show_summaries(self, summaries: Sequence[ConversationSummary]) -> None:
        self._all = tuple(summaries)
        self._filter()

    def search(self, text: str) -> None:
        self._search_text = text
        self._filter()

    def set_answering(self, ids: frozenset[int]) -> None:
        """Mark the conversations in which an answer is being written."""
        self._answering = ids
        if self.shown:
            self.dataChanged.emit(self.index(0), self.index(len(self.shown) - 1))

    def row_of(self, conversation_id: int) -> int:
        return next((row for row, summary in enumerate(self.shown) if summary.id == conversation_id), -1)

    def title(self, conversation_id: int) -> str:
        return next((display_title(s) for s in self._all if s.id == conversation_id), tr("New conversation"))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # an empty index is a constant
        return 0 if parent.isValid() else len(self.shown)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        summary = self.shown[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return display_title(summary)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{display_title(summary)}\n{number_formats.date_and_time(summary.updated_s)}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{display_title(summary)}, {number_formats.relative_day(summary.updated_s)}"
        if role == SUMMARY:
            return summary
        if role == ANSWERING:
            return summary.id in self._answering
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not str(value).strip():
            return False
        summary = self.shown[index.row()]
        if str(value).strip() != summary.title:
            self.renamed.emit(summary.id, str(value).strip())
        return True

    def _filter(self) -> None:
        self.beginResetModel()
        self.shown = search_titles(self._all, self._search_text)
        self.endResetModel()


class ConversationDelegate(QStyledItemDelegate):
    """Paints a title, and below it the day or that an answer is being written."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        title, day = self._fonts(option)
        return QSize(100, int(QFontMetricsF(title).height() + QFontMetricsF(day).height() + 1.5 * SPACE))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        from PySide6.QtWidgets import QStyle  # its many enumerations would slow down the start

        colours = self._theme.colours
        summary: ConversationSummary = index.data(SUMMARY)
        background = QRectF(option.rect).adjusted(SPACE / 2, 1, -SPACE / 2, -1)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(colours.accent_soft))
            painter.drawRoundedRect(background, CORNER_RADIUS_PX, CORNER_RADIUS_PX)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(background, CORNER_RADIUS_PX, CORNER_RADIUS_PX)
        title, day = self._fonts(option)
        inside = background.adjusted(SPACE, SPACE * 0.6, -SPACE, 0)
        self._draw_line(painter, inside, inside.top(), title, colours.text, display_title(summary))
        top = inside.top() + QFontMetricsF(title).height()
        answering = bool(index.data(ANSWERING))
        second_line = tr("Answering…") if answering else number_formats.relative_day(summary.updated_s)
        self._draw_line(painter, inside, top, day, colours.link if answering else colours.muted, second_line)
        painter.restore()

    def _draw_line(self, painter: QPainter, inside: QRectF, top: float, font: QFont, colour: str, text: str) -> None:
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(QRectF(inside.left(), top, inside.width(), metrics.height()), shown)

    def _fonts(self, option: QStyleOptionViewItem) -> tuple[QFont, QFont]:
        title, day = QFont(option.font), QFont(option.font)
        title.setPointSizeF(self._theme.base_pt)
        day.setPointSizeF(self._theme.small_pt)
        return title, day
