"""Works through the queue of files to be read: parse, cut into passages, store with keywords, file by file."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path

from core.i18n import fault_text, tr
from core.jobs import Job
from core.library.reading import TokenCounter, file_stat, content_of, is_unchanged
from core.library.throttle import Throttle
from core.parsing.document import ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem, fault_of
from core.parsing.process.pool import ParserPool
from core.store.documents.contents import Contents, FileStat
from core.store.documents.documents import Documents, QueuedFile
from core.store.documents.parse_crash_log import ParseCrashLog
from models.progress import Progress

log = logging.getLogger(__name__)

TRIES = 2
DEATHS = 3  # of the whole program, while a file was read alone, after which it is left out
SLICE_FILES = 200  # after as many, what has come meanwhile is taken into account
WEEK_S = 7 * 24 * 3600.0
EVERY_FILE_BYTES = 20_000  # what a file costs besides its bytes, in bytes, for the time left
_ENDS_ITS_PROCESS = {ParseProblem.CRASHED, ParseProblem.TIMED_OUT, ParseProblem.OUT_OF_MEMORY}
_MAY_PASS = {ParseProblem.NOT_PERMITTED, ParseProblem.UNREADABLE}
NEVER_NS = -1  # a time of change that no file has: the file is tried again the next time


@dataclass(slots=True)
class ParsingRun:
    """One run through the queue: how far it is, and which files it need not take up again. `suspects` were being read
    when the program ended; they are read last, one by one."""

    job: Job
    suspects: dict[int, int]
    waiting: dict[Path, QueuedFile] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    total: int = 0
    total_cost: int = 0
    started_s: float = field(default_factory=time.monotonic)
    done: int = 0
    done_cost: int = 0
    indexed: int = 0
    pages: int = 0

    def expects(self, files: Iterable[QueuedFile]) -> None:
        """What is left to be read."""
        costs = [_cost(file) for file in files]
        self.total = self.done + len(costs)
        self.total_cost = self.done_cost + sum(costs)

    def finished(self, file: QueuedFile, path: Path) -> None:
        self.done += 1
        self.done_cost += _cost(file)
        self.report(path.name)

    def report(self, detail: str = "") -> None:
        elapsed_s = time.monotonic() - self.started_s
        left_s = None
        if self.done_cost and elapsed_s > 1.0:
            left_s = elapsed_s / self.done_cost * max(0, self.total_cost - self.done_cost)
        at_an_end = self.done in (0, self.total)
        self.job.report(Progress(self.done, self.total, "files", detail, left_s, self.pages), now=at_an_end)


class Indexer:
    """Reads queued files. Runs on the index worker; stops at every file, and what it has stored by then stays."""

    def __init__(
        self,
        documents: Documents,
        contents: Contents,
        in_hand: ParseCrashLog,
        open_pool: Callable[[], ParserPool],
        attention: Throttle,
        largest_bytes: Callable[[], int],
        embedder: Callable[[], TokenCounter | None] = lambda: None,
    ) -> None:
        self._documents = documents
        self._contents = contents
        self._in_hand = in_hand
        self._open_pool = open_pool
        self._attention = attention
        self._largest_bytes = largest_bytes
        self._embedder = embedder
        self._stamps: dict[Path, FileStat] = {}

    @contextmanager
    def run(self, job: Job) -> Iterator[ParsingRun]:
        """A run, to be read with. Only if the program itself ends within it, what it had in hand becomes suspect."""
        run = ParsingRun(job, self._in_hand.suspects())
        try:
            yield run
        finally:
            self._in_hand.end_all()

    def read(self, run: ParsingRun, queue: Callable[[], list[QueuedFile]], interrupted: Callable[[], bool]) -> bool:
        """Read what `queue` gives, what a person needs first at first; False if `interrupted` before its end."""
        rank = _rank(time.time())
        while True:
            files = [file for file in queue() if file.id not in run.seen]
            run.expects(files)
            if not files:
                return True
            run.report()
            part = nsmallest(SLICE_FILES, (file for file in files if file.id not in run.suspects), key=rank)
            self._read_part(run, part or [min(files, key=lambda file: run.suspects[file.id])], alone=not part)
            if interrupted():
                return False

    def _read_part(self, run: ParsingRun, files: list[QueuedFile], *, alone: bool) -> None:
        run.seen.update(file.id for file in files)
        run.waiting = {Path(os.fsdecode(file.path)): file for file in files}
        tries = 0
        while run.waiting and tries < TRIES:
            tries += 1
            self._go_through(run, alone=alone, last=tries == TRIES)

    def _go_through(self, run: ParsingRun, *, alone: bool, last: bool) -> None:
        pool = self._open_pool()
        paths = self._readable(run, list(run.waiting), alone)
        self._stamps.clear()
        with closing(pool.parse_many(paths, run.job.cancel)) as outcomes:  # type: ignore[type-var]  # a generator
            for outcome in outcomes:
                file = run.waiting[outcome.path]
                if self._settle(run, file, outcome.path, outcome.document, outcome.fault, last):
                    run.waiting.pop(outcome.path)
                    run.finished(file, outcome.path)

    def _readable(self, run: ParsingRun, paths: list[Path], alone: bool) -> Iterator[Path]:
        """The files that have to be parsed, drawn as parsers become free. Others are settled here."""
        largest_bytes = self._largest_bytes()
        for path in paths:
            self._attention.wait_while_paused(run.job.cancel)
            file = run.waiting[path]
            self._in_hand.begin(file.id, alone=alone)
            try:
                stamp = file_stat(path, largest_bytes)
            except OSError as error:
                self._refuse(file, FileStat(file.size_bytes, NEVER_NS, 0), fault_of(error))
            else:
                if stamp.size_bytes > largest_bytes:
                    self._contents.skip(file.id, stamp, _too_large(largest_bytes))
                elif run.suspects.get(file.id, 0) >= DEATHS:
                    log.warning("document %d is left out: the program ended while it was read", file.id)
                    self._contents.skip(file.id, stamp, tr("Papermoor ended several times while it read this file."))
                elif stamp.content_hash != file.content_hash:
                    self._stamps[path] = stamp
                    yield path
                    continue
                else:
                    self._documents.unchanged(file.id, stamp.size_bytes, stamp.modified_ns, stamp.checked_ns)
            run.waiting.pop(path)
            run.finished(file, path)

    def _settle(
        self,
        run: ParsingRun,
        file: QueuedFile,
        path: Path,
        parsed: ParsedDocument | None,
        fault: ParseFault | None,
        last: bool,
    ) -> bool:
        """Store the outcome; False if the file is to be tried again."""
        stamp = self._stamps.pop(path)
        if not is_unchanged(path, stamp) and os.path.exists(path):
            self._in_hand.end(file.id)
            return last  # it was written while it was read: it stays queued
        if fault is None and parsed is not None:
            run.pages += len(parsed.pages)
            run.indexed += self._contents.put(file.id, content_of(path, stamp, parsed, self._embedder()))
            return True
        fault = fault or ParseFault(ParseProblem.CRASHED)
        if fault.problem in _ENDS_ITS_PROCESS and self._documents.count_attempt(file.id) < TRIES:
            return last
        self._refuse(file, stamp, fault)
        return True

    def _refuse(self, file: QueuedFile, stamp: FileStat, fault: ParseFault) -> None:
        if fault.problem is ParseProblem.MISSING:
            self._in_hand.end(file.id)
            return  # the next look at its folder says what became of it
        if fault.problem in _MAY_PASS:
            stamp = FileStat(stamp.size_bytes, NEVER_NS, 0)
            kept = tr("{reason} Until then, what was read of it before is searched.", reason=fault_text(fault))
            if self._documents.keep(file.id, NEVER_NS, kept):
                return
        log.info("document %d is left out: %s", file.id, fault.problem)
        self._contents.skip(
            file.id,
            stamp,
            fault_text(fault),
            format=fault.format,
            problem=fault.problem.value,
            pictures=fault.problem is ParseProblem.SCANNED,
        )


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
