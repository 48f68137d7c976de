"""Works through the queue of files to be read: parse, cut into passages, store with keywords, file by file."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.i18n import fault_text, tr
from core.jobs import Job
from core.library.attention import Attention
from core.library.reading import look_at, reading_of, still_same
from core.parsing.document import ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem, fault_of
from core.parsing.pool import ParserPool
from core.store.contents import Contents, FileStamp
from core.store.documents import Documents, QueuedFile
from models.progress import Progress

log = logging.getLogger(__name__)

TRIES = 2
WEEK_S = 7 * 24 * 3600.0
EVERY_FILE_BYTES = 20_000  # what a file costs besides its bytes, in bytes, for the time left
_ENDS_ITS_PROCESS = {ParseProblem.CRASHED, ParseProblem.TIMED_OUT, ParseProblem.OUT_OF_MEMORY}
_MAY_PASS = {ParseProblem.NOT_PERMITTED, ParseProblem.UNREADABLE}
NEVER_NS = -1  # a time of change that no file has: the file is tried again the next time


@dataclass(slots=True)
class _Pass:
    """One way through the queue: what it holds, how far it is, what has to be tried again."""

    job: Job
    waiting: dict[Path, QueuedFile]
    total: int
    total_cost: int
    started_s: float
    done: int = 0
    done_cost: int = 0
    indexed: int = 0

    def finished(self, file: QueuedFile, path: Path) -> None:
        self.done += 1
        self.done_cost += _cost(file)
        elapsed_s = time.monotonic() - self.started_s
        left_s = elapsed_s / self.done_cost * (self.total_cost - self.done_cost) if elapsed_s > 1.0 else None
        self.job.report(Progress(self.done, self.total, "files", path.name, left_s), now=self.done == self.total)


class Indexer:
    """Reads queued files. Runs on the index worker; stops at every file, and what it has stored by then stays."""

    def __init__(
        self,
        documents: Documents,
        contents: Contents,
        open_pool: Callable[[], ParserPool],
        attention: Attention,
        largest_bytes: Callable[[], int],
    ) -> None:
        self._documents = documents
        self._contents = contents
        self._open_pool = open_pool
        self._attention = attention
        self._largest_bytes = largest_bytes
        self._stamps: dict[Path, FileStamp] = {}

    def read(self, queue: list[QueuedFile], job: Job) -> int:
        """Read the files of `queue`, what a person needs first at first; returns how many were indexed."""
        files = sorted(queue, key=_rank(time.time()))
        waiting = {Path(os.fsdecode(file.path)): file for file in files}
        total_cost = sum(map(_cost, files))
        going = _Pass(job, waiting, len(files), total_cost, time.monotonic())
        job.report(Progress(0, going.total, "files"), now=True)
        tries = 0
        while going.waiting and tries < TRIES:
            tries += 1
            self._go_through(going, last=tries == TRIES)
        return going.indexed

    def _go_through(self, going: _Pass, last: bool) -> None:
        pool = self._open_pool()
        paths = self._readable(going, list(going.waiting))
        self._stamps.clear()
        with closing(pool.parse_many(paths, going.job.cancel)) as outcomes:  # type: ignore[type-var]  # a generator
            for outcome in outcomes:
                file = going.waiting[outcome.path]
                if self._settle(going, file, outcome.path, outcome.document, outcome.fault, last):
                    going.waiting.pop(outcome.path)
                    going.finished(file, outcome.path)

    def _readable(self, going: _Pass, paths: list[Path]) -> Iterator[Path]:
        """The files that have to be parsed, drawn as parsers become free. Others are settled here."""
        largest_bytes = self._largest_bytes()
        for path in paths:
            self._attention.give_way(going.job.cancel)
            file = going.waiting[path]
            try:
                stamp = look_at(path, largest_bytes)
            except OSError as error:
                self._refuse(file, FileStamp(file.size_bytes, NEVER_NS, 0), fault_of(error))
            else:
                if stamp.size_bytes > largest_bytes:
                    self._contents.skip(file.id, stamp, _too_large(largest_bytes))
                elif stamp.content_hash != file.content_hash:
                    self._stamps[path] = stamp
                    yield path
                    continue
                else:
                    self._documents.unchanged(file.id, stamp.size_bytes, stamp.modified_ns, stamp.checked_ns)
            going.waiting.pop(path)
            going.finished(file, path)

    def _settle(
        self,
        going: _Pass,
        file: QueuedFile,
        path: Path,
        parsed: ParsedDocument | None,
        fault: ParseFault | None,
        last: bool,
    ) -> bool:
        """Store the outcome; False if the file is to be tried again."""
        stamp = self._stamps.pop(path)
        if not still_same(path, stamp) and os.path.exists(path):
            return last  # it was written while it was read: it stays queued
        if fault is None and parsed is not None:
            going.indexed += self._contents.put(file.id, reading_of(path, stamp, parsed))
            return True
        fault = fault or ParseFault(ParseProblem.CRASHED)
        if fault.problem in _ENDS_ITS_PROCESS and self._documents.count_attempt(file.id) < TRIES:
            return last
        self._refuse(file, stamp, fault)
        return True

    def _refuse(self, file: QueuedFile, stamp: FileStamp, fault: ParseFault) -> None:
        if fault.problem is ParseProblem.MISSING:
            return  # the next look at its folder says what became of it
        if fault.problem in _MAY_PASS:
            stamp = FileStamp(stamp.size_bytes, NEVER_NS, 0)
        log.info("document %d is left out: %s", file.id, fault.problem)
        self._contents.skip(file.id, stamp, fault_text(fault), format=fault.format)


def _too_large(largest_bytes: int) -> str:
    return tr("The file is larger than {limit} MB, the most that the settings allow.", limit=largest_bytes >> 20)


def _cost(file: QueuedFile) -> int:
    return file.size_bytes + EVERY_FILE_BYTES


def _rank(now_s: float) -> Callable[[QueuedFile], float]:
    """Small and recent before huge and old: doublings of 64 KiB and doublings of a week count the same."""

    def rank(file: QueuedFile) -> float:
        age_s = max(0.0, now_s - file.modified_ns / 1e9)
        return math.log2(1 + file.size_bytes / 65_536) + math.log2(1 + age_s / WEEK_S)

    return rank
