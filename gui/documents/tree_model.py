"""The library's tree as a Qt model; rows are fetched in chunks as they are scrolled to, for 100,000 documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.domain.documents import Document, DocumentState
from core.domain.locations import count_words
from core.i18n import ngettext, tr
from core.library.document_tree import FolderCounts, LibraryTree, TreeNode

CHUNK_ROWS = 400
NAME, STATE = 0, 1
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class TreeModel(QAbstractItemModel):
    """Two columns: name and state. Shows one `LibraryTree` until `show_tree` replaces it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tree = LibraryTree()
        self._fetched_rows: dict[tuple[int, str], int] = {}

    def show_tree(self, tree: LibraryTree) -> bool:
        """Show `tree`. Returns False if only states have changed and no row has: the view then keeps its state."""
        if tree.structure_hash == self.tree.structure_hash and self.tree.roots:
            self.tree = replace(tree, roots=self.tree.roots)
            last = self.index(len(tree.roots) - 1, STATE)
            self.dataChanged.emit(self.index(0, NAME), last)
            return False
        self.beginResetModel()
        self.tree = tree
        self._fetched_rows.clear()
        self.endResetModel()
        return True

    def node(self, index: _Index) -> TreeNode | None:
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, TreeNode) else None

    def document(self, node: TreeNode | None) -> Document | None:
        return None if node is None or node.document_id is None else self.tree.documents.get(node.document_id)

    def index_of(self, node: TreeNode) -> QModelIndex:
        """The index of `node`; fetches its row if necessary."""
        parent = self.index_of(node.parent) if node.parent else QModelIndex()
        while node.row >= self.rowCount(parent) and self.canFetchMore(parent):
            self.fetchMore(parent)
        return self.createIndex(node.row, NAME, node)

    def index(self, row: int, column: int, parent: _Index = _NOWHERE) -> QModelIndex:
        children = self._children(parent)
        if not (0 <= row < len(children) and 0 <= column <= STATE):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: _Index = _NOWHERE) -> Any:  # two overloads in Qt, which the stubs join
        node = self.node(index)
        if node is None or node.parent is None:
            return QModelIndex()
        return self.createIndex(node.parent.row, NAME, node.parent)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        if parent.isValid() and parent.column() > 0:
            return 0
        return min(len(self._children(parent)), self._fetched_rows.get(self._key(parent), CHUNK_ROWS))

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 2

    def hasChildren(self, parent: _Index = _NOWHERE) -> bool:
        return parent.column() <= 0 and bool(self._children(parent))

    def canFetchMore(self, parent: _Index) -> bool:
        return self.rowCount(parent) < len(self._children(parent))

    def fetchMore(self, parent: _Index) -> None:
        fetched = self.rowCount(parent)
        end = min(fetched + CHUNK_ROWS, len(self._children(parent)))
        if end > fetched:
            self.beginInsertRows(parent, fetched, end - 1)
            self._fetched_rows[self._key(parent)] = end
            self.endInsertRows()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr("Name") if section == NAME else tr("State")
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.node(index)
        if node is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return node.name if index.column() == NAME else self.state_text(node)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.details(node)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{node.name}, {self.state_text(node)}"
        return None

    def state_text(self, node: TreeNode) -> str:
        """The state of a row in a few words: of a document its own, of a folder that of the documents under it."""
        document, reason = self.document(node), self.incomplete_reason(node)
        if document is not None:
            partly = reason and document.state is DocumentState.INDEXED
            return tr("Ready, in part") if partly else document_state_text(document)
        if reason:
            return tr("Not looked into: {reason}", reason=reason)
        counts = self.tree.counts.get(node.folder_number, FolderCounts())
        if counts.waiting:
            return tr("{done} of {all} read", done=counts.documents - counts.waiting, all=counts.documents)
        if counts.skipped:
            ready = counts.documents - counts.skipped
            return tr("{ready} ready, {skipped} skipped", ready=ready, skipped=counts.skipped)
        return ngettext("{n} document", "{n} documents", counts.documents)

    def incomplete_reason(self, node: TreeNode) -> str:
        """Why a folder was not scanned or a document is searched only in part; "" if neither is so."""
        return self.tree.incomplete.get(str(node.path), "") if self.tree.incomplete else ""

    def details(self, node: TreeNode) -> str:
        """The tooltip of a row: path, title, number of pages, state and what is wrong, a line each."""
        lines = [str(node.path)]
        document = self.document(node)
        if document is not None and document.title not in ("", document.path.name, document.path.stem):
            lines.append(document.title)
        if document is not None and (pages := count_words(document)):
            lines.append(pages)
        lines.append(self.state_text(node))
        if document is not None and (reason := self.incomplete_reason(node)):
            lines.append(reason)
        return "\n".join(lines)

    def _children(self, parent: _Index) -> Sequence[TreeNode]:
        node = self.node(parent)
        return self.tree.roots if node is None else node.children

    def _key(self, parent: _Index) -> tuple[int, str]:
        node = self.node(parent)
        return (0, "") if node is None else node.key


def document_state_text(document: Document) -> str:
    if document.state is DocumentState.WAITING:
        return tr("Waiting")
    if document.state is DocumentState.SKIPPED:
        return tr("Skipped: {reason}", reason=document.reason)
    return tr("Ready")
