"""Selecting a scope in the library's tree: whole folders, folders without some documents, single documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.chat.scope_selection import ScopeSelection, ScopeTree, SelectionState, build_scope_tree
from core.domain.documents import Folder
from core.library.document_tree import TreeNode
from tests.support.document_rows import document_row

ROOT = Path("/papers")
LEASE, OLD_LEASE = ROOT / "contracts" / "lease.md", ROOT / "contracts" / "old" / "lease.md"
LETTER, NOTES = ROOT / "letters" / "bank.txt", ROOT / "notes.txt"


@pytest.fixture
def tree() -> ScopeTree:
    return scope_tree("")


def scope_tree(words: str) -> ScopeTree:
    documents = [document_row(n, str(path)) for n, path in enumerate((LEASE, OLD_LEASE, LETTER, NOTES), 1)]
    return build_scope_tree((Folder(1, ROOT, len(documents)),), documents, words)


def node(tree: ScopeTree, path: Path) -> TreeNode:
    found = tree.whole.node_at(path)
    assert found is not None
    return found


def test_a_folder_stands_for_everything_in_it(tree: ScopeTree) -> None:
    selection = ScopeSelection([LEASE, LETTER])
    assert selection.state(ROOT) is SelectionState.PARTLY and selection.state(NOTES) is SelectionState.NONE
    selection.add(ROOT)
    assert selection.paths == (ROOT,) and selection.state(LEASE) is SelectionState.WHOLE
    assert tree.document_count(selection.paths) == 4


def test_what_is_removed_from_a_selected_folder_leaves_its_siblings_selected(tree: ScopeTree) -> None:
    selection = ScopeSelection([ROOT])
    selection.remove(node(tree, OLD_LEASE))
    assert selection.paths == (LEASE, ROOT / "letters", NOTES)
    assert selection.state(ROOT / "contracts") is SelectionState.PARTLY
    assert tree.document_count(selection.paths) == 3


def test_removing_a_folder_removes_what_is_selected_below_it(tree: ScopeTree) -> None:
    selection = ScopeSelection([LEASE, LETTER])
    selection.remove(node(tree, ROOT / "contracts"))
    assert selection.paths == (LETTER,)
    selection.remove(node(tree, NOTES))
    assert selection.paths == (LETTER,)


def test_a_filter_hides_documents_but_does_not_change_what_is_counted() -> None:
    filtered = scope_tree("bank")
    assert filtered.filtered and filtered.shown.node_at(LEASE) is None and filtered.shown.node_at(LETTER) is not None
    assert filtered.document_count([ROOT]) == 4 and filtered.document_count([ROOT / "gone"]) == 0
