"""What a person does with the library: add, index, pause, stop, remove, filter; the work runs on workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.domain.documents import Folder, IndexReport, Skipped
from core.jobs import Job
from core.library.document_tree import LibraryTree, TreeFilter, build_tree
from core.library.indexing_status import RESUMABLE, IndexingStatus
from gui.bridge import Bridge, Operation, Running
from models.progress import Progress

if TYPE_CHECKING:
    from core.library.embedder_migration import EmbedderQuestion
    from core.library.ocr_language_change import OcrLanguageQuestion
    from core.settings import Settings
    from core.workspace import Workspace

REFRESH_MS = 1500
PAUSE_CHECK_MS = 300
REFRESH_REST = 5
"""A refresh that took t seconds is followed by the next after 5 t seconds at the earliest."""


class LibraryActions(QObject):
    """The library as the window uses it: its tree, the index jobs, the watching of its folders. GUI thread."""

    tree_changed = Signal(object)  # LibraryTree
    indexing_changed = Signal(object)  # IndexingStatus or None
    indexed = Signal(object)  # IndexReport
    removed = Signal(object)  # Folder
    notice = Signal(str)  # about damage that was mended
    paused_changed = Signal(bool)
    embedder_question = Signal(object)  # EmbedderQuestion
    ocr_language_question = Signal(object)  # OcrLanguageQuestion

    def __init__(self, bridge: Bridge, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self._reading_rules = _reading_rules(workspace.settings.current)
        self.tree = LibraryTree()
        self.filter = TreeFilter()
        self.indexing: IndexingStatus | None = None
        self._mending = False
        self._running: list[Running] = []
        self._refreshing = False
        self._refresh_again = False
        self._next_refresh_s = 0.0
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setInterval(REFRESH_MS)
        self._refresh_timer.timeout.connect(self._refresh_if_due)
        self._pause_timer = QTimer(self)
        self._pause_timer.setInterval(PAUSE_CHECK_MS)
        self._pause_timer.timeout.connect(self._update_pause_reason)
        self._watcher: Running | None = None

    def start(self) -> None:
        """Look for changes in the folders, and watch them if the settings say so. Called once the library is open."""
        settings = self._workspace.settings.current
        self.paused_changed.emit(self.paused)
        self.index_again()
        self._ask_ocr_languages()
        self.watch(settings.watch)
        if settings.next_embedder:
            self.use_new_embedder()

    def add(self, paths: Sequence[Path]) -> None:
        """Add folders and files to the library and index them."""
        self._index(list(paths))

    def add_guide(self) -> None:
        """Add Papermoor's own user guide and index it."""
        workspace = self._workspace
        self._start_indexing(lambda job: workspace.library.index([workspace.guide()], job))

    def index_again(self, paths: Sequence[Path] | None = None) -> None:
        """Bring these paths, or for None the whole library, up to date with the disk."""
        self._index(None if paths is None else list(paths))

    def retry_skipped(self, skipped: Sequence[Skipped]) -> None:
        """Read skipped documents again, though their files have not changed, and scan skipped folders again."""
        self.retry(
            {entry.document_id: entry.path for entry in skipped if entry.document_id is not None},
            [entry.path for entry in skipped if entry.document_id is None],
        )

    def retry(self, documents: Mapping[int, Path], folders: Sequence[Path] = ()) -> None:
        """Read documents, given as paths by id, again though their files have not changed, and scan `folders`."""
        library, ids, paths = self._workspace.library, list(documents), [*documents.values(), *folders]

        def work(job: Job) -> IndexReport:
            library.retry(ids)
            return library.index(paths, job)

        self._start_indexing(work)

    def unlock(self, document_id: int, path: Path, password: str) -> None:
        """Read an encrypted document with its password, which is kept in memory until Papermoor is closed."""
        self._workspace.passwords.add(password, path)
        self.retry({document_id: path})

    def embed_missing(self) -> None:
        """Embed what has no vector yet, after an embedding model was added."""
        library = self._workspace.library
        self._start_indexing(library.embed_missing)

    def stop(self) -> None:
        """Stop every index job; what has been indexed is kept."""
        for running in self._running:
            running.stop()
        if self.indexing is not None:
            self._set_indexing(replace(self.indexing, seconds_left=None, stopping=True))

    @property
    def paused(self) -> bool:
        """Whether a person has paused indexing."""
        return self._workspace.throttle.is_paused

    def pause_or_resume(self) -> None:
        """Pause indexing, which a restart does not end, or resume it, whatever it waits for."""
        throttle = self._workspace.throttle
        pauses = not (throttle.is_paused or throttle.pause_reason in RESUMABLE)
        if pauses:
            throttle.pause()
        else:
            throttle.resume()
        settings = self._workspace.settings
        self._bridge.run(Operation("store", lambda job: settings.change(paused=pauses), self))
        self.paused_changed.emit(pauses)

    @property
    def watching(self) -> bool:
        """Whether the folders are being watched for changes."""
        return self._watcher is not None

    def watch(self, wanted: bool) -> None:
        """Start or stop to watch the folders for changes."""
        if wanted == (self._watcher is not None):
            return
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None
            return
        library = self._workspace.library

        def index_changed(changes: list[tuple[Path, ...]]) -> None:
            paths = list(dict.fromkeys(path for change in changes for path in change))
            if not library.report_changed_paths(paths):  # a job that is running takes them in
                self.index_again(paths)

        def work(job: Job) -> Iterable[object]:
            from core.library.watch import watch

            return watch(library, job.cancel)

        self._watcher = self._bridge.stream(Operation("watch", work, self, on_events=index_changed, in_background=True))

    def apply_settings(self, settings: Settings) -> None:
        """Follow changed settings: whether folders are watched, and which files are read and how."""
        self.watch(settings.watch)
        rules = _reading_rules(settings)
        if rules != self._reading_rules:
            self._reading_rules = rules
            self.index_again()
            self._ask_ocr_languages()

    def use_new_embedder(self) -> None:
        """Use a new embedding model; emit `embedder_question` first if every passage has to be embedded anew."""
        migration = self._workspace.embedder_migration

        def asked(question: EmbedderQuestion | None) -> None:
            if question is not None:
                self.embedder_question.emit(question)
            else:
                self.embed_missing()

        self._bridge.run(Operation("download", migration.question, self, on_result=asked))

    def answer_embedder_question(self, yes: bool) -> None:
        migration = self._workspace.embedder_migration

        def done(nothing: object) -> None:
            if yes:
                self.embed_missing()

        self._bridge.run(
            Operation("store", lambda job: migration.agree() if yes else migration.decline(), self, on_result=done)
        )

    def _ask_ocr_languages(self) -> None:
        """Emit `ocr_language_question` if scanned pages were read in other languages than the settings name now."""
        change = self._workspace.ocr_language_change

        def asked(question: OcrLanguageQuestion | None) -> None:
            if question is not None:
                self.ocr_language_question.emit(question)

        self._bridge.run(Operation("store", lambda job: change.question(), self, on_result=asked))

    def answer_ocr_language_question(self, question: OcrLanguageQuestion, yes: bool) -> None:
        change = self._workspace.ocr_language_change

        def done(nothing: object) -> None:
            if yes:
                self.index_again()

        answer = change.agree if yes else change.decline
        self._bridge.run(Operation("store", lambda job: answer(question), self, on_result=done))

    def remove(self, folder: Folder) -> None:
        """Remove a folder from the library. A running index job is stopped before and started again after."""
        library = self._workspace.library
        interrupted = bool(self._running)
        self.stop()

        def done(nothing: object) -> None:
            self.removed.emit(folder)
            self.refresh()
            if interrupted:
                self.index_again()

        self._bridge.run(Operation("index", lambda job: library.remove(folder.id), self, on_result=done))

    def set_filter(self, filter: TreeFilter) -> None:
        """Build the tree with this filter from now on."""
        self.filter = filter
        self.refresh()

    def refresh(self) -> None:
        """Read the library again and emit its tree. Calls that come meanwhile lead to one more refresh."""
        if self._refreshing:
            self._refresh_again = True
            return
        self._refreshing = True
        library, filter = self._workspace.library, self.filter
        started_s = time.monotonic()

        def ended() -> None:
            self._refreshing = False
            took_s = time.monotonic() - started_s
            self._next_refresh_s = time.monotonic() + REFRESH_REST * took_s
            if self._refresh_again:
                self._refresh_again = False
                self.refresh()

        def read(job: Job) -> tuple[LibraryTree, list[str]]:
            tree = build_tree(library.folders(), library.document_rows(), filter, library.noted())
            return tree, self._workspace.take_notices()

        self._bridge.run(Operation("store", read, self, on_result=self._show_tree, on_end=ended))

    def _show_tree(self, read: tuple[LibraryTree, list[str]]) -> None:
        self.tree, notices = read
        self.tree_changed.emit(self.tree)
        for notice in notices:
            self.notice.emit(notice)
        if notices:
            self.index_again()  # reads what was set aside

    def mend(self) -> None:
        """Look for damage that may have caused an unexpected error, and mend it; once, for what it does not mend would
        fail again and again."""
        if not self._mending:
            self._mending = True
            mend = self._workspace.mend
            self._bridge.run(Operation("index", mend, self, on_result=lambda found: self.refresh()))

    def _refresh_if_due(self) -> None:
        if time.monotonic() >= self._next_refresh_s:
            self.refresh()

    def _index(self, paths: list[Path] | None) -> None:
        library = self._workspace.library
        self._start_indexing(lambda job: library.index(paths, job))

    def _start_indexing(self, work: Callable[[Job], object]) -> None:
        def ended() -> None:
            self._running.remove(running)
            if not self._running:
                self._refresh_timer.stop()
                self._pause_timer.stop()
                self._set_indexing(None)
            self.refresh()

        operation: Operation[object] = Operation(
            "index", work, self, on_result=self._emit_report, on_progress=self._show_progress, on_end=ended
        )
        running = self._bridge.run(operation)
        self._running.append(running)
        self._refresh_timer.start()
        self._pause_timer.start()
        self._set_indexing(self.indexing or IndexingStatus())
        self.refresh()

    def _show_progress(self, progress: Progress) -> None:
        if self.indexing is None or not self.indexing.stopping:
            self._set_indexing(IndexingStatus.of(progress, self._workspace.throttle.pause_reason))

    def _update_pause_reason(self) -> None:
        reason = self._workspace.throttle.pause_reason
        if self.indexing is not None and self.indexing.pause_reason is not reason:
            self._set_indexing(replace(self.indexing, pause_reason=reason))

    def _emit_report(self, report: object) -> None:
        if isinstance(report, IndexReport):
            self.indexed.emit(report)

    def _set_indexing(self, indexing: IndexingStatus | None) -> None:
        self.indexing = indexing
        self.indexing_changed.emit(indexing)


def _reading_rules(settings: Settings) -> tuple[object, ...]:
    """The settings that say which files are read, and how."""
    files = settings.ignore, settings.git_ignore, settings.hidden_files, settings.largest_file_mb
    return *files, settings.recognition, settings.recognition_languages
