"""The library's tree with check boxes, as a Qt model: which folders and documents a conversation looks into."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from core.chat.scope_selection import ScopeSelection, ScopeTree, SelectionState
from gui.documents.tree_model import NAME, TreeModel

CHECK_STATES = {
    SelectionState.NONE: Qt.CheckState.Unchecked,
    SelectionState.PARTLY: Qt.CheckState.PartiallyChecked,
    SelectionState.WHOLE: Qt.CheckState.Checked,
}
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ScopeModel(TreeModel):
    """One column with a check box in each row. While a filter hides rows, only documents can be checked, since a folder
    would add documents that are not shown. `selection_changed` follows each change by the person."""

    selection_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.selection = ScopeSelection()
        self._scope_tree = ScopeTree()

    @property
    def filtered(self) -> bool:
        return self._scope_tree.filtered

    def show_scope_tree(self, scope_tree: ScopeTree) -> None:
        self._scope_tree = scope_tree
        self.show_tree(scope_tree.shown)

    def set_selection(self, paths: Iterable[Path]) -> None:
        self.selection = ScopeSelection(paths)
        self._emit_all_changed()

    def document_count(self) -> int:
        """How many documents are selected."""
        return self._scope_tree.document_count(self.selection.paths)

    def check_state(self, path: Path) -> Qt.CheckState:
        return CHECK_STATES[self.selection.state(path)]

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 1

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        node = self.node(index)
        if node is None or (self.filtered and node.document_id is None):
            return flags
        return flags | Qt.ItemFlag.ItemIsUserCheckable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.node(index)
        if node is not None and role == Qt.ItemDataRole.CheckStateRole:
            checkable = self.flags(index) & Qt.ItemFlag.ItemIsUserCheckable
            return self.check_state(node.path) if checkable else None
        return super().data(index, role)

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node = self.node(index)
        if node is None or role != Qt.ItemDataRole.CheckStateRole:
            return False
        if Qt.CheckState(value) is Qt.CheckState.Checked:
            self.selection.add(node.path)
        else:
            self.selection.remove(self._scope_tree.whole.node_at(node.path) or node)
        self._emit_all_changed()
        self.selection_changed.emit()
        return True

    def _emit_all_changed(self) -> None:
        """One check box changes those above and below it, so everything visible is drawn again."""
        if self.tree.roots:
            self.dataChanged.emit(self.index(0, NAME), self.index(len(self.tree.roots) - 1, NAME))
