"""The list of documents suggested while a name is typed after an "@" in a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from core.chat.mention_completion import suggestion_labels
from core.i18n import tr
from gui.style.elements import plain_tool_tip
from gui.style.sheet import SPACE

if TYPE_CHECKING:
    from core.store.documents.scopes import Suggestion

MAX_WIDTH_PX = 360
MAX_ROWS = 8


class MentionList(QListWidget):
    """Lies over the window, above the field, which keeps the focus."""

    picked = Signal(str)  # the mention to insert

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("mentions")
        self.setAccessibleName(tr("Documents of this name"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.itemClicked.connect(self._pick_item)
        self.hide()

    def show_suggestions(self, suggestions: Sequence[Suggestion], field: QRect) -> None:
        """Show `suggestions` above `field`, in the window's coordinates; hide if there are none."""
        self.clear()
        for suggestion, text in zip(suggestions, suggestion_labels(suggestions), strict=True):
            item = QListWidgetItem(text, self)
            item.setToolTip(plain_tool_tip(str(suggestion.folder / suggestion.name)))
            item.setData(Qt.ItemDataRole.UserRole, suggestion.mention)
        if not suggestions:
            self.hide()
            return
        self.setCurrentRow(0)
        height = min(len(suggestions), MAX_ROWS) * max(1, self.sizeHintForRow(0)) + SPACE + 2
        self.setGeometry(QRect(field.topLeft() - QPoint(0, height + SPACE), field.size()))
        self.resize(min(MAX_WIDTH_PX, field.width()), height)
        self.raise_()
        self.show()

    def move_selection(self, by: int) -> None:
        self.setCurrentRow((self.currentRow() + by) % max(1, self.count()))

    def pick_current(self) -> None:
        self._pick_item(self.currentItem())

    def _pick_item(self, item: QListWidgetItem | None) -> None:
        self.hide()
        if item is not None:
            self.picked.emit(str(item.data(Qt.ItemDataRole.UserRole)))
