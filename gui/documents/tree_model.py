"""The library's tree as a Qt model: rows come in chunks as they are scrolled to, so 100,000 documents cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.domain.documents import Document, DocumentState
from core.domain.locations import count_words
from core.i18n import ngettext, tr
from gui.documents.tree import LibraryTree, Node, NodeCounts

CHUNK_ROWS = 400
NAME, STATE = 0, 1
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class TreeModel(QAbstractItemModel):
    """Shows one `LibraryTree`; `show_tree` puts the next in its place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tree = LibraryTree()
        self._loaded: dict[tuple[int, str], int] = {}

    def show_tree(self, tree: LibraryTree) -> bool:
        """Show `tree`. False if only states changed and every row stayed where it was."""
        if tree.shape == self.tree.shape and self.tree.roots:
            self.tree = replace(tree, roots=self.tree.roots)
            last = self.index(len(tree.roots) - 1, STATE)
            self.dataChanged.emit(self.index(0, NAME), last)
            return False
        self.beginResetModel()
        self.tree = tree
        self._loaded.clear()
        self.endResetModel()
        return True

    def node(self, index: _Index) -> Node | None:
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, Node) else None

    def document(self, node: Node | None) -> Document | None:
        return None if node is None or node.document_id is None else self.tree.documents.get(node.document_id)

    def index_of(self, node: Node) -> QModelIndex:
        """The index of `node`, its row loaded if it was not yet."""
        parent = self.index_of(node.parent) if node.parent else QModelIndex()
        while node.row >= self.rowCount(parent) and self.canFetchMore(parent):
            self.fetchMore(parent)
        return self.createIndex(node.row, NAME, node)

    def index(self, row: int, column: int, parent: _Index = _NOWHERE) -> QModelIndex:
        children = self._children(parent)
        if not (0 <= row < len(children) and 0 <= column <= STATE):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: _Index = _NOWHERE) -> Any:  # Qt has two functions of this name; the stubs join them
        node = self.node(index)
        if node is None or node.parent is None:
            return QModelIndex()
        return self.createIndex(node.parent.row, NAME, node.parent)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        if parent.isValid() and parent.column() > 0:
            return 0
        return min(len(self._children(parent)), self._loaded.get(self._key(parent), CHUNK_ROWS))

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 2

    def hasChildren(self, parent: _Index = _NOWHERE) -> bool:
        return parent.column() <= 0 and bool(self._children(parent))

    def canFetchMore(self, parent: _Index) -> bool:
        return self.rowCount(parent) < len(self._children(parent))

    def fetchMore(self, parent: _Index) -> None:
        shown = self.rowCount(parent)
        upto = min(shown + CHUNK_ROWS, len(self._children(parent)))
        if upto > shown:
            self.beginInsertRows(parent, shown, upto - 1)
            self._loaded[self._key(parent)] = upto
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
            return node.name if index.column() == NAME else self.state_words(node)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.details(node)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{node.name}, {self.state_words(node)}"
        return None

    def state_words(self, node: Node) -> str:
        """A row's state in a few words: a document's own, or what a folder holds."""
        document, note = self.document(node), self.note(node)
        if document is not None:
            return (
                tr("Ready, in part") if note and document.state is DocumentState.INDEXED else document_state(document)
            )
        if note:
            return tr("Not looked into: {reason}", reason=note)
        count = self.tree.counts.get(node.number, NodeCounts())
        if count.waiting:
            return tr("{done} of {all} read", done=count.documents - count.waiting, all=count.documents)
        if count.skipped:
            ready = count.documents - count.skipped
            return tr("{ready} ready, {skipped} skipped", ready=ready, skipped=count.skipped)
        return ngettext("{n} document", "{n} documents", count.documents)

    def note(self, node: Node) -> str:
        """Why a folder was not looked into, or not all of a document is searched; "" for nothing."""
        return self.tree.notes.get(str(node.path), "") if self.tree.notes else ""

    def details(self, node: Node) -> str:
        """What the tip of a row says: where it is and how it stands, in whole words."""
        lines = [str(node.path)]
        document = self.document(node)
        if document is not None and document.title not in ("", document.path.name, document.path.stem):
            lines.append(document.title)
        if document is not None and (pages := count_words(document)):
            lines.append(pages)
        lines.append(self.state_words(node))
        if document is not None and (note := self.note(node)):
            lines.append(note)
        return "\n".join(lines)

    def _children(self, parent: _Index) -> Sequence[Node]:
        node = self.node(parent)
        return self.tree.roots if node is None else node.children

    def _key(self, parent: _Index) -> tuple[int, str]:
        node = self.node(parent)
        return (0, "") if node is None else node.key


def document_state(document: Document) -> str:
    if document.state is DocumentState.WAITING:
        return tr("Waiting")
    if document.state is DocumentState.SKIPPED:
        return tr("Skipped: {reason}", reason=document.reason)
    return tr("Ready")
