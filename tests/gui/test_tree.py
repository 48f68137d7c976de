"""The library as a tree: built from plain values, shown in chunks."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester

from core.domain.documents import DocumentState, Folder
from core.store.documents.documents import DocumentRow
from gui.documents.tree import LibraryTree, TreeFilter, build, natural
from gui.documents.tree_model import CHUNK_ROWS, STATE, TreeModel

INDEXED, WAITING, SKIPPED = DocumentState.INDEXED, DocumentState.WAITING, DocumentState.SKIPPED


def document(number: int, path: str, state: DocumentState = INDEXED, reason: str = "", folder: int = 1) -> DocumentRow:
    return number, folder, os.fsencode(Path(path)), Path(path).stem, state.value, reason, 10, 0, None, 1, ""


def outline(tree: LibraryTree) -> list[str]:
    lines: list[str] = []

    def walk(nodes: object, depth: int) -> None:
        for node in nodes:  # type: ignore[attr-defined]  # nodes of the tree
            lines.append("  " * depth + node.name)
            walk(node.children, depth + 1)

    walk(tree.roots, 0)
    return lines


def test_folders_come_before_documents_and_numbers_count() -> None:
    documents = [
        document(1, "/home/me/work/part 10.md"),
        document(2, "/home/me/work/part 2.md"),
        document(3, "/home/me/work/old/deep/a.md"),
        document(4, "/home/me/work/Old letters.md"),
    ]
    tree = build([Folder(1, Path("/home/me/work"), 4)], documents, TreeFilter())
    assert outline(tree) == [
        "work", "  old", "    deep", "      a.md", "  Old letters.md", "  part 2.md", "  part 10.md",
    ]  # fmt: skip


def test_two_folders_a_single_file_and_one_that_is_empty() -> None:
    folders = [Folder(1, Path("/a"), 1), Folder(2, Path("/b/notes.txt"), 1), Folder(3, Path("/c"), 0)]
    tree = build(folders, [document(1, "/a/x.md"), document(2, "/b/notes.txt", folder=2)], TreeFilter())
    assert outline(tree) == ["a", "  x.md", "c", "notes.txt"]
    assert (tree.folders, tree.total, tree.indexed) == (3, 2, 2)


def test_a_filter_shows_what_fits_and_the_totals_stay() -> None:
    documents = [
        document(1, "/a/Lease 2024.pdf"),
        document(2, "/a/lease 2025.pdf", SKIPPED, "encrypted"),
        document(3, "/a/x.md"),
    ]
    folders = [Folder(1, Path("/a"), 3)]
    assert outline(build(folders, documents, TreeFilter("LEASE 20"))) == ["a", "  Lease 2024.pdf", "  lease 2025.pdf"]
    skipped = build(folders, documents, TreeFilter(state=SKIPPED))
    assert outline(skipped) == ["a", "  lease 2025.pdf"]
    assert (skipped.shown, skipped.total, skipped.skipped) == (1, 3, 1)
    assert outline(build(folders, documents, TreeFilter("nothing like it"))) == []


def test_the_model_says_how_each_row_stands() -> None:
    documents = [
        document(1, "/a/x.md"),
        document(2, "/a/y.pdf", SKIPPED, "it needs a password"),
        document(3, "/a/z.md", WAITING),
    ]
    model = TreeModel()
    model.show_tree(build([Folder(1, Path("/a"), 3)], documents, TreeFilter()))
    root = model.index(0, 0)
    words = [model.index(row, STATE, root).data() for row in range(model.rowCount(root))]
    assert words == ["Ready", "Skipped: it needs a password", "Waiting"]
    assert model.index(0, STATE).data() == "2 of 3 read"
    assert "it needs a password" in model.index(1, 0, root).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, 0, root).data(Qt.ItemDataRole.AccessibleTextRole) == "x.md, Ready"


def test_a_hundred_thousand_rows_come_in_chunks(qtmodeltester: ModelTester) -> None:
    documents = [document(n, f"/a/{n:06}.md") for n in range(1, 100_001)]
    model = TreeModel()
    model.show_tree(build([Folder(1, Path("/a"), len(documents))], documents, TreeFilter()))
    root = model.index(0, 0)
    assert model.rowCount(root) == CHUNK_ROWS and model.canFetchMore(root)
    model.fetchMore(root)
    assert model.rowCount(root) == 2 * CHUNK_ROWS
    far = model.tree.roots[0].children[1999]
    assert model.index_of(far).data() == "002000.md"
    assert model.rowCount(root) == 5 * CHUNK_ROWS


def test_a_new_state_moves_no_row(qtmodeltester: ModelTester) -> None:
    folders = [Folder(1, Path("/a"), 2)]
    model = TreeModel()
    assert model.show_tree(build(folders, [document(1, "/a/x.md", WAITING), document(2, "/a/y.md")], TreeFilter()))
    kept = model.index(0, 0, model.index(0, 0))
    assert not model.show_tree(build(folders, [document(1, "/a/x.md"), document(2, "/a/y.md")], TreeFilter()))
    assert kept.siblingAtColumn(STATE).data() == "Ready"
    assert model.show_tree(build(folders, [document(1, "/a/x.md")], TreeFilter()))
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt leaves it untyped


def test_an_empty_model_is_sound(qtmodeltester: ModelTester) -> None:
    model = TreeModel()
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt leaves it untyped
    assert model.rowCount(QModelIndex()) == 0


def test_natural_order() -> None:
    names = ["b", "a10", "A2", "a", "10", "9"]
    assert sorted(names, key=natural) == ["9", "10", "a", "A2", "a10", "b"]
