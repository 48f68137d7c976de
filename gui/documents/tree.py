"""The library as a tree of folders and documents: plain values, built off the GUI thread, never changed afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.values import Document, DocumentState, Folder


@dataclass(frozen=True, slots=True)
class TreeFilter:
    """Which documents are shown: those of `state` (None for all) whose name or title holds all of `words`."""

    words: str = ""
    state: DocumentState | None = None

    @property
    def empty(self) -> bool:
        return not self.words.strip() and self.state is None

    def admits(self, document: Document) -> bool:
        if self.state is not None and document.state is not self.state:
            return False
        if not self.words.strip():
            return True
        name = f"{document.path.name} {document.title}".casefold()
        return all(word in name for word in self.words.casefold().split())


@dataclass(slots=True)
class Counts:
    """What lies under a row."""

    documents: int = 0
    waiting: int = 0
    skipped: int = 0


class Node:
    """A row: an added folder (or single file), a folder within one, or a document. Holds the place only; how the
    document stands is in the tree it belongs to, so that a new state changes no row."""

    __slots__ = ("children", "document_id", "folder_id", "parent", "path", "row")

    def __init__(self, path: Path, parent: Node | None, folder_id: int, document_id: int | None = None) -> None:
        self.path = path
        self.parent = parent
        self.folder_id = folder_id
        self.document_id = document_id
        self.children: list[Node] = []
        self.row = 0

    @property
    def name(self) -> str:
        return self.path.name or str(self.path)

    @property
    def key(self) -> tuple[int, str]:
        """Names the row from one tree to the next."""
        return self.folder_id, str(self.path)


@dataclass(frozen=True, slots=True)
class LibraryTree:
    """`roots` are the added folders. `shape` is equal for two trees with the same rows in the same order. The totals
    and `folders` are over the whole library, `shown` over what the filter admits."""

    roots: tuple[Node, ...] = ()
    shape: int = 0
    folders: int = 0
    documents: Mapping[int, Document] = field(default_factory=dict)
    counts: Mapping[tuple[int, str], Counts] = field(default_factory=dict)
    total: int = 0
    indexed: int = 0
    waiting: int = 0
    skipped: int = 0

    @property
    def shown(self) -> int:
        return len(self.documents)


def build(folders: Sequence[Folder], documents: Iterable[Document], wanted: TreeFilter) -> LibraryTree:
    """The tree of `documents`, folders before files, names in the order people expect. Runs on a worker."""
    roots = {folder.id: Node(folder.path, None, folder.id) for folder in folders}
    places = {root.key: root for root in roots.values()}
    counts = {root.key: Counts() for root in roots.values()}
    totals = dict.fromkeys(DocumentState, 0)
    admitted: dict[int, Document] = {}
    for document in documents:
        totals[document.state] += 1
        root = roots.get(document.folder_id)
        if root is None or not wanted.admits(document):
            continue
        admitted[document.id] = document
        if document.path == root.path:
            root.document_id = document.id
            _count(root, document.state, counts)
        else:
            parent = _place(places, root, document.path.parent)
            parent.children.append(Node(document.path, parent, root.folder_id, document.id))
            _count(parent, document.state, counts)
    kept = [root for root in roots.values() if wanted.empty or counts[root.key].documents]
    _order(kept)
    return LibraryTree(
        roots=tuple(kept),
        shape=_shape(kept),
        folders=len(folders),
        documents=admitted,
        counts=counts,
        total=sum(totals.values()),
        indexed=totals[DocumentState.INDEXED],
        waiting=totals[DocumentState.WAITING],
        skipped=totals[DocumentState.SKIPPED],
    )


def _place(places: dict[tuple[int, str], Node], root: Node, path: Path) -> Node:
    """The row of the folder `path`, made with those above it if it is not there yet."""
    found = places.get((root.folder_id, str(path)))
    if found is not None:
        return found
    above = root if path.parent == path or root.path not in path.parents else _place(places, root, path.parent)
    made = Node(path, above, root.folder_id)
    above.children.append(made)
    places[made.key] = made
    return made


def _count(node: Node | None, state: DocumentState, counts: dict[tuple[int, str], Counts]) -> None:
    while node is not None:
        count = counts.setdefault(node.key, Counts())
        count.documents += 1
        count.waiting += state is DocumentState.WAITING
        count.skipped += state is DocumentState.SKIPPED
        node = node.parent


def _order(nodes: list[Node]) -> None:
    nodes.sort(key=lambda node: (node.document_id is not None, natural(node.name)))
    for row, node in enumerate(nodes):
        node.row = row
        if node.children:
            _order(node.children)


def _shape(nodes: Sequence[Node]) -> int:
    return hash(tuple((node.key, node.document_id, _shape(node.children)) for node in nodes))


def natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key by which "Part 2" comes before "Part 10", whatever the case."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(0, int(part[:18]), "") if part[0].isdigit() and part.isascii() else (1, 0, part) for part in parts]
