"""What the window reads out of the library for a person: a search, a document's text, the skipped files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.domain.documents import DocumentText, Skipped
from core.jobs import Job
from gui.bridge import Operation
from gui.documents.marks import TextMatch, with_snippets
from models.faults import Fault

if TYPE_CHECKING:
    from core.workspace import Workspace

RESULTS = 30


def search(
    workspace: Workspace, query: str, owner: QObject, on_found: Callable[[TextMatch], None]
) -> Operation[TextMatch]:
    """Find passages for `query`, with snippets ready to be painted."""
    return Operation(
        "search", lambda job: with_snippets(workspace.retriever.search(query, limit=RESULTS)), owner, on_result=on_found
    )


def read_document(
    workspace: Workspace,
    document_id: int,
    owner: QObject,
    on_text: Callable[[DocumentText | None], None],
    on_fault: Callable[[Fault], None],
) -> Operation[DocumentText | None]:
    """Read a document's text out of the library; None if it has left."""

    def work(job: Job) -> DocumentText | None:
        return workspace.library.document_text(document_id)

    return Operation("store", work, owner, on_result=on_text, on_fault=on_fault)


def list_skipped(
    workspace: Workspace, owner: QObject, on_list: Callable[[tuple[Skipped, ...]], None]
) -> Operation[tuple[Skipped, ...]]:
    """The files and folders that could not be read, or not all of them, with the reasons."""
    return Operation("store", lambda job: workspace.library.skipped(), owner, on_result=on_list)
