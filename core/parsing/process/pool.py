"""A pool of worker processes that parse documents. A hostile file costs one process and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.parsing.document import ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.process.clock import POLL_S
from core.parsing.process.passwords import Passwords
from core.parsing.process.worker import Cutter, encode_request
from core.parsing.process.worker_process import OcrCheckpoint, ParseOutcome, WorkerProcess
from models.cancel import CancelToken


class ParserPool:
    """Parses documents in up to `workers` processes, which start when needed, and cuts them into passages there if it
    has a `cutter`, a function of a module. Any thread."""

    def __init__(
        self,
        workers: int = 1,
        limits: ParseLimits | None = None,
        passwords: Passwords | None = None,
        cutter: Cutter | None = None,
    ) -> None:
        self._limits = limits or ParseLimits()
        self._cutter = cutter
        self._passwords = passwords or Passwords()
        self._free = threading.Semaphore(max(1, workers))
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._closed = False
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="parser-start")  # it ends with this pool

    def parse(
        self,
        path: Path,
        cancel: CancelToken | None = None,
        *,
        password: str | None = None,
        ocr_languages: Sequence[str] = (),
    ) -> ParsedDocument:
        """Parse `path`, waiting for a free worker; read its pictures by OCR if there are `ocr_languages`. Raises
        `ParseFault` with the reason, `Cancelled` if stopped."""
        for outcome in self.parse_many([path], cancel, password=password, ocr_languages=ocr_languages):
            if outcome.fault is not None:
                raise outcome.fault
            if outcome.document is not None:
                return outcome.document
        raise RuntimeError("the pool returned no outcome")

    def parse_many(
        self,
        paths: Iterable[Path],
        cancel: CancelToken | None = None,
        *,
        password: str | None = None,
        ocr_languages: Sequence[str] = (),
        checkpoint: OcrCheckpoint | None = None,
    ) -> Iterator[ParseOutcome]:
        """Parse `paths` with all free workers and yield each outcome as it comes. `paths` is drawn from as workers
        become free, so it may be long or endless. Raises `Cancelled` if stopped; files in work are then dropped, except
        for what `checkpoint` has saved."""
        cancel = cancel or CancelToken()
        remaining = iter(paths)
        languages = tuple(ocr_languages)
        busy: list[WorkerProcess] = []
        exhausted = False
        arrived = threading.Event()  # something can be received from one of the busy workers
        try:
            while True:
                while not exhausted and (worker := self._take(not busy, cancel, languages)) is not None:
                    path = self._next_path(remaining, worker)
                    if path is None:
                        exhausted = True
                    else:
                        busy.append(worker)
                        own, others = password or self._passwords.given_for(path), self._passwords.others_to_try(path)
                        saved = checkpoint.saved_pages(path) if checkpoint is not None else None
                        request = encode_request(path, own, others, saved)
                        worker.begin(path, request, arrived, checkpoint)
                if not busy:
                    return
                cancel.check()
                arrived.wait(POLL_S)
                arrived.clear()
                for worker in list(busy):
                    outcome = worker.poll()
                    if outcome is not None:
                        busy.remove(worker)
                        self._give_back(worker)
                        yield outcome
        finally:
            for worker in busy:
                worker.kill()
                self._give_back(worker)

    def close(self) -> None:
        """End the idle workers; busy ones end with their file. Raises `RuntimeError` in later calls of `parse`."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _take(self, block: bool, cancel: CancelToken, ocr_languages: tuple[str, ...]) -> WorkerProcess | None:
        """Return a free worker that reads pictures in these languages, or none; None if all are busy and `block` is
        false."""
        while not self._free.acquire(timeout=POLL_S if block else None, blocking=block):
            if not block:
                return None
            cancel.check()
        with self._lock:
            if self._closed:
                self._free.release()
                raise RuntimeError("the parser pool is closed")
            fitting = next((worker for worker in self._idle if worker.ocr_languages == ocr_languages), None)
            idle = fitting or (self._idle[0] if self._idle else None)
            if idle is not None:
                self._idle.remove(idle)
        if fitting is not None:
            return fitting
        if idle is not None:
            idle.end()  # what a process may do is settled when it starts
        return WorkerProcess(self._limits, self._starter, ocr_languages, self._cutter)

    def _next_path(self, paths: Iterator[Path], worker: WorkerProcess) -> Path | None:
        """Draw a path for `worker`; give the worker back if there is none or the drawing raises `Cancelled`."""
        path = None
        try:
            path = next(paths, None)
        finally:
            if path is None:
                self._give_back(worker)
        return path

    def _give_back(self, worker: WorkerProcess) -> None:
        keep = worker.is_usable
        with self._lock:
            keep = keep and not self._closed
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.end()
        self._free.release()
