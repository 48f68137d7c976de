"""Operations that read from the library: a search, a document's text, the list of skipped files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.domain.documents import DocumentText, Skipped
from core.jobs import Job
from core.retrieval.snippets import HighlightedResult, with_snippets
from gui.bridge import Operation
from models.faults import Fault

if TYPE_CHECKING:
    from core.workspace import Workspace

RESULT_LIMIT = 30


def search_library(
    workspace: Workspace, query: str, owner: QObject, on_result: Callable[[HighlightedResult], None]
) -> Operation[HighlightedResult]:
    """Search for `query`; the result has a snippet for each passage."""

    def work(job: Job) -> HighlightedResult:
        return with_snippets(workspace.retriever.search(query, limit=RESULT_LIMIT))

    return Operation("search", work, owner, on_result=on_result)


def read_document(
    workspace: Workspace,
    document_id: int,
    owner: QObject,
    on_text: Callable[[DocumentText | None], None],
    on_fault: Callable[[Fault], None],
) -> Operation[DocumentText | None]:
    """Read a document's text as the library stores it; None if the document is no longer in it."""

    def work(job: Job) -> DocumentText | None:
        return workspace.library.document_text(document_id)

    return Operation("store", work, owner, on_result=on_text, on_fault=on_fault)


def list_skipped(
    workspace: Workspace, owner: QObject, on_list: Callable[[tuple[Skipped, ...]], None]
) -> Operation[tuple[Skipped, ...]]:
    """List the files and folders that could not be read, or only in part, with the reasons."""
    return Operation("store", lambda job: workspace.library.skipped(), owner, on_result=on_list)
