"""The library as a tree of folders and documents, filtered and counted; not changed after it is built."""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.domain.documents import Document, DocumentState, Folder, Skipped
from core.store.documents.documents import DocumentRow, document_of

SEPARATOR = os.fsencode(os.sep)
_DIGITS = re.compile(r"[0-9]")
_DIGITS_OR_REST = re.compile(r"[0-9]+|[^0-9]+")


@dataclass(frozen=True, slots=True)
class TreeFilter:
    """Which documents are shown: those in `state` (None for any) whose name or title contains each of `words`."""

    words: str = ""
    state: DocumentState | None = None

    @property
    def empty(self) -> bool:
        return not self.words.strip() and self.state is None

    def matches(self, name: str, title: str, state: str) -> bool:
        if self.state is not None and state != self.state:
            return False
        if not self.words.strip():
            return True
        either = f"{name} {title}".casefold()
        return all(word in either for word in self.words.casefold().split())


@dataclass(slots=True)
class FolderCounts:
    """Documents under a folder, at any depth."""

    documents: int = 0
    waiting: int = 0
    skipped: int = 0

    def add(self, other: FolderCounts) -> None:
        self.documents += other.documents
        self.waiting += other.waiting
        self.skipped += other.skipped


class TreeNode:
    """An added folder (or single file), a folder within one, or a document. A document's state is in the tree, not in
    its node, so that a new state changes no node. `folder_number` is the key of a folder in `LibraryTree.counts`,
    `row` the position among its siblings.

    Document nodes are created when they are asked for, and parents are weak references: a hundred thousand objects in
    reference cycles would make each garbage collection slow, and the window runs those on the GUI thread.
    """

    __slots__ = (
        "__weakref__", "_parent", "_root_path", "children", "document_id", "folder_id", "folder_number", "name", "row",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        parent: TreeNode | None,
        folder_id: int,
        document_id: int | None = None,
        root_path: Path | None = None,
    ) -> None:
        self.name = name
        self.folder_id = folder_id
        self.document_id = document_id
        self.children = ChildNodes(self) if document_id is None else NO_CHILDREN
        self.row = 0
        self.folder_number = 0
        self._parent = weakref.ref(parent) if parent is not None else None
        self._root_path = root_path

    @property
    def parent(self) -> TreeNode | None:
        return self._parent() if self._parent is not None else None

    @property
    def path(self) -> Path:
        parent = self.parent
        return self._root_path or (parent.path / self.name if parent is not None else Path(self.name))

    @property
    def key(self) -> tuple[int, str]:
        """Identifies the same folder or document in a later tree."""
        return self.folder_id, str(self.path)


class ChildNodes(Sequence[TreeNode]):
    """The nodes below a folder: `folders`, then the documents with these `ids` and `names`."""

    __slots__ = ("_nodes", "_owner", "folders", "ids", "names")

    def __init__(self, owner: TreeNode | None) -> None:
        self.folders: list[TreeNode] = []
        self.ids: list[int] = []
        self.names: list[str] = []
        self._nodes: dict[int, TreeNode] = {}
        self._owner = weakref.ref(owner) if owner is not None else None

    def __len__(self) -> int:
        return len(self.folders) + len(self.ids)

    def __getitem__(self, row: Any) -> Any:
        """Return the node at `row`; slices are not supported."""
        position = row - len(self.folders)
        if position < 0:
            return self.folders[row]
        if position >= len(self.ids):
            raise IndexError(row)
        node = self._nodes.get(position)
        owner = self._owner() if self._owner is not None else None
        if node is None and owner is not None:
            node = self._nodes[position] = TreeNode(self.names[position], owner, owner.folder_id, self.ids[position])
            node.row = row
        return node

    def find(self, name: str) -> TreeNode | None:
        """Return the folder or document of this name."""
        folder = next((folder for folder in self.folders if folder.name == name), None)
        if folder is not None or name not in self.names:
            return folder
        document: TreeNode = self[len(self.folders) + self.names.index(name)]
        return document

    def sort(self) -> int:
        """Sort folders and documents by name, each among themselves; return a hash of the resulting order."""
        self.folders.sort(key=lambda node: natural_sort_key(node.name))
        for row, node in enumerate(self.folders):
            node.row = row
        ordered = sorted(zip(map(natural_sort_key, self.names), self.names, self.ids, strict=True))
        self.names, self.ids = [name for _, name, _ in ordered], [document_id for _, _, document_id in ordered]
        return hash((tuple(node.name for node in self.folders), tuple(self.names), tuple(self.ids)))


NO_CHILDREN = ChildNodes(None)


class DocumentsById(Mapping[int, Document]):
    """Documents by id; each `Document` is created when it is asked for."""

    def __init__(self, rows: dict[int, DocumentRow] | None = None) -> None:
        self._rows = rows or {}

    def __getitem__(self, document_id: int) -> Document:
        return document_of(self._rows[document_id])

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(frozen=True, slots=True)
class LibraryTree:
    """`roots` are the added folders, `documents` those that pass the filter. `folders` and the totals below `counts`
    are of the whole library. `counts` are by `TreeNode.folder_number`. `incomplete` says, by path, why a folder was not
    scanned or a document is searched only in part. `structure_hash` is equal for trees with the same nodes in the same
    order."""

    roots: tuple[TreeNode, ...] = ()
    structure_hash: int = 0
    folders: int = 0
    documents: DocumentsById = field(default_factory=DocumentsById)
    counts: Mapping[int, FolderCounts] = field(default_factory=dict)
    total: int = 0
    indexed: int = 0
    waiting: int = 0
    skipped: int = 0
    incomplete: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> int:
        """How many documents pass the filter."""
        return len(self.documents)

    def node_at(self, path: Path) -> TreeNode | None:
        """Return the node of this folder or document; None if it is not in the tree."""
        for root in self.roots:
            if path == root.path:
                return root
            if path.is_relative_to(root.path):
                return _descendant(root, path.relative_to(root.path).parts)
        return None


def build_tree(
    folders: Sequence[Folder],
    documents: Iterable[DocumentRow],
    filter: TreeFilter,
    skipped: Iterable[Skipped] = (),
) -> LibraryTree:
    """Build the tree of the documents that pass `filter`, folders before files, in natural order. `skipped` are the
    folders and documents to note in `LibraryTree.incomplete`. Called on a worker thread."""
    rows = documents if isinstance(documents, list) else list(documents)
    builder = _TreeBuilder(folders)
    totals = dict.fromkeys(map(str, DocumentState), 0)
    admitted: dict[int, DocumentRow] = {}
    everything = filter.empty
    for row in rows:
        state = row[4]
        totals[state] += 1
        if row[1] not in builder.roots:
            continue
        folder, _, encoded_name = row[2].rpartition(SEPARATOR)
        name = os.fsdecode(encoded_name)
        if everything or filter.matches(name, row[3], state):
            admitted[row[0]] = row
            builder.add(row, folder, name)
    roots = [root for root in builder.roots.values() if everything or builder.is_filled(root)]
    structure_hash, counts = builder.finish(roots)
    return LibraryTree(
        roots=tuple(roots),
        structure_hash=structure_hash,
        folders=len(folders),
        documents=DocumentsById(admitted),
        counts=counts,
        total=len(rows),
        indexed=totals[DocumentState.INDEXED],
        waiting=totals[DocumentState.WAITING],
        skipped=totals[DocumentState.SKIPPED],
        incomplete={str(entry.path): entry.reason for entry in skipped},
    )


class _TreeBuilder:
    def __init__(self, folders: Sequence[Folder]) -> None:
        self.roots = {f.id: TreeNode(f.path.name or str(f.path), None, f.id, root_path=f.path) for f in folders}
        self._root_paths = {folder.id: os.fsencode(folder.path) for folder in folders}
        self._folders = {(folder_id, path): self.roots[folder_id] for folder_id, path in self._root_paths.items()}
        self._counts: dict[TreeNode, FolderCounts] = {}

    def add(self, row: DocumentRow, folder: bytes, name: str) -> None:
        document_id, folder_id, path = row[:3]
        if path == self._root_paths[folder_id]:  # a single file that was added by itself
            node = self.roots[folder_id]
            node.document_id = document_id
        else:
            node = self._folders.get((folder_id, folder)) or self._folder_node(folder_id, folder)
            node.children.ids.append(document_id)
            node.children.names.append(name)
        counts = self._counts.get(node)
        if counts is None:
            counts = self._counts[node] = FolderCounts()
        counts.documents += 1
        counts.waiting += row[4] == DocumentState.WAITING
        counts.skipped += row[4] == DocumentState.SKIPPED

    def is_filled(self, root: TreeNode) -> bool:
        """Whether a document under `root` passed the filter."""
        return bool(root.children) or root in self._counts

    def finish(self, roots: list[TreeNode]) -> tuple[int, dict[int, FolderCounts]]:
        """Sort the nodes and number the folders; return the structure hash and the counts by folder number."""
        counts: dict[int, FolderCounts] = {}
        roots.sort(key=lambda node: (node.document_id is not None, natural_sort_key(node.name)))
        structure: list[object] = []
        for row, root in enumerate(roots):
            root.row = row
            structure.append((root.name, self._finish(root, counts)))
        return hash(tuple(structure)), counts

    def _finish(self, node: TreeNode, counts: dict[int, FolderCounts]) -> int:
        node.folder_number = len(counts)
        own = counts[node.folder_number] = self._counts.get(node, FolderCounts())
        structure: list[object] = [node.document_id, node.children.sort()]
        for child in node.children.folders:
            structure.append(self._finish(child, counts))
            own.add(counts[child.folder_number])
        return hash(tuple(structure))

    def _folder_node(self, folder_id: int, folder: bytes) -> TreeNode:
        """Return the node of `folder`; create it, and those above it, if there is none yet."""
        if len(folder) <= len(self._root_paths[folder_id].rstrip(SEPARATOR)):
            return self.roots[folder_id]
        found = self._folders.get((folder_id, folder))
        if found is None:
            above, _, name = folder.rpartition(SEPARATOR)
            parent = self._folder_node(folder_id, above)
            found = self._folders[folder_id, folder] = TreeNode(os.fsdecode(name), parent, folder_id)
            parent.children.folders.append(found)
        return found


def _descendant(node: TreeNode, names: Sequence[str]) -> TreeNode | None:
    """Return the node that the path of `names` leads to from `node`."""
    for name in names[:-1]:
        folder = next((folder for folder in node.children.folders if folder.name == name), None)
        if folder is None:
            return None
        node = folder
    return node.children.find(names[-1])


def natural_sort_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts "Part 2" before "Part 10", whatever the case."""
    folded = name.casefold()
    if not _DIGITS.search(folded):
        return [(1, 0, folded)]
    return [
        (0, int(part[:18]), "") if part[0] in "0123456789" else (1, 0, part) for part in _DIGITS_OR_REST.findall(folded)
    ]
