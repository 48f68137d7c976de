"""The rows of the list of conversations: which are shown, how each is painted, what renaming in place means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from core.i18n import tr
from gui import number_formats
from gui.style.sheet import SPACE
from gui.style.theme import Theme

if TYPE_CHECKING:
    from core.domain.conversation import ConversationSummary

SUMMARY = Qt.ItemDataRole.UserRole
BUSY = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


def shown_title(summary: ConversationSummary) -> str:
    return summary.title or tr("New conversation")


class ConversationsModel(QAbstractListModel):
    """The conversations whose title holds the searched words. `renamed` tells what the person typed in place."""

    renamed = Signal(int, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._all: tuple[ConversationSummary, ...] = ()
        self.shown: list[ConversationSummary] = []
        self._words: list[str] = []
        self._busy: frozenset[int] = frozenset()

    def show_all(self, summaries: Sequence[ConversationSummary]) -> None:
        self._all = tuple(summaries)
        self._filter()

    def search(self, text: str) -> None:
        self._words = text.casefold().split()
        self._filter()

    def set_busy(self, ids: frozenset[int]) -> None:
        """Conversations in which an answer is being written."""
        self._busy = ids
        if self.shown:
            self.dataChanged.emit(self.index(0), self.index(len(self.shown) - 1))

    def row_of(self, conversation_id: int) -> int:
        return next((row for row, summary in enumerate(self.shown) if summary.id == conversation_id), -1)

    def title(self, conversation_id: int) -> str:
        return next((shown_title(s) for s in self._all if s.id == conversation_id), tr("New conversation"))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # an empty index is a constant
        return 0 if parent.isValid() else len(self.shown)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        summary = self.shown[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return shown_title(summary)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{shown_title(summary)}\n{number_formats.date_and_time(summary.updated_s)}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{shown_title(summary)}, {number_formats.relative_day(summary.updated_s)}"
        if role == SUMMARY:
            return summary
        if role == BUSY:
            return summary.id in self._busy
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
        self.shown = [s for s in self._all if all(word in shown_title(s).casefold() for word in self._words)]
        self.endResetModel()


class ConversationDelegate(QStyledItemDelegate):
    """A title over its day; a dot where an answer is being written."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        title, day = self._fonts(option)
        return QSize(100, int(QFontMetricsF(title).height() + QFontMetricsF(day).height() + 1.5 * SPACE))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        from PySide6.QtWidgets import QStyle  # a class of many enumerations: the window's start does without

        colours = self._theme.colours
        summary: ConversationSummary = index.data(SUMMARY)
        box = QRectF(option.rect).adjusted(SPACE / 2, 1, -SPACE / 2, -1)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(colours.accent_soft))
            painter.drawRoundedRect(box, 8, 8)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(box, 8, 8)
        title, day = self._fonts(option)
        inside = box.adjusted(SPACE, SPACE * 0.6, -SPACE, 0)
        self._line(painter, inside, inside.top(), title, colours.text, shown_title(summary))
        top = inside.top() + QFontMetricsF(title).height()
        busy = bool(index.data(BUSY))
        when = tr("Answering…") if busy else number_formats.relative_day(summary.updated_s)
        self._line(painter, inside, top, day, colours.link if busy else colours.muted, when)
        painter.restore()

    def _line(self, painter: QPainter, inside: QRectF, top: float, font: QFont, colour: str, text: str) -> None:
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
