"""Text recognition comes last: the documents with pages that are pictures, read again once all others are ready."""

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
from core.library.reading import TokenCounter, file_stat, content_of, is_unchanged
from core.library.throttle import Throttle
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.process.pool import ParseResult, ParserPool
from core.parsing.registry import format_of, label_of
from core.store.documents.contents import Contents, FileStat
from core.store.documents.documents import Documents, QueuedFile
from core.store.documents.folders import Subtree
from core.store.documents.ocr_cache import OcrCache
from core.store.documents.ocr_pages import OcrPages
from models.progress import Progress

log = logging.getLogger(__name__)

_MAY_PASS = {ParseProblem.MISSING, ParseProblem.NOT_PERMITTED, ParseProblem.UNREADABLE}


@dataclass(frozen=True, slots=True)
class OcrReport:
    """How many documents have new text, and how many of them had none before."""

    changed: int = 0
    new: int = 0


class OcrPass:
    """Runs on the index worker. `languages` gives those to read in, none while recognition is switched off. Stops at
    any moment, and goes on with the next picture."""

    def __init__(
        self,
        documents: Documents,
        contents: Contents,
        open_pool: Callable[[], ParserPool],
        attention: Throttle,
        page_words: OcrCache,
        recognised: OcrPages,
        languages: Callable[[], tuple[str, ...]],
        embedder: Callable[[], TokenCounter | None] = lambda: None,
    ) -> None:
        self._documents = documents
        self._contents = contents
        self._open_pool = open_pool
        self._attention = attention
        self._page_words = page_words
        self._recognised = recognised
        self._languages = languages
        self._embedder = embedder
        self._in = ""  # languages, as they are stored
        self._read_pages = 0
        self._waited_s = 0.0
        self._waiting: dict[Path, QueuedFile] = {}
        self._stamps: dict[Path, FileStat] = {}

    def read(self, parts: Sequence[Subtree], job: Job, interrupted: Callable[[], bool]) -> OcrReport:
        """Read the pictures that wait in these parts of the library, small and recent documents first. Ends early if
        `interrupted`."""
        files = sorted(self._documents.with_pictures(parts), key=lambda file: (file.size_bytes, -file.modified_ns))
        languages = self._languages() if files else ()
        if not languages:
            return OcrReport()
        self._in = "+".join(languages)
        self._page_words.hold_to(self._in)
        self._waiting = waiting = {Path(os.fsdecode(file.path)): file for file in files}
        started_s, done, changed, new = time.monotonic(), 0, 0, 0
        self._read_pages, self._waited_s = 0, 0.0
        job.report(Progress(0, len(files), "files"), now=True)
        self._stamps.clear()
        paths = self._readable(waiting, job, interrupted)
        with closing(
            self._open_pool().parse_many(paths, job.cancel, recognise=languages, pages=self)  # type: ignore[type-var]  # a generator
        ) as outcomes:
            for outcome in outcomes:
                file = waiting[outcome.path]
                known = self._documents.get(file.id)
                if self._settle(file, outcome, known):
                    changed += 1
                    new += known is not None and known.state is DocumentState.SKIPPED
                done += 1
                left_s = (time.monotonic() - started_s) / done * (len(files) - done)
                job.report(Progress(done, len(files), "files", outcome.path.name, left_s), now=done == len(files))
        self._recognised.note_speed(self._read_pages, languages, time.monotonic() - started_s - self._waited_s)
        return OcrReport(changed, new)

    def known(self, path: Path) -> dict[int, str]:
        """What was read of a document in an earlier run that did not come to its end."""
        return self._page_words.of(self._waiting[path].id)

    def keep(self, path: Path, page: int, words: str) -> None:
        self._read_pages += 1
        self._page_words.keep(self._waiting[path].id, page, words)

    def scanned(self, part: Subtree) -> list[Skipped]:
        """The documents of which pages were read by recognition, and what to say of them."""
        return [Skipped(path, _words(pages, of)) for path, pages, of in self._documents.recognised_in(part)]

    def _readable(self, waiting: dict[Path, QueuedFile], job: Job, interrupted: Callable[[], bool]) -> Iterator[Path]:
        """The files that are still what was read of them: a change is for the next look through their folder."""
        for path, file in waiting.items():
            if interrupted():
                return
            began_s = time.monotonic()
            self._attention.wait_while_paused(job.cancel)
            self._waited_s += time.monotonic() - began_s
            try:
                stamp = file_stat(path)
            except OSError:
                continue
            if stamp.content_hash == file.content_hash:
                self._stamps[path] = stamp
                yield path

    def _settle(self, file: QueuedFile, outcome: ParseResult, known: Document | None) -> bool:
        """Store what was recognised; True if there was something. A document keeps what it had if there was not."""
        stamp = self._stamps.pop(outcome.path)
        if not is_unchanged(outcome.path, stamp):
            return False
        if outcome.document is not None:
            reading = content_of(outcome.path, stamp, outcome.document, self._embedder(), self._in)
            return self._contents.put(file.id, reading)
        fault = outcome.fault or ParseFault(ParseProblem.CRASHED)
        if fault.problem in _MAY_PASS:
            return False
        log.info("pictures of document %d were not read: %s", file.id, fault.problem)
        if known is not None and known.state is DocumentState.SKIPPED:
            label = label_of(format_of(outcome.path) or "")  # it stays a scanned file, however the reading ended
            fault = ParseFault(ParseProblem.NOTHING_RECOGNISED, format=label)
            words, problem = fault_text(fault), fault.problem.value
            self._contents.skip(file.id, stamp, words, format=label, problem=problem, recognised_in=self._in)
        else:
            self._contents.give_up_pictures(file.id)
        return False


def _words(recognised: int, pages: int | None) -> str:
    if pages is None:
        return tr("Text in its pictures was read by text recognition (OCR), which makes mistakes.")
    if recognised >= pages:
        return tr("It is scanned: its text was read by text recognition (OCR), which makes mistakes.")
    return ngettext(
        "{n} of its pages is scanned and was read by text recognition (OCR), which makes mistakes.",
        "{n} of its pages are scanned and were read by text recognition (OCR), which makes mistakes.",
        recognised,
    )
