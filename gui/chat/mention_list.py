"""The documents offered while a name is typed after an "@" in a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from core.i18n import tr
from gui.style.sheet import SPACE

if TYPE_CHECKING:
    from core.store.documents.scopes import Suggestion

WIDTH = 360
ROWS = 8


class MentionList(QListWidget):
    """Lies over the window, above the field that keeps the focus. `picked` carries the mention to write."""

    picked = Signal(str)

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("mentions")
        self.setAccessibleName(tr("Documents of this name"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.itemClicked.connect(self._pick)
        self.hide()

    def show_suggestions(self, suggestions: Sequence[Suggestion], field: QRect) -> None:
        """Above `field`, given in the coordinates of the window; hidden if there are none."""
        self.clear()
        names = [suggestion.name for suggestion in suggestions]
        for suggestion in suggestions:
            alone = names.count(suggestion.name) == 1
            words = suggestion.name if alone else f"{suggestion.name} · {suggestion.folder.name}"
            item = QListWidgetItem(words, self)
            item.setToolTip(str(suggestion.folder / suggestion.name))
            item.setData(Qt.ItemDataRole.UserRole, suggestion.mention)
        if not suggestions:
            self.hide()
            return
        self.setCurrentRow(0)
        height = min(len(suggestions), ROWS) * max(1, self.sizeHintForRow(0)) + SPACE + 2
        self.setGeometry(QRect(field.topLeft() - QPoint(0, height + SPACE), field.size()))
        self.resize(min(WIDTH, field.width()), height)
        self.raise_()
        self.show()

    def step(self, by: int) -> None:
        self.setCurrentRow((self.currentRow() + by) % max(1, self.count()))

    def pick_current(self) -> None:
        self._pick(self.currentItem())

    def _pick(self, item: QListWidgetItem | None) -> None:
        self.hide()
        if item is not None:
            self.picked.emit(str(item.data(Qt.ItemDataRole.UserRole)))
