"""The OCR pass: documents with pages that are pictures are parsed again, once all others are ready."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.domain.documents import Document, DocumentState, Skipped
from core.i18n import fault_text, ngettext, tr
from core.jobs import Job
from core.library.new_content import TokenCounter, file_stat, is_unchanged, new_content
from core.library.throttle import Throttle
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.process.pool import ParserPool
from core.parsing.process.worker_process import ParseOutcome
from core.parsing.registry import format_of, label_of
from core.store.documents.contents import ContentStore, FileStat
from core.store.documents.documents import Documents, QueuedFile
from core.store.documents.folders import Subtree
from core.store.documents.ocr_cache import OcrCache
from core.store.documents.ocr_pages import OcrPages
from models.progress import Progress

log = logging.getLogger(__name__)

_TEMPORARY = {ParseProblem.MISSING, ParseProblem.NOT_PERMITTED, ParseProblem.UNREADABLE}


@dataclass(frozen=True, slots=True)
class OcrReport:
    """How many documents have new text, and how many of them had none before."""

    changed: int = 0
    new: int = 0


class OcrPass:
    """Runs on the index worker. `languages` returns the OCR languages, none while OCR is off. May stop at any moment
    and resumes with the next picture."""

    def __init__(
        self,
        documents: Documents,
        contents: ContentStore,
        open_pool: Callable[[], ParserPool],
        throttle: Throttle,
        ocr_cache: OcrCache,
        ocr_pages: OcrPages,
        languages: Callable[[], tuple[str, ...]],
        embedder: Callable[[], TokenCounter | None] = lambda: None,
    ) -> None:
        self._documents = documents
        self._contents = contents
        self._open_pool = open_pool
        self._throttle = throttle
        self._ocr_cache = ocr_cache
        self._ocr_pages = ocr_pages
        self._languages = languages
        self._embedder = embedder
        self._recognised_in = ""  # the languages in the form in which they are stored: "deu+fra"
        self._read_pages = 0
        self._waited_s = 0.0
        self._waiting: dict[Path, QueuedFile] = {}
        self._stats: dict[Path, FileStat] = {}

    def run(self, parts: Sequence[Subtree], job: Job, interrupted: Callable[[], bool]) -> OcrReport:
        """Read the pictures waiting in these parts of the library, small and recent documents first. Ends early if
        `interrupted`."""
        files = sorted(self._documents.with_pictures(parts), key=lambda file: (file.size_bytes, -file.modified_ns))
        languages = self._languages() if files else ()
        if not languages:
            return OcrReport()
        self._recognised_in = "+".join(languages)
        self._ocr_cache.hold_to(self._recognised_in)
        self._waiting = waiting = {Path(os.fsdecode(file.path)): file for file in files}
        started_s, done, changed, new = time.monotonic(), 0, 0, 0
        self._read_pages, self._waited_s = 0, 0.0
        job.report(Progress(0, len(files), "files"), now=True)
        self._stats.clear()
        paths = self._files_to_read(waiting, job, interrupted)
        with closing(
            self._open_pool().parse_many(paths, job.cancel, ocr_languages=languages, checkpoint=self)  # type: ignore[type-var]  # a generator
        ) as outcomes:
            for outcome in outcomes:
                file = waiting[outcome.path]
                known = self._documents.get(file.id)
                if self._store(file, outcome, known):
                    changed += 1
                    new += known is not None and known.state is DocumentState.SKIPPED
                done += 1
                left_s = (time.monotonic() - started_s) / done * (len(files) - done)
                job.report(Progress(done, len(files), "files", outcome.path.name, left_s), now=done == len(files))
        self._ocr_pages.note_speed(self._read_pages, languages, time.monotonic() - started_s - self._waited_s)
        return OcrReport(changed, new)

    def saved_pages(self, path: Path) -> dict[int, str]:
        """What an earlier, interrupted run read of a document, by page."""
        return self._ocr_cache.of(self._waiting[path].id)

    def save_page(self, path: Path, page: int, words: str) -> None:
        self._read_pages += 1
        self._ocr_cache.keep(self._waiting[path].id, page, words)

    def scanned(self, part: Subtree) -> list[Skipped]:
        """The documents with pages read by OCR, and a sentence that says which part of each."""
        return [Skipped(path, _reason(read, pages)) for path, read, pages in self._documents.recognised_in(part)]

    def _files_to_read(
        self, waiting: dict[Path, QueuedFile], job: Job, interrupted: Callable[[], bool]
    ) -> Iterator[Path]:
        """The files that are unchanged since they were parsed; changed ones are left to the next comparison of their
        folder."""
        for path, file in waiting.items():
            if interrupted():
                return
            began_s = time.monotonic()
            self._throttle.wait_while_paused(job.cancel)
            self._waited_s += time.monotonic() - began_s
            try:
                stat = file_stat(path)
            except OSError:
                continue
            if stat.content_hash == file.content_hash:
                self._stats[path] = stat
                yield path

    def _store(self, file: QueuedFile, outcome: ParseOutcome, known: Document | None) -> bool:
        """Store what was recognised; True if there was any text. Without it the document keeps what it had."""
        stat = self._stats.pop(outcome.path)
        if not is_unchanged(outcome.path, stat):
            return False
        if outcome.document is not None:
            content = new_content(
                outcome.path, stat, outcome.document, outcome.cut, self._embedder(), self._recognised_in
            )
            return self._contents.put(file.id, content)
        fault = outcome.fault or ParseFault(ParseProblem.CRASHED)
        if fault.problem in _TEMPORARY:
            return False
        log.info("pictures of document %d were not read: %s", file.id, fault.problem)
        if known is not None and known.state is DocumentState.SKIPPED:
            label = label_of(format_of(outcome.path) or "")  # it stays a scanned file, however OCR ended
            fault = ParseFault(ParseProblem.NOTHING_RECOGNISED, format=label)
            reason, problem = fault_text(fault), fault.problem.value
            self._contents.skip(file.id, stat, reason, format=label, problem=problem, recognised_in=self._recognised_in)
        else:
            self._contents.give_up_on_pictures(file.id)
        return False


def _reason(recognised: int, pages: int | None) -> str:
    if pages is None:
        return tr("Text in its pictures was read by text recognition (OCR), which makes mistakes.")
    if recognised >= pages:
        return tr("It is scanned: its text was read by text recognition (OCR), which makes mistakes.")
    return ngettext(
        "{n} of its pages is scanned and was read by text recognition (OCR), which makes mistakes.",
        "{n} of its pages are scanned and were read by text recognition (OCR), which makes mistakes.",
        recognised,
    )
