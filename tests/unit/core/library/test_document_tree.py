"""The library as a tree: folders before documents, in natural order, filtered and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.domain.documents import DocumentState, Folder
from core.library.document_tree import LibraryTree, TreeFilter, TreeNode, build_tree, natural_sort_key
from tests.support.document_rows import document_row

SKIPPED = DocumentState.SKIPPED


def outline(tree: LibraryTree) -> list[str]:
    lines: list[str] = []

    def walk(nodes: Sequence[TreeNode], depth: int) -> None:
        for node in nodes:
            lines.append("  " * depth + node.name)
            walk(node.children, depth + 1)

    walk(tree.roots, 0)
    return lines


def test_folders_come_before_documents_and_numbers_are_sorted_by_value() -> None:
    documents = [
        document_row(1, "/home/me/work/part 10.md"),
        document_row(2, "/home/me/work/part 2.md"),
        document_row(3, "/home/me/work/old/deep/a.md"),
        document_row(4, "/home/me/work/Old letters.md"),
    ]
    tree = build_tree([Folder(1, Path("/home/me/work"), 4)], documents, TreeFilter())
    assert outline(tree) == [
        "work", "  old", "    deep", "      a.md", "  Old letters.md", "  part 2.md", "  part 10.md",
    ]  # fmt: skip


def test_two_folders_a_single_file_and_one_that_is_empty() -> None:
    folders = [Folder(1, Path("/a"), 1), Folder(2, Path("/b/notes.txt"), 1), Folder(3, Path("/c"), 0)]
    tree = build_tree(folders, [document_row(1, "/a/x.md"), document_row(2, "/b/notes.txt", folder=2)], TreeFilter())
    assert outline(tree) == ["a", "  x.md", "c", "notes.txt"]
    assert (tree.folders, tree.total, tree.indexed) == (3, 2, 2)


def test_a_filter_shows_what_matches_and_the_totals_stay() -> None:
    documents = [
        document_row(1, "/a/Lease 2024.pdf"),
        document_row(2, "/a/lease 2025.pdf", SKIPPED, "encrypted"),
        document_row(3, "/a/x.md"),
    ]
    folders = [Folder(1, Path("/a"), 3)]
    assert outline(build_tree(folders, documents, TreeFilter("LEASE 20"))) == [
        "a",
        "  Lease 2024.pdf",
        "  lease 2025.pdf",
    ]
    skipped = build_tree(folders, documents, TreeFilter(state=SKIPPED))
    assert outline(skipped) == ["a", "  lease 2025.pdf"]
    assert (skipped.shown, skipped.total, skipped.skipped) == (1, 3, 1)
    assert outline(build_tree(folders, documents, TreeFilter("nothing like it"))) == []


def test_natural_order() -> None:
    names = ["b", "a10", "A2", "a", "10", "9"]
    assert sorted(names, key=natural_sort_key) == ["9", "10", "a", "A2", "a10", "b"]
