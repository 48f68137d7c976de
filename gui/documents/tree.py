"""The library as a tree of folders and documents: plain values, built off the GUI thread, never changed afterwards."""

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
_PARTS = re.compile(r"[0-9]+|[^0-9]+")


@dataclass(frozen=True, slots=True)
class TreeFilter:
    """Which documents are shown: those of `state` (None for all) whose name or title holds all of `words`."""

    words: str = ""
    state: DocumentState | None = None

    @property
    def empty(self) -> bool:
        return not self.words.strip() and self.state is None

    def admits(self, name: str, title: str, state: str) -> bool:
        if self.state is not None and state != self.state:
            return False
        if not self.words.strip():
            return True
        either = f"{name} {title}".casefold()
        return all(word in either for word in self.words.casefold().split())


@dataclass(slots=True)
class NodeCounts:
    """What lies under a row."""

    documents: int = 0
    waiting: int = 0
    skipped: int = 0

    def add(self, other: NodeCounts) -> None:
        self.documents += other.documents
        self.waiting += other.waiting
        self.skipped += other.skipped


class Node:
    """A row: an added folder (or single file), a folder within one, or a document. Holds the place only; how the
    document stands is in the tree it belongs to, so that a new state changes no row. `number` counts the folders.

    Rows of documents are made when they are asked for, and no row holds the one above it: a hundred thousand objects
    that hold each other would keep the garbage collector busy, which works on the GUI thread.
    """

    __slots__ = ("__weakref__", "_parent", "_top", "children", "document_id", "folder_id", "name", "number", "row")

    def __init__(
        self, name: str, parent: Node | None, folder_id: int, document_id: int | None = None, top: Path | None = None
    ) -> None:
        self.name = name
        self.folder_id = folder_id
        self.document_id = document_id
        self.children = Children(self) if document_id is None else NO_CHILDREN
        self.row = 0
        self.number = 0
        self._parent = weakref.ref(parent) if parent is not None else None
        self._top = top

    @property
    def parent(self) -> Node | None:
        return self._parent() if self._parent is not None else None

    @property
    def path(self) -> Path:
        parent = self.parent
        return self._top or (parent.path / self.name if parent is not None else Path(self.name))

    @property
    def key(self) -> tuple[int, str]:
        """Names the row from one tree to the next."""
        return self.folder_id, str(self.path)


class Children(Sequence[Node]):
    """The rows below a folder: `folders`, then the documents with these `ids` and `names`."""

    __slots__ = ("_made", "_owner", "folders", "ids", "names")

    def __init__(self, owner: Node | None) -> None:
        self.folders: list[Node] = []
        self.ids: list[int] = []
        self.names: list[str] = []
        self._made: dict[int, Node] = {}
        self._owner = weakref.ref(owner) if owner is not None else None

    def __len__(self) -> int:
        return len(self.folders) + len(self.ids)

    def __getitem__(self, row: Any) -> Any:
        """The row; slices are not needed."""
        at = row - len(self.folders)
        if at < 0:
            return self.folders[row]
        if at >= len(self.ids):
            raise IndexError(row)
        made = self._made.get(at)
        owner = self._owner() if self._owner is not None else None
        if made is None and owner is not None:
            made = self._made[at] = Node(self.names[at], owner, owner.folder_id, self.ids[at])
            made.row = row
        return made

    def named(self, name: str) -> Node | None:
        """The folder or document of this name."""
        folder = next((one for one in self.folders if one.name == name), None)
        if folder is not None or name not in self.names:
            return folder
        found: Node = self[len(self.folders) + self.names.index(name)]
        return found

    def put_in_order(self) -> int:
        """Folders before documents, names in the order people expect; gives what tells this order from another."""
        self.folders.sort(key=lambda node: natural(node.name))
        for row, node in enumerate(self.folders):
            node.row = row
        ordered = sorted(zip(map(natural, self.names), self.names, self.ids, strict=True))
        self.names, self.ids = [name for _, name, _ in ordered], [document_id for _, _, document_id in ordered]
        return hash((tuple(node.name for node in self.folders), tuple(self.names), tuple(self.ids)))


NO_CHILDREN = Children(None)


class TreeDocuments(Mapping[int, Document]):
    """Documents by their id; each is made into a value when it is asked for."""

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
    """`roots` are the added folders. `shape` is equal for two trees with the same rows in the same order. The totals
    and `folders` are over the whole library, `shown` over what the filter admits; `counts` are by the rows' number.
    `notes` say, by path, why a folder was not looked into, or not all of a document is searched."""

    roots: tuple[Node, ...] = ()
    shape: int = 0
    folders: int = 0
    documents: TreeDocuments = field(default_factory=TreeDocuments)
    counts: Mapping[int, NodeCounts] = field(default_factory=dict)
    total: int = 0
    indexed: int = 0
    waiting: int = 0
    skipped: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> int:
        return len(self.documents)

    def at(self, path: Path) -> Node | None:
        """The row of this folder or document."""
        for root in self.roots:
            if path == root.path:
                return root
            if path.is_relative_to(root.path):
                return _below(root, path.relative_to(root.path).parts)
        return None


def build(
    folders: Sequence[Folder],
    documents: Iterable[DocumentRow],
    wanted: TreeFilter,
    noted: Iterable[Skipped] = (),
) -> LibraryTree:
    """The tree of `documents`, folders before files, names in the order people expect. Runs on a worker."""
    rows = documents if isinstance(documents, list) else list(documents)
    builder = _Builder(folders)
    totals = dict.fromkeys(map(str, DocumentState), 0)
    admitted: dict[int, DocumentRow] = {}
    everything = wanted.empty
    for row in rows:
        state = row[4]
        totals[state] += 1
        if row[1] not in builder.roots:
            continue
        folder, _, name = row[2].rpartition(SEPARATOR)
        shown = os.fsdecode(name)
        if everything or wanted.admits(shown, row[3], state):
            admitted[row[0]] = row
            builder.add(row, folder, shown)
    roots = [root for root in builder.roots.values() if everything or builder.held(root)]
    shape, counts = builder.finished(roots)
    return LibraryTree(
        roots=tuple(roots),
        shape=shape,
        folders=len(folders),
        documents=TreeDocuments(admitted),
        counts=counts,
        total=len(rows),
        indexed=totals[DocumentState.INDEXED],
        waiting=totals[DocumentState.WAITING],
        skipped=totals[DocumentState.SKIPPED],
        notes={str(one.path): one.reason for one in noted},
    )


class _Builder:
    def __init__(self, folders: Sequence[Folder]) -> None:
        self.roots = {f.id: Node(f.path.name or str(f.path), None, f.id, top=f.path) for f in folders}
        self._tops = {folder.id: os.fsencode(folder.path) for folder in folders}
        self._places = {(folder_id, top): self.roots[folder_id] for folder_id, top in self._tops.items()}
        self._counts: dict[Node, NodeCounts] = {}

    def add(self, row: DocumentRow, folder: bytes, name: str) -> None:
        document_id, folder_id, path = row[:3]
        if path == self._tops[folder_id]:
            place = self.roots[folder_id]
            place.document_id = document_id
        else:
            place = self._places.get((folder_id, folder)) or self._place(folder_id, folder)
            place.children.ids.append(document_id)
            place.children.names.append(name)
        counts = self._counts.get(place)
        if counts is None:
            counts = self._counts[place] = NodeCounts()
        counts.documents += 1
        counts.waiting += row[4] == DocumentState.WAITING
        counts.skipped += row[4] == DocumentState.SKIPPED

    def held(self, root: Node) -> bool:
        """Whether anything lies under it."""
        return bool(root.children) or root in self._counts

    def finished(self, roots: list[Node]) -> tuple[int, dict[int, NodeCounts]]:
        """Put rows in order, number the folders; gives the shape and what lies under each folder."""
        counts: dict[int, NodeCounts] = {}
        roots.sort(key=lambda node: (node.document_id is not None, natural(node.name)))
        shapes: list[object] = []
        for row, root in enumerate(roots):
            root.row = row
            shapes.append((root.name, self._finish(root, counts)))
        return hash(tuple(shapes)), counts

    def _finish(self, node: Node, counts: dict[int, NodeCounts]) -> int:
        node.number = len(counts)
        mine = counts[node.number] = self._counts.get(node, NodeCounts())
        shape: list[object] = [node.document_id, node.children.put_in_order()]
        for child in node.children.folders:
            shape.append(self._finish(child, counts))
            mine.add(counts[child.number])
        return hash(tuple(shape))

    def _place(self, folder_id: int, folder: bytes) -> Node:
        """The row of `folder`, made with those above it if it is not there yet."""
        if len(folder) <= len(self._tops[folder_id].rstrip(SEPARATOR)):
            return self.roots[folder_id]
        found = self._places.get((folder_id, folder))
        if found is None:
            above, _, name = folder.rpartition(SEPARATOR)
            parent = self._place(folder_id, above)
            found = self._places[folder_id, folder] = Node(os.fsdecode(name), parent, folder_id)
            parent.children.folders.append(found)
        return found


def _below(node: Node, names: Sequence[str]) -> Node | None:
    """The row that these names lead to."""
    for name in names[:-1]:
        folder = next((one for one in node.children.folders if one.name == name), None)
        if folder is None:
            return None
        node = folder
    return node.children.named(names[-1])


def natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key by which "Part 2" comes before "Part 10", whatever the case."""
    folded = name.casefold()
    if not _DIGITS.search(folded):
        return [(1, 0, folded)]
    return [(0, int(part[:18]), "") if part[0] in "0123456789" else (1, 0, part) for part in _PARTS.findall(folded)]
