"""The library: the folders and files the person added, kept in step with the disk."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from core.domain.documents import Document, DocumentText, Folder, IndexReport, Skipped
from core.i18n import fault_text
from core.jobs import Job
from core.library.changes import FileChanges, FolderComparison, apply_changes
from core.library.embedding import PassageEmbedder, estimate_embedding
from core.library.embedding_pass import EmbeddingPass
from core.library.erasure import Erasure
from core.library.indexer import Indexer, ParsingRun
from core.library.ocr_pass import OcrPass
from core.library.pending_changes import PendingChanges
from core.library.rules import LibraryRules
from core.library.scan import Walk, walk
from core.library.throttle import Throttle
from core.library.upkeep import Upkeep
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.ocr import tessdata
from core.parsing.process.pool import ParserPool
from core.parsing.registry import is_supported
from core.store.database import Database
from core.store.documents.contents import ContentStore
from core.store.documents.documents import DocumentCounts, DocumentRow, Documents, QueuedFile
from core.store.documents.folder_notes import FolderNotes
from core.store.documents.folders import Folders, Subtree, is_within
from core.store.documents.ocr_cache import OcrCache
from core.store.documents.ocr_pages import OcrPages
from core.store.documents.parse_crash_log import ParseCrashLog
from core.store.documents.scan_digests import ScanDigests
from core.store.vectors.index import VectorIndex
from models.cancel import CancelToken
from models.progress import Progress

log = logging.getLogger(__name__)


class Library:
    """Any thread may call every method; those that take a job are long and belong on a worker.

    `parser_pool` and the embedders are called when needed. `embedder` returns None while there is no model;
    `next_embedder` the one that is to replace it, which `use_next_embedder` does. `forget_derived` deletes what others
    have made from documents, before some are removed.
    """

    def __init__(
        self,
        database: Database,
        *,
        parser_pool: Callable[[], ParserPool],
        embedder: Callable[[], PassageEmbedder | None],
        vectors: VectorIndex,
        throttle: Throttle,
        rules: Callable[[], LibraryRules] = LibraryRules,
        next_embedder: Callable[[], PassageEmbedder | None] = lambda: None,
        use_next_embedder: Callable[[], None] = lambda: None,
        forget_derived: Callable[[], None] = lambda: None,
    ) -> None:
        self._folders = Folders(database)
        self._documents = Documents(database)
        self._folder_notes = FolderNotes(database)
        self._comparison = FolderComparison(self._documents, ScanDigests(database), self._folder_notes)
        self._contents = ContentStore(database)
        self._database = database
        self._embedding_pass = EmbeddingPass(database, vectors, throttle, embedder, next_embedder, use_next_embedder)
        self._vectors = vectors
        self._throttle = throttle
        self._rules = rules
        self._pending_changes = PendingChanges()
        self._indexer = Indexer(
            self._documents,
            self._contents,
            ParseCrashLog(database),
            parser_pool,
            throttle,
            lambda: rules().largest_file_bytes,
            embedder,
        )
        self._ocr_pass = OcrPass(
            self._documents,
            self._contents,
            parser_pool,
            throttle,
            OcrCache(database),
            OcrPages(database),
            self.ocr_languages,
            embedder,
        )
        self._upkeep = Upkeep(database, throttle)
        self._erasure = Erasure(database, self._documents, self._upkeep, vectors, forget_derived)
        self._indexing = threading.Lock()
        self._upkeep.clear_outdated_keywords()
        self._upkeep.queue_outdated_documents()

    def folders(self) -> tuple[Folder, ...]:
        """The added folders and single files."""
        return self._folders.list()

    def documents(self, folder_id: int | None = None) -> tuple[Document, ...]:
        """Every known file, by path."""
        return self._documents.list(folder_id)

    def document_rows(self) -> list[DocumentRow]:
        """Every known file, by path, as stored: much faster than `documents` for a large library."""
        return self._documents.rows()

    def document_text(self, document_id: int) -> DocumentText | None:
        """The document's text, or None if it has left the library."""
        return self._documents.text(document_id)

    def skipped(self) -> tuple[Skipped, ...]:
        """What is not searched, or not completely, as found the last time: documents, and folders that could not be
        opened. By path."""
        found = [*self._documents.skipped(), *self.noted()]
        return tuple(sorted(found, key=lambda one: one.path))

    def noted(self) -> list[Skipped]:
        """The part of `skipped` that are not skipped documents: folders, and documents that are searched
        nonetheless."""
        return [*self._folder_notes.closed(), *self._partly_searched()]

    def counts(self) -> DocumentCounts:
        return self._documents.counts()

    def add(self, path: Path) -> Folder:
        """Add a folder or file; `index` parses it. One inside an added folder returns that folder."""
        part = self._folders.add(path)
        return next(folder for folder in self._folders.list() if folder.id == part.folder_id)

    def remove(self, folder_id: int, job: Job | None = None) -> None:
        """Delete the folder's documents from the library with everything made from them; the files themselves stay.
        When it returns, no file of the data directory has their bytes any more, but for what conversations and surveys
        quote of them. What was interrupted is finished by the next `index`. Raises `StorageFault`."""
        self._folders.mark_removed(folder_id)
        self._finish_removals(job or Job())
        self._erasure.require(job or Job())

    def index(self, paths: Sequence[Path] | None, job: Job) -> IndexReport:
        """Add `paths` and bring exactly them up to date; None stands for every folder of the library.

        Texts and keywords come first, so that search works at once, then vectors if there is an embedder, then OCR. May
        be stopped at any moment and resumes there the next time. Raises `StorageFault`.
        """
        started_s = time.monotonic()
        with self._indexing:
            unfinished = self.finish_interrupted_work(job)
            self._documents.hold_to_size(self._rules().largest_file_bytes)
            skipped: list[Skipped] = []
            parts = self._parts(paths, skipped)
            removed = self._compare_with_disk(parts, skipped, job)
            with self._indexer.run(job) as run:
                removed += self._process_queue(run, parts, job)
            self._upkeep.refill_keywords(job)  # it may have been emptied (core.store.documents.passage_changes)
            self._erasure.erase(job, wholly=unfinished or removed > 0)
        return self._report(parts, skipped, run.indexed, removed, time.monotonic() - started_s)

    def finish_removals(self, job: Job, *, if_quick: bool = False) -> None:
        """Finish removals that were interrupted; only in a small library, `if_quick`."""
        if if_quick and not self._erasure.is_quick:
            return
        if self._finish_removals(job) or self._erasure.is_pending:
            self._erasure.erase(job, wholly=True)

    def report_changed_paths(self, paths: Sequence[Path]) -> bool:
        """Queue these paths for the current run. False if none is active, so that `index` has to be called."""
        return self._pending_changes.add(paths)

    def embed_missing(self, job: Job) -> None:
        """Compute missing vectors, for instance because a model was added."""
        with self._indexing:
            self._embedding_pass.forget_replaced(job)
            self._embedding_pass.run(job)

    def estimate(self, embedder: PassageEmbedder, job: Job) -> tuple[int, float]:
        """How many passages `embedder` would have to embed, and about how many seconds that takes."""
        return estimate_embedding(self._database, embedder, job)

    def retry(self, document_ids: Iterable[int]) -> None:
        """Have the next `index` parse these documents again, though their files have not changed."""
        ids = tuple(document_ids)
        self._documents.forget_content(ids)
        self._embedding_pass.retry(ids)

    def folder_paths(self) -> tuple[Path, ...]:
        return self._folders.paths()

    def differences(self, cancel: CancelToken, folders: Iterable[Path] | None = None) -> tuple[tuple[Path, int], ...]:
        """The folders in which files are new, changed or gone since the last comparison, each with a number that
        identifies the difference; only of `folders`, if given. Writes nothing; costs about twice a bare walk."""
        rules = self._rules().scan
        found: list[tuple[Path, int]] = []
        for folder in self._folders.paths() if folders is None else folders:
            part = self._folders.holding(folder)
            if part is None:
                continue
            walked = walk(part.path, is_supported, top=part.folder_path, rules=rules, cancel=cancel)
            difference = self._comparison.difference(part, walked)
            if difference:
                found.append((folder, difference))
        return tuple(found)

    def ocr_languages(self) -> tuple[str, ...]:
        """The OCR languages; none if pictures are not to be read."""
        rules = self._rules()
        return tessdata.choose_languages(rules.ocr_languages) if rules.ocr else ()

    def finish_interrupted_work(self, job: Job) -> bool:
        """Finish what an interruption left: removals, a keyword index of an older tokenizer, vectors of an embedder
        that is no longer used. Returns whether there were removals."""
        removed = self._finish_removals(job)
        self._upkeep.refill_keywords(job)
        self._embedding_pass.forget_replaced(job)
        return removed

    def _process_queue(self, run: ParsingRun, parts: Sequence[Subtree], job: Job) -> int:
        """Parse and embed what is queued and reported meanwhile, then what OCR read; returns how many documents
        left."""
        removed, covered = 0, list(parts)

        def queue() -> list[QueuedFile]:
            return self._documents.queue(covered)

        def interrupted() -> bool:
            return self._pending_changes.has_any

        self._pending_changes.open()
        try:
            while True:
                changed = self._parts(self._pending_changes.take(), [])
                if changed:
                    removed += self._compare_with_disk(changed, [], job)
                    run.seen.clear()
                    covered += [part for part in changed if part not in covered]
                if not self._indexer.parse(run, queue, interrupted):
                    continue
                if not self._embedding_pass.run(job, interrupted):
                    continue
                ocr = self._ocr_pass.run(covered, job, interrupted)
                run.indexed += ocr.new
                if not ocr.changed and self._pending_changes.close(only_if_empty=True):
                    return removed
        finally:
            self._pending_changes.close()

    def _parts(self, paths: Sequence[Path] | None, skipped: list[Skipped]) -> list[Subtree]:
        """The parts to compare, each path once."""
        if paths is None:
            found = [Subtree(f.id, os.fsencode(f.path), os.fsencode(f.path)) for f in self._folders.list()]
        else:
            found = [part for path in paths if (part := self._part(path, skipped)) is not None]
        return [
            part
            for i, part in enumerate(found)
            if not any(
                is_within(part.path, o.path) and (part.path != o.path or j < i) for j, o in enumerate(found) if j != i
            )
        ]

    def _part(self, path: Path, skipped: list[Skipped]) -> Subtree | None:
        """The part of the library that `path` is, added if it is new; None and a reason if it cannot be."""
        path = Path(os.path.abspath(path.expanduser()))
        known = self._folders.holding(path)
        if known is not None:
            return known
        if not path.exists():
            skipped.append(Skipped(path, fault_text(ParseFault(ParseProblem.MISSING))))
            return None
        if path.is_file() and not is_supported(path):
            skipped.append(_unsupported(path))
            return None
        return self._folders.add(path)

    def _compare_with_disk(self, parts: Sequence[Subtree], skipped: list[Skipped], job: Job) -> int:
        """Compare the disk with the library and queue what has to be parsed; returns how many documents left."""
        changes, rules = FileChanges(), self._rules().scan
        for part in parts:
            job.report(Progress(0, 0, "files", os.fsdecode(part.path)), now=True)
            found = walk(part.path, is_supported, top=part.folder_path, rules=rules, cancel=job.cancel)
            self._comparison.compare(part, found, changes)
            skipped += _left_out(part, found)
        return apply_changes(changes, self._documents, self._contents, self._erasure.forget_copies, job.cancel)

    def _partly_searched(self) -> list[Skipped]:
        """Documents that could not be parsed again and keep their old text, and those with passages that only keywords
        find."""
        return [*self._documents.kept(), *self._embedding_pass.left_out()]

    def _finish_removals(self, job: Job) -> bool:
        """Delete the folders that are marked as removed; returns whether there were any."""
        removed = self._folders.marked_removed()
        if removed:
            self._erasure.forget_copies()
        for folder_id in removed:
            documents = self._documents.of_folder(folder_id)
            for done, document_id in enumerate(documents):
                job.check()
                job.report(Progress(done, len(documents), "files"))
                self._contents.delete(document_id, folder_id)
            self._folders.forget(folder_id)
        return bool(removed)

    def _report(
        self, parts: Sequence[Subtree], skipped: list[Skipped], indexed: int, removed: int, seconds: float
    ) -> IndexReport:
        counts = [self._documents.counts_in(part) for part in parts]
        documents = sum(number for number, _, _ in counts)
        scanned = [one for part in parts for one in self._ocr_pass.scanned(part)]
        noted = [
            one for one in self._partly_searched() if any(is_within(os.fsencode(one.path), part.path) for part in parts)
        ]
        for part, (_, left_out, _) in zip(parts, counts, strict=True):
            if left_out:
                skipped += self._documents.skipped(part)
        return IndexReport(
            documents=documents,
            indexed=indexed,
            unchanged=max(0, documents - indexed),
            removed=removed,
            skipped=tuple(sorted(skipped, key=lambda one: one.path)),
            passages=sum(passages for _, _, passages in counts),
            seconds=round(seconds, 3),
            scanned=tuple(sorted(scanned, key=lambda one: one.path)),
            noted=tuple(sorted(noted, key=lambda one: one.path)),
        )


def _left_out(part: Subtree, found: Walk) -> list[Skipped]:
    left_out = [*found.skipped, *(_unsupported(Path(os.fsdecode(path))) for path in found.unsupported)]
    left_out += [Skipped(Path(os.fsdecode(path)), reason) for path, reason in found.closed.items()]
    if found.missing and part.path not in found.closed:
        left_out.append(Skipped(Path(os.fsdecode(part.path)), fault_text(ParseFault(ParseProblem.MISSING))))
    return left_out


def _unsupported(path: Path) -> Skipped:
    return Skipped(path, fault_text(ParseFault(ParseProblem.UNSUPPORTED, format=path.suffix or path.name)))
