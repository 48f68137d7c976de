"""The library: what the person added, kept in step with the files on the disk."""

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
from core.library.changes import ChangeDetector, FolderComparison, apply
from core.library.embedding import PassageEmbedder, measured_s
from core.library.embedding_pass import EmbeddingPass
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
from core.parsing.registry import supported
from core.store.database import Database
from core.store.documents.contents import Contents
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
    """Every method may be called from any thread; those that take a job are long and belong on a worker.

    `parser_pool` and the embedders are asked for when needed. `embedder` gives None while there is no model for it;
    `next_embedder` one that is to take its place, which `use_next_embedder` makes it do.
    """

    def __init__(
        self,
        database: Database,
        *,
        parser_pool: Callable[[], ParserPool],
        embedder: Callable[[], PassageEmbedder | None],
        vectors: VectorIndex,
        attention: Throttle,
        rules: Callable[[], LibraryRules] = LibraryRules,
        next_embedder: Callable[[], PassageEmbedder | None] = lambda: None,
        use_next_embedder: Callable[[], None] = lambda: None,
    ) -> None:
        self._folders = Folders(database)
        self._documents = Documents(database)
        self._folder_notes = FolderNotes(database)
        self._comparison = FolderComparison(self._documents, ScanDigests(database), self._folder_notes)
        self._contents = Contents(database)
        self._database = database
        self._meaning = EmbeddingPass(database, vectors, attention, embedder, next_embedder, use_next_embedder)
        self._vectors = vectors
        self._attention = attention
        self._rules = rules
        self._mentions = PendingChanges()
        self._indexer = Indexer(
            self._documents,
            self._contents,
            ParseCrashLog(database),
            parser_pool,
            attention,
            lambda: rules().largest_file_bytes,
            embedder,
        )
        self._recognition = OcrPass(
            self._documents,
            self._contents,
            parser_pool,
            attention,
            OcrCache(database),
            OcrPages(database),
            self.recognition_languages,
            embedder,
        )
        self._upkeep = Upkeep(database, attention)
        self._indexing = threading.Lock()
        self._upkeep.check_keywords()
        self._upkeep.check_readings()

    def folders(self) -> tuple[Folder, ...]:
        return self._folders.list()

    def documents(self, folder_id: int | None = None) -> tuple[Document, ...]:
        """Every known file, by path."""
        return self._documents.list(folder_id)

    def document_rows(self) -> list[DocumentRow]:
        """Every known file, by path, as it is stored: of a large library much faster than `documents`."""
        return self._documents.rows()

    def document_text(self, document_id: int) -> DocumentText | None:
        """None if the document has left the library."""
        return self._documents.text(document_id)

    def skipped(self) -> tuple[Skipped, ...]:
        """What is not searched, or not all of it, as it was found the last time: documents, and places that could not
        be looked into. By path."""
        found = [*self._documents.skipped(), *self.noted()]
        return tuple(sorted(found, key=lambda one: one.path))

    def noted(self) -> list[Skipped]:
        """Those of `skipped` that are no skipped documents: places, and documents that are searched all the same."""
        return [*self._folder_notes.closed(), *self._searched_all_the_same()]

    def counts(self) -> DocumentCounts:
        return self._documents.counts()

    def add(self, path: Path) -> Folder:
        """Note a folder or file; `index` reads it. One inside a folder that is there already gives that folder."""
        part = self._folders.add(path)
        return next(folder for folder in self._folders.list() if folder.id == part.folder_id)

    def remove(self, folder_id: int) -> None:
        """Delete the folder's documents from the library, with every trace; the files themselves stay."""
        self._folders.mark_removed(folder_id)
        self._finish_removals(Job())
        self._vectors.refresh_all(Job())
        self._upkeep.scrub(Job())

    def index(self, paths: Sequence[Path] | None, job: Job) -> IndexReport:
        """Add `paths` and bring exactly them up to date; None stands for every folder of the library.

        Texts and keywords first, so that searching works at once, then vectors if there is an embedder, at last what
        has to be read from pictures. May be stopped at any moment and goes on from there the next time. Raises
        `StorageFault`.
        """
        started_s = time.monotonic()
        with self._indexing:
            self.tidy(job)
            self._documents.hold_to_size(self._rules().largest_file_bytes)
            skipped: list[Skipped] = []
            parts = self._parts(paths, skipped)
            removed = self._look_through(parts, skipped, job)
            with self._indexer.run(job) as run:
                removed += self._read_and_embed(run, parts, job)
            if removed or run.indexed:
                self._upkeep.scrub(job)
        return self._report(parts, skipped, run.indexed, removed, time.monotonic() - started_s)

    def report_changed_paths(self, places: Sequence[Path]) -> bool:
        """Have the run that goes on take in what changed at `places`; False if none goes on, so that `index` has to be
        called."""
        return self._mentions.add(places)

    def embed_missing(self, job: Job) -> None:
        """Make the vectors that are missing, for instance because a model has just arrived."""
        with self._indexing:
            self._meaning.forget_replaced(job)
            self._meaning.prepare(job)

    def estimate(self, embedder: PassageEmbedder, job: Job) -> tuple[int, float]:
        """How many passages `embedder` would have to embed, and about how many seconds that would take."""
        return measured_s(self._database, embedder, job)

    def retry(self, document_ids: Iterable[int]) -> None:
        """Have these documents read again by the next `index`, though their files have not changed."""
        ids = tuple(document_ids)
        self._documents.forget_content(ids)
        self._meaning.try_again(ids)

    def folder_paths(self) -> tuple[Path, ...]:
        return self._folders.paths()

    def differences(self, cancel: CancelToken, within: Iterable[Path] | None = None) -> tuple[tuple[Path, int], ...]:
        """The folders in which files are new, changed or gone since they were last looked through, each with a number
        that stands for what is different; of the places `within`, if given. Writes nothing; costs about twice a bare
        walk."""
        rules = self._rules().scan
        found: list[tuple[Path, int]] = []
        for place in self._folders.paths() if within is None else within:
            part = self._folders.holding(place)
            if part is None:
                continue
            walked = walk(part.path, supported, top=part.folder_path, rules=rules, cancel=cancel)
            different = self._comparison.difference(part, walked)
            if different:
                found.append((place, different))
        return tuple(found)

    def recognition_languages(self) -> tuple[str, ...]:
        """The languages to read pictures in; none if they are not to be read."""
        rules = self._rules()
        return tessdata.chosen(rules.recognition_languages) if rules.recognition else ()

    def tidy(self, job: Job) -> None:
        """Finish what an interruption left: removals, a keyword index made by an older analysis, vectors of an embedder
        that is used no more."""
        self._finish_removals(job)
        self._upkeep.renew_keywords(job)
        self._meaning.forget_replaced(job)

    def _read_and_embed(self, run: ParsingRun, parts: Sequence[Subtree], job: Job) -> int:
        """Read and embed what is queued and what is mentioned meanwhile, then what was recognised in pictures; returns
        how many documents left."""
        removed, reading = 0, list(parts)

        def queue() -> list[QueuedFile]:
            return self._documents.queue(reading)

        def interrupted() -> bool:
            return self._mentions.has_any

        self._mentions.open()
        try:
            while True:
                mentioned = self._parts(self._mentions.take(), [])
                if mentioned:
                    removed += self._look_through(mentioned, [], job)
                    run.seen.clear()
                    reading += [part for part in mentioned if part not in reading]
                if not self._indexer.read(run, queue, interrupted):
                    continue
                if not self._meaning.prepare(job, interrupted):
                    continue
                recognised = self._recognition.read(reading, job, interrupted)
                run.indexed += recognised.new
                if not recognised.changed and self._mentions.close(only_if_none=True):
                    return removed
        finally:
            self._mentions.close()

    def _parts(self, paths: Sequence[Path] | None, skipped: list[Skipped]) -> list[Subtree]:
        """What to look through, each place once."""
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
        """The part of the library that `path` is, added if it is not there; None, and a reason, if it cannot be."""
        path = Path(os.path.abspath(path.expanduser()))
        known = self._folders.holding(path)
        if known is not None:
            return known
        if not path.exists():
            skipped.append(Skipped(path, fault_text(ParseFault(ParseProblem.MISSING))))
            return None
        if path.is_file() and not supported(path):
            skipped.append(_unsupported(path))
            return None
        return self._folders.add(path)

    def _look_through(self, parts: Sequence[Subtree], skipped: list[Skipped], job: Job) -> int:
        """Compare the disk with what is known and queue what has to be read; returns how many documents left."""
        changes, rules = ChangeDetector(), self._rules().scan
        for part in parts:
            job.report(Progress(0, 0, "files", os.fsdecode(part.path)), now=True)
            found = walk(part.path, supported, top=part.folder_path, rules=rules, cancel=job.cancel)
            self._comparison.compare(part, found, changes)
            skipped += _left_out(part, found)
        return apply(changes, self._documents, self._contents, job.cancel)

    def _searched_all_the_same(self) -> list[Skipped]:
        """Documents that could not be read again, and those with passages that are found by their words only."""
        return [*self._documents.kept(), *self._meaning.left_out()]

    def _finish_removals(self, job: Job) -> None:
        for folder_id in self._folders.marked_removed():
            for document_id in self._documents.of_folder(folder_id):
                job.check()
                self._contents.delete(document_id, folder_id)
            self._folders.forget(folder_id)

    def _report(
        self, parts: Sequence[Subtree], skipped: list[Skipped], indexed: int, removed: int, seconds: float
    ) -> IndexReport:
        counts = [self._documents.counts_in(part) for part in parts]
        documents = sum(number for number, _, _ in counts)
        scanned = [one for part in parts for one in self._recognition.scanned(part)]
        noted = [
            one
            for one in self._searched_all_the_same()
            if any(is_within(os.fsencode(one.path), part.path) for part in parts)
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
