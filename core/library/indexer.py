"""Works through the queue of files: parse, chunk, and store with keywords, file by file."""

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
from core.library.new_content import TokenCounter, file_stat, is_unchanged, new_content
from core.library.throttle import Throttle
from core.parsing.faults import ParseFault, ParseProblem, fault_from_os_error
from core.parsing.process.pool import ParserPool
from core.parsing.process.worker_process import ParseOutcome
from core.store.documents.contents import ContentStore, FileStat
from core.store.documents.documents import Documents, QueuedFile
from core.store.documents.parse_crash_log import ParseCrashLog
from models.progress import Progress

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 2
MOST_CRASHES = 3  # of the whole program, while a file was parsed alone, after which it is left out
SLICE_FILES = 200  # after as many, what was queued meanwhile is taken into account
WEEK_S = 7 * 24 * 3600.0
FILE_OVERHEAD_BYTES = 20_000  # what parsing a file costs besides its bytes, in bytes, to estimate the time left
_ENDED_PARSER = {ParseProblem.CRASHED, ParseProblem.TIMED_OUT, ParseProblem.OUT_OF_MEMORY}
_TEMPORARY = {ParseProblem.NOT_PERMITTED, ParseProblem.UNREADABLE}
NEVER_NS = -1  # a time of change that no file has: the file is tried again in the next run


@dataclass(slots=True)
class ParsingRun:
    """One run through the queue: its progress, and the files it has `seen` and does not parse again. `suspects` were
    being parsed when the program ended, by document id with the number of times; they are parsed last, one by one."""

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

    def expect(self, files: Iterable[QueuedFile]) -> None:
        """Set the totals: what is done, and these files."""
        costs = [_cost(file) for file in files]
        self.total = self.done + len(costs)
        self.total_cost = self.done_cost + sum(costs)

    def finish(self, file: QueuedFile, path: Path) -> None:
        """Count a file as done and report progress."""
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
    """Parses queued files. Runs on the index worker; may stop at every file, and what it has stored stays."""

    def __init__(
        self,
        documents: Documents,
        contents: ContentStore,
        crash_log: ParseCrashLog,
        open_pool: Callable[[], ParserPool],
        throttle: Throttle,
        largest_bytes: Callable[[], int],
        embedder: Callable[[], TokenCounter | None] = lambda: None,
    ) -> None:
        self._documents = documents
        self._contents = contents
        self._crash_log = crash_log
        self._open_pool = open_pool
        self._throttle = throttle
        self._largest_bytes = largest_bytes
        self._embedder = embedder
        self._stats: dict[Path, FileStat] = {}

    @contextmanager
    def run(self, job: Job) -> Iterator[ParsingRun]:
        """A run to call `parse` with. Files being parsed become suspects only if the program itself ends within it."""
        run = ParsingRun(job, self._crash_log.suspects())
        try:
            yield run
        finally:
            self._crash_log.end_all()

    def parse(self, run: ParsingRun, queue: Callable[[], list[QueuedFile]], interrupted: Callable[[], bool]) -> bool:
        """Parse what `queue` returns, the most useful first; False if `interrupted` before the end."""
        order = queue_order(time.time())
        while True:
            files = [file for file in queue() if file.id not in run.seen]
            run.expect(files)
            if not files:
                return True
            run.report()
            part = nsmallest(SLICE_FILES, (file for file in files if file.id not in run.suspects), key=order)
            self._parse_slice(run, part or [min(files, key=lambda file: run.suspects[file.id])], alone=not part)
            if interrupted():
                return False

    def _parse_slice(self, run: ParsingRun, files: list[QueuedFile], *, alone: bool) -> None:
        run.seen.update(file.id for file in files)
        run.waiting = {Path(os.fsdecode(file.path)): file for file in files}
        attempts = 0
        while run.waiting and attempts < MOST_ATTEMPTS:
            attempts += 1
            self._parse_waiting(run, alone=alone, last=attempts == MOST_ATTEMPTS)

    def _parse_waiting(self, run: ParsingRun, *, alone: bool, last: bool) -> None:
        pool = self._open_pool()
        paths = self._files_to_parse(run, list(run.waiting), alone)
        self._stats.clear()
        with closing(pool.parse_many(paths, run.job.cancel)) as outcomes:  # type: ignore[type-var]  # a generator
            for outcome in outcomes:
                file = run.waiting[outcome.path]
                if self._store(run, file, outcome, last):
                    run.waiting.pop(outcome.path)
                    run.finish(file, outcome.path)

    def _files_to_parse(self, run: ParsingRun, paths: list[Path], alone: bool) -> Iterator[Path]:
        """Yield the files to be parsed as parsers become free. Others are dealt with here."""
        largest_bytes = self._largest_bytes()
        for path in paths:
            self._throttle.wait_while_paused(run.job.cancel)
            file = run.waiting[path]
            self._crash_log.begin(file.id, alone=alone)
            try:
                stat = file_stat(path, largest_bytes)
            except OSError as error:
                self._leave_out(file, FileStat(file.size_bytes, NEVER_NS, 0), fault_from_os_error(error))
            else:
                if stat.size_bytes > largest_bytes:
                    self._contents.skip(file.id, stat, _too_large(largest_bytes))
                elif run.suspects.get(file.id, 0) >= MOST_CRASHES:
                    log.warning("document %d is left out: the program ended while it was read", file.id)
                    self._contents.skip(file.id, stat, tr("Papermoor ended several times while it read this file."))
                elif stat.content_hash != file.content_hash:
                    self._stats[path] = stat
                    yield path
                    continue
                else:
                    self._documents.unchanged(file.id, stat.size_bytes, stat.modified_ns, stat.checked_ns)
            run.waiting.pop(path)
            run.finish(file, path)

    def _store(self, run: ParsingRun, file: QueuedFile, outcome: ParseOutcome, last: bool) -> bool:
        """Store the outcome; False if the file has to be tried again."""
        path, parsed, fault = outcome.path, outcome.document, outcome.fault
        stat = self._stats.pop(path)
        if not is_unchanged(path, stat) and os.path.exists(path):
            self._crash_log.end(file.id)
            return last  # it was written while it was parsed: it stays queued
        if fault is None and parsed is not None:
            run.pages += len(parsed.pages)
            run.indexed += self._contents.put(file.id, new_content(path, stat, parsed, outcome.cut, self._embedder()))
            return True
        fault = fault or ParseFault(ParseProblem.CRASHED)
        if fault.problem in _ENDED_PARSER and self._documents.count_attempt(file.id) < MOST_ATTEMPTS:
            return last
        self._leave_out(file, stat, fault)
        return True

    def _leave_out(self, file: QueuedFile, stat: FileStat, fault: ParseFault) -> None:
        """Skip a file that could not be parsed; it keeps an earlier text if the problem may be temporary."""
        if fault.problem is ParseProblem.MISSING:
            self._crash_log.end(file.id)
            return  # the next comparison of its folder shows what became of it
        if fault.problem in _TEMPORARY:
            stat = FileStat(stat.size_bytes, NEVER_NS, 0)
            kept = tr("{reason} Until then, what was read of it before is searched.", reason=fault_text(fault))
            if self._documents.keep(file.id, NEVER_NS, kept):
                return
        log.info("document %d is left out: %s", file.id, fault.problem)
        self._contents.skip(
            file.id,
            stat,
            fault_text(fault),
            format=fault.format,
            problem=fault.problem.value,
            unread_pictures=fault.problem is ParseProblem.SCANNED,
        )


def _too_large(largest_bytes: int) -> str:
    return tr("The file is larger than {limit} MB, the most that the settings allow.", limit=largest_bytes >> 20)


def _cost(file: QueuedFile) -> int:
    return file.size_bytes + FILE_OVERHEAD_BYTES


def queue_order(now_s: float) -> Callable[[QueuedFile], float]:
    """The sort key of the queue: small and recent before huge and old. Each doubling of size from 64 KiB weighs as
    much as a doubling of age from a week."""

    def rank(file: QueuedFile) -> float:
        age_s = max(0.0, now_s - file.modified_ns / 1e9)
        return math.log2(1 + file.size_bytes / 65_536) + math.log2(1 + age_s / WEEK_S)

    return rank
