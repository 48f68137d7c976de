"""The library's tree with check boxes: which folders and documents are chosen, as paths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from core.domain.documents import Folder
from core.library.document_tree import FolderCounts, LibraryTree, TreeFilter, TreeNode, build_tree
from core.store.documents.documents import DocumentRow
from gui.documents.tree_model import NAME, TreeModel

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class ScopeTree:
    """What can be chosen: `shown` is what the filter admits, `whole` the library."""

    shown: LibraryTree = LibraryTree()
    whole: LibraryTree = LibraryTree()
    filtered: bool = False


def scope_tree(folders: tuple[Folder, ...], documents: list[DocumentRow], words: str) -> ScopeTree:
    """Runs on a worker."""
    whole = build_tree(folders, documents, TreeFilter())
    filtered = bool(words.strip())
    return ScopeTree(build_tree(folders, documents, TreeFilter(words)) if filtered else whole, whole, filtered)


class ScopeChoice:
    """A set of paths, no one of them below another: a folder stands for all that is in it, now and later."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._paths = set(paths)
        self._count_above()

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(sorted(self._paths))

    def state(self, path: Path) -> Qt.CheckState:
        if path in self._paths or any(parent in self._paths for parent in path.parents):
            return Qt.CheckState.Checked
        return Qt.CheckState.PartiallyChecked if path in self._above else Qt.CheckState.Unchecked

    def choose(self, path: Path) -> None:
        self._drop_below(path)
        self._paths.add(path)
        self._count_above()

    def leave_out(self, node: TreeNode) -> None:
        """Of a folder that was chosen as a whole, everything else stays chosen."""
        self._drop_below(node.path)
        if node.path in self._paths:
            self._paths.discard(node.path)
        else:
            self._split_above(node)
        self._count_above()

    def _split_above(self, node: TreeNode) -> None:
        """Choose in place of the folder above `node` all that is in it, down to the siblings of `node`."""
        line = [node]
        while line[-1].parent is not None and line[-1].path not in self._paths:
            line.append(line[-1].parent)
        if line[-1].path not in self._paths:
            return
        self._paths.discard(line[-1].path)
        kept_out = {one.path for one in line}
        for folder in line[1:]:
            self._paths.update(child.path for child in folder.children if child.path not in kept_out)

    def _drop_below(self, path: Path) -> None:
        self._paths = {chosen for chosen in self._paths if path not in chosen.parents}

    def _count_above(self) -> None:
        self._above = {parent for path in self._paths for parent in path.parents}


class ScopeModel(TreeModel):
    """One column, each row with its box. While a filter hides rows, only documents can be chosen: a folder would bring
    more than is seen. `chosen` comes after each change by the person."""

    chosen = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.choice = ScopeChoice()
        self._all = ScopeTree()

    @property
    def filtered(self) -> bool:
        return self._all.filtered

    def show_all(self, shown: ScopeTree) -> None:
        self._all = shown
        self.show_tree(shown.shown)

    def set_choice(self, paths: Iterable[Path]) -> None:
        self.choice = ScopeChoice(paths)
        self._redraw()

    def counted(self) -> int:
        """How many documents are chosen."""
        return sum(self._documents_at(path) for path in self.choice.paths)

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
            return self.choice.state(node.path) if checkable else None
        return super().data(index, role)

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node = self.node(index)
        if node is None or role != Qt.ItemDataRole.CheckStateRole:
            return False
        if Qt.CheckState(value) is Qt.CheckState.Checked:
            self.choice.choose(node.path)
        else:
            self.choice.leave_out(self._all.whole.node_at(node.path) or node)
        self._redraw()
        self.chosen.emit()
        return True

    def _documents_at(self, path: Path) -> int:
        node = self._all.whole.node_at(path)
        if node is None:
            return 0
        return (
            1
            if node.document_id is not None
            else self._all.whole.counts.get(node.folder_number, FolderCounts()).documents
        )

    def _redraw(self) -> None:
        """A box changes those above and below it: whatever is seen is drawn anew."""
        if self.tree.roots:
            self.dataChanged.emit(self.index(0, NAME), self.index(len(self.tree.roots) - 1, NAME))
