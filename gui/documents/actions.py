"""What people do with their documents: add, index, stop, remove, look at; each on the worker it belongs to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.jobs import Job
from core.values import DocumentState, DocumentText, Folder, IndexReport
from gui.bridge import Bridge, Operation, Running
from gui.documents.marks import Found, with_snippets
from gui.documents.tree import LibraryTree, TreeFilter, build
from models.faults import Fault
from models.progress import Progress

if TYPE_CHECKING:
    from core.workspace import Workspace

REFRESH_MS = 1500
REFRESH_SHARE = 5  # a refresh that took t seconds is followed by the next after 5 t at the earliest
RESULTS = 30


@dataclass(frozen=True, slots=True)
class Indexing:
    """A running index job as the window shows it. `total` is 0 while files are still being counted; `unit` is "files"
    while they are read, "passages" while search by meaning is prepared."""

    done: int = 0
    total: int = 0
    unit: str = "files"
    detail: str = ""
    seconds_left: float | None = None
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class SkippedFile:
    path: Path
    reason: str
    folder_id: int
    document_id: int


class LibraryActions(QObject):
    """The library as the window uses it. Signals come on the GUI thread."""

    tree_changed = Signal(object)  # LibraryTree
    indexing_changed = Signal(object)  # Indexing or None
    indexed = Signal(object)  # IndexReport
    removed = Signal(object)  # Folder

    def __init__(self, bridge: Bridge, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self.tree = LibraryTree()
        self.wanted = TreeFilter()
        self.indexing: Indexing | None = None
        self._running: list[Running] = []
        self._refreshing = False
        self._refresh_again = False
        self._next_refresh_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh_if_due)

    def add(self, paths: Sequence[Path]) -> None:
        """Add folders and files, and index them."""
        self._index(list(paths))

    def add_guide(self) -> None:
        """Add Papermoor's own user guide."""
        workspace = self._workspace
        self._start_indexing(lambda job: workspace.library.index([workspace.guide()], job))

    def index_again(self, paths: Sequence[Path] | None = None) -> None:
        """Bring `paths` (None: everything) up to date with the disk."""
        self._index(None if paths is None else list(paths))

    def retry(self, documents: Mapping[int, Path]) -> None:
        """Read these (paths by document id) again, though the files have not changed."""
        library, ids, paths = self._workspace.library, list(documents), list(documents.values())

        def work(job: Job) -> IndexReport:
            library.retry(ids)
            return library.index(paths, job)

        self._start_indexing(work)

    def embed_missing(self) -> None:
        """After an embedding model came: prepare what is indexed for search by meaning."""
        library = self._workspace.library
        self._start_indexing(library.embed_missing)

    def stop(self) -> None:
        for running in self._running:
            running.stop()
        if self.indexing is not None:
            self._set_indexing(replace(self.indexing, seconds_left=None, stopping=True))

    def remove(self, folder: Folder) -> None:
        """Take a folder out of the library. A running job is stopped first and taken up again after."""
        library = self._workspace.library
        interrupted = bool(self._running)
        self.stop()

        def done(nothing: object) -> None:
            self.removed.emit(folder)
            self.refresh()
            if interrupted:
                self.index_again()

        self._bridge.run(Operation("index", lambda job: library.remove(folder.id), self, on_result=done))

    def set_filter(self, wanted: TreeFilter) -> None:
        self.wanted = wanted
        self.refresh()

    def refresh(self) -> None:
        """Read the library anew and announce the tree; calls that come meanwhile are joined into one."""
        if self._refreshing:
            self._refresh_again = True
            return
        self._refreshing = True
        library, wanted = self._workspace.library, self.wanted
        started_s = time.monotonic()

        def ended() -> None:
            self._refreshing = False
            took_s = time.monotonic() - started_s
            self._next_refresh_s = time.monotonic() + REFRESH_SHARE * took_s
            if self._refresh_again:
                self._refresh_again = False
                self.refresh()

        self._bridge.run(
            Operation(
                "store",
                lambda job: build(library.folders(), library.documents(), wanted),
                self,
                on_result=self._show_tree,
                on_end=ended,
            )
        )

    def _show_tree(self, tree: LibraryTree) -> None:
        self.tree = tree
        self.tree_changed.emit(tree)

    def _refresh_if_due(self) -> None:
        if time.monotonic() >= self._next_refresh_s:
            self.refresh()

    def _index(self, paths: list[Path] | None) -> None:
        library = self._workspace.library
        self._start_indexing(lambda job: library.index(paths, job))

    def _start_indexing(self, work: Callable[[Job], object]) -> None:
        running: list[Running] = []

        def ended() -> None:
            self._running.remove(running[0])
            if not self._running:
                self._timer.stop()
                self._set_indexing(None)
            self.refresh()

        operation: Operation[object] = Operation(
            "index", work, self, on_result=self._report, on_progress=self._progress, on_end=ended
        )
        running.append(self._bridge.run(operation))
        self._running.append(running[0])
        self._timer.start()
        self._set_indexing(self.indexing or Indexing())
        self.refresh()

    def _progress(self, progress: Progress) -> None:
        if self.indexing is None or not self.indexing.stopping:
            state = Indexing(progress.done, progress.total, progress.unit, progress.detail, progress.seconds_left)
            self._set_indexing(state)

    def _report(self, report: object) -> None:
        if isinstance(report, IndexReport):
            self.indexed.emit(report)

    def _set_indexing(self, indexing: Indexing | None) -> None:
        self.indexing = indexing
        self.indexing_changed.emit(indexing)


def search(workspace: Workspace, query: str, owner: QObject, on_found: Callable[[Found], None]) -> Operation[Found]:
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
    workspace: Workspace, owner: QObject, on_list: Callable[[tuple[SkippedFile, ...]], None]
) -> Operation[tuple[SkippedFile, ...]]:
    """The files that could not be read, with the reasons."""

    def work(job: Job) -> tuple[SkippedFile, ...]:
        documents = workspace.library.documents()
        return tuple(
            SkippedFile(d.path, d.reason, d.folder_id, d.id) for d in documents if d.state is DocumentState.SKIPPED
        )

    return Operation("store", work, owner, on_result=on_list)
