"""What people do with their documents: add, index, stop, remove, look at; each on the worker it belongs to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.domain.documents import Folder, IndexReport, Skipped
from core.jobs import Job
from gui.bridge import Bridge, Operation, Running
from gui.documents.tree import LibraryTree, TreeFilter, build
from models.progress import Progress

if TYPE_CHECKING:
    from core.library.embedder_migration import EmbedderQuestion
    from core.library.ocr_language_change import OcrLanguageQuestion
    from core.library.throttle import PauseReason
    from core.settings import Settings
    from core.workspace import Workspace

REFRESH_MS = 1500
HELD_MS = 300
MAY_BE_OVERRULED = ("paused", "battery", "heat")
REFRESH_SHARE = 5  # a refresh that took t seconds is followed by the next after 5 t at the earliest


@dataclass(frozen=True, slots=True)
class Indexing:
    """A running index job as the window shows it. `total` is 0 while files are still being counted; `unit` is "files"
    while they are read, "passages" while search by meaning is prepared, "passages anew" for another embedding model.
    `held` says what it waits for."""

    done: int = 0
    total: int = 0
    unit: str = "files"
    detail: str = ""
    seconds_left: float | None = None
    pages: int = 0
    stopping: bool = False
    held: PauseReason | None = None


class LibraryActions(QObject):
    """The library as the window uses it. Signals come on the GUI thread."""

    tree_changed = Signal(object)  # LibraryTree
    indexing_changed = Signal(object)  # Indexing or None
    indexed = Signal(object)  # IndexReport
    removed = Signal(object)  # Folder
    paused_changed = Signal(bool)
    embedder_question = Signal(object)  # EmbedderQuestion
    recognition_question = Signal(object)  # RecognitionQuestion

    def __init__(self, bridge: Bridge, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self._rules = _rules_of(workspace.settings.current)
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
        self._look = QTimer(self)
        self._look.setInterval(HELD_MS)
        self._look.timeout.connect(self._show_held)
        self._watching: Running | None = None

    def begin(self) -> None:
        """The window is there: look for changes, and go on noticing them."""
        settings = self._workspace.settings.current
        self.paused_changed.emit(self.paused)
        self.index_again()
        self._ask_recognition()
        self.watch(settings.watch)
        if settings.next_embedder:
            self.embedder_arrived()

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

    def try_again(self, skipped: Sequence[Skipped]) -> None:
        """Read these documents again, though the files have not changed, and look into these places."""
        self.retry(
            {one.document_id: one.path for one in skipped if one.document_id is not None},
            [one.path for one in skipped if one.document_id is None],
        )

    def retry(self, documents: Mapping[int, Path], places: Sequence[Path] = ()) -> None:
        """Read these (paths by document id) again, though the files have not changed; look into `places`."""
        library, ids, paths = self._workspace.library, list(documents), [*documents.values(), *places]

        def work(job: Job) -> IndexReport:
            library.retry(ids)
            return library.index(paths, job)

        self._start_indexing(work)

    def unlock(self, document_id: int, path: Path, password: str) -> None:
        """Read an encrypted document with this password, which is kept until Papermoor is closed."""
        self._workspace.passwords.give(password, path)
        self.retry({document_id: path})

    def embed_missing(self) -> None:
        """After an embedding model came: prepare what is indexed for search by meaning."""
        library = self._workspace.library
        self._start_indexing(library.embed_missing)

    def stop(self) -> None:
        for running in self._running:
            running.stop()
        if self.indexing is not None:
            self._set_indexing(replace(self.indexing, seconds_left=None, stopping=True))

    @property
    def paused(self) -> bool:
        return self._workspace.attention.paused

    def pause_or_resume(self) -> None:
        """Have reading and preparing wait, after a restart too; or go on, whatever they waited for."""
        attention = self._workspace.attention
        waits = attention.paused or attention.held in MAY_BE_OVERRULED
        if waits:
            attention.resume()
        else:
            attention.pause()
        settings = self._workspace.settings
        self._bridge.run(Operation("store", lambda job: settings.change(paused=not waits), self))
        self.paused_changed.emit(not waits)

    @property
    def watches(self) -> bool:
        """Whether changes in the folders are noticed."""
        return self._watching is not None

    def watch(self, wanted: bool) -> None:
        """Notice changes in the folders from here on, or no longer."""
        if wanted == (self._watching is not None):
            return
        if self._watching is not None:
            self._watching.stop()
            self._watching = None
            return
        library = self._workspace.library

        def noticed(changes: list[tuple[Path, ...]]) -> None:
            places = list(dict.fromkeys(place for change in changes for place in change))
            if not library.mention(places):
                self.index_again(places)

        def changes(job: Job) -> Iterable[object]:
            from core.library.watch import watch

            return watch(library, job.cancel)

        self._watching = self._bridge.stream(Operation("watch", changes, self, on_events=noticed, in_background=True))

    def follow_settings(self, settings: Settings) -> None:
        """The settings changed: what is left out by them now, and whether changes are noticed."""
        self.watch(settings.watch)
        rules = _rules_of(settings)
        if rules != self._rules:
            self._rules = rules
            self.index_again()
            self._ask_recognition()

    def embedder_arrived(self) -> None:
        """Use an embedding model that has come, after a question if every passage has to be prepared anew."""
        change = self._workspace.embedder_change

        def asked(question: EmbedderQuestion | None) -> None:
            if question is not None:
                self.embedder_question.emit(question)
            else:
                self.embed_missing()

        self._bridge.run(Operation("download", change.question, self, on_result=asked))

    def answer_embedder_question(self, yes: bool) -> None:
        change = self._workspace.embedder_change

        def done(nothing: object) -> None:
            if yes:
                self.embed_missing()

        self._bridge.run(
            Operation("store", lambda job: change.agree() if yes else change.decline(), self, on_result=done)
        )

    def _ask_recognition(self) -> None:
        """Ask about scanned pages that were read in other languages than are chosen now."""
        change = self._workspace.recognition_change

        def asked(question: OcrLanguageQuestion | None) -> None:
            if question is not None:
                self.recognition_question.emit(question)

        self._bridge.run(Operation("store", lambda job: change.question(), self, on_result=asked))

    def answer_recognition_question(self, question: OcrLanguageQuestion, yes: bool) -> None:
        change = self._workspace.recognition_change

        def done(nothing: object) -> None:
            if yes:
                self.index_again()

        answer = change.agree if yes else change.decline
        self._bridge.run(Operation("store", lambda job: answer(question), self, on_result=done))

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
                lambda job: build(library.folders(), library.document_rows(), wanted, library.noted()),
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
                self._look.stop()
                self._set_indexing(None)
            self.refresh()

        operation: Operation[object] = Operation(
            "index", work, self, on_result=self._report, on_progress=self._progress, on_end=ended
        )
        running.append(self._bridge.run(operation))
        self._running.append(running[0])
        self._timer.start()
        self._look.start()
        self._set_indexing(self.indexing or Indexing())
        self.refresh()

    def _progress(self, progress: Progress) -> None:
        if self.indexing is None or not self.indexing.stopping:
            self._set_indexing(
                Indexing(
                    progress.done,
                    progress.total,
                    progress.unit,
                    progress.detail,
                    progress.seconds_left,
                    progress.pages,
                    held=self._workspace.attention.held,
                )
            )

    def _show_held(self) -> None:
        held = self._workspace.attention.held
        if self.indexing is not None and self.indexing.held is not held:
            self._set_indexing(replace(self.indexing, held=held))

    def _report(self, report: object) -> None:
        if isinstance(report, IndexReport):
            self.indexed.emit(report)

    def _set_indexing(self, indexing: Indexing | None) -> None:
        self.indexing = indexing
        self.indexing_changed.emit(indexing)


def _rules_of(settings: Settings) -> tuple[object, ...]:
    """The settings that say which files are read."""
    read = settings.ignore, settings.git_ignore, settings.hidden_files, settings.largest_file_mb
    return *read, settings.recognition, settings.recognition_languages
