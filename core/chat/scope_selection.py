"""Selects a conversation's scope in the library's tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from core.domain.documents import Folder
from core.library.document_tree import FolderCounts, LibraryTree, TreeFilter, TreeNode, build_tree
from core.store.documents.documents import DocumentRow


class SelectionState(Enum):
    """How much of a folder or document is selected."""

    NONE = "none"
    PARTLY = "partly"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class ScopeTree:
    """The library as a tree to select from. `shown` has the documents that pass the filter, `whole` all of them."""

    shown: LibraryTree = LibraryTree()
    whole: LibraryTree = LibraryTree()
    filtered: bool = False

    def document_count(self, paths: Iterable[Path]) -> int:
        """How many documents are at or below `paths`, none of which is below another."""
        return sum(self._document_count(path) for path in paths)

    def _document_count(self, path: Path) -> int:
        node = self.whole.node_at(path)
        if node is None:
            return 0
        if node.document_id is not None:
            return 1
        return self.whole.counts.get(node.folder_number, FolderCounts()).documents


def build_scope_tree(folders: tuple[Folder, ...], documents: list[DocumentRow], words: str) -> ScopeTree:
    """Build the tree, filtered by `words` in names and titles. Slow for large libraries: called on a worker thread."""
    whole = build_tree(folders, documents, TreeFilter())
    filtered = bool(words.strip())
    return ScopeTree(build_tree(folders, documents, TreeFilter(words)) if filtered else whole, whole, filtered)


class ScopeSelection:
    """A set of paths, none of them below another. A folder stands for everything in it, now and later."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._paths = set(paths)
        self._update_parents()

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(sorted(self._paths))

    def state(self, path: Path) -> SelectionState:
        if path in self._paths or any(parent in self._paths for parent in path.parents):
            return SelectionState.WHOLE
        return SelectionState.PARTLY if path in self._parents else SelectionState.NONE

    def add(self, path: Path) -> None:
        self._discard_below(path)
        self._paths.add(path)
        self._update_parents()

    def remove(self, node: TreeNode) -> None:
        """Remove a folder or document. If a folder above it is selected, everything else in that stays selected."""
        self._discard_below(node.path)
        if node.path in self._paths:
            self._paths.discard(node.path)
        else:
            self._split_folder_above(node)
        self._update_parents()

    def _split_folder_above(self, node: TreeNode) -> None:
        """Replace the selected folder above `node`, if any, by the siblings of `node` and of the folders between."""
        line = [node]
        while line[-1].parent is not None and line[-1].path not in self._paths:
            line.append(line[-1].parent)
        if line[-1].path not in self._paths:
            return
        self._paths.discard(line[-1].path)
        removed = {one.path for one in line}
        for folder in line[1:]:
            self._paths.update(child.path for child in folder.children if child.path not in removed)

    def _discard_below(self, path: Path) -> None:
        self._paths = {selected for selected in self._paths if path not in selected.parents}

    def _update_parents(self) -> None:
        self._parents = {parent for path in self._paths for parent in path.parents}
