"""The library's tree as a Qt model: states in words, rows fetched in chunks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester

from core.domain.documents import DocumentState, Folder
from core.library.document_tree import TreeFilter, build_tree
from gui.documents.tree_model import CHUNK_ROWS, STATE, TreeModel
from tests.support.document_rows import document_row

WAITING, SKIPPED = DocumentState.WAITING, DocumentState.SKIPPED


def test_each_row_has_a_state_and_a_tooltip() -> None:
    documents = [
        document_row(1, "/a/x.md"),
        document_row(2, "/a/y.pdf", SKIPPED, "it needs a password"),
        document_row(3, "/a/z.md", WAITING),
    ]
    model = TreeModel()
    model.show_tree(build_tree([Folder(1, Path("/a"), 3)], documents, TreeFilter()))
    root = model.index(0, 0)
    words = [model.index(row, STATE, root).data() for row in range(model.rowCount(root))]
    assert words == ["Ready", "Skipped: it needs a password", "Waiting"]
    assert model.index(0, STATE).data() == "2 of 3 read"
    assert "it needs a password" in model.index(1, 0, root).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, 0, root).data(Qt.ItemDataRole.AccessibleTextRole) == "x.md, Ready"


def test_a_hundred_thousand_rows_come_in_chunks(qtmodeltester: ModelTester) -> None:
    documents = [document_row(n, f"/a/{n:06}.md") for n in range(1, 100_001)]
    model = TreeModel()
    model.show_tree(build_tree([Folder(1, Path("/a"), len(documents))], documents, TreeFilter()))
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
    assert model.show_tree(
        build_tree(folders, [document_row(1, "/a/x.md", WAITING), document_row(2, "/a/y.md")], TreeFilter())
    )
    kept = model.index(0, 0, model.index(0, 0))
    assert not model.show_tree(
        build_tree(folders, [document_row(1, "/a/x.md"), document_row(2, "/a/y.md")], TreeFilter())
    )
    assert kept.siblingAtColumn(STATE).data() == "Ready"
    assert model.show_tree(build_tree(folders, [document_row(1, "/a/x.md")], TreeFilter()))
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt leaves it untyped


def test_an_empty_model_is_valid(qtmodeltester: ModelTester) -> None:
    model = TreeModel()
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt leaves it untyped
    assert model.rowCount(QModelIndex()) == 0
