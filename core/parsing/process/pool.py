"""Worker processes that read documents: spawned, reused, limited. A hostile file costs one of them and nothing else."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Protocol

from core.parsing.document import A_PICTURE, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process import worker
from core.parsing.process.passwords import Passwords
from core.parsing.process.wire import PageCount, RecognisedPage, WireError, unpack
from models.cancel import CancelToken

log = logging.getLogger(__name__)

_POLL_S = 0.1
_START_S = 60.0
_END_S = 5.0
_PATIENCE = 6
_FILES_PER_WORKER = 500
_spawning = threading.Lock()


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The outcome for one file: `document`, or the `fault` that says why there is none."""

    path: Path
    document: ParsedDocument | None
    fault: ParseFault | None


class OcrPageCache(Protocol):
    """Keeps what was read in pictures, page by page, so that a file that is taken up again goes on from there."""

    def known(self, path: Path) -> dict[int, str]: ...
    def keep(self, path: Path, page: int, words: str) -> None: ...


class ParserPool:
    """Reads documents in up to `workers` processes. Any thread may call it; the processes start when they are
    needed."""

    def __init__(self, workers: int = 1, limits: ParseLimits | None = None, passwords: Passwords | None = None) -> None:
        self._limits = limits or ParseLimits()
        self._passwords = passwords or Passwords()
        self._free = threading.Semaphore(max(1, workers))
        self._workers = max(1, workers)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._closed = False

    def parse(
        self,
        path: Path,
        cancel: CancelToken | None = None,
        *,
        password: str | None = None,
        recognise: Sequence[str] = (),
    ) -> ParsedDocument:
        """Read `path`, waiting for a free worker; pictures of text, too, in the languages `recognise` if there are any.
        Raises `ParseFault` with the reason, `Cancelled` if stopped."""
        for outcome in self.parse_many([path], cancel, password=password, recognise=recognise):
            if outcome.fault is not None:
                raise outcome.fault
            if outcome.document is not None:
                return outcome.document
        raise RuntimeError("the pool gave no outcome")

    def parse_many(
        self,
        paths: Iterable[Path],
        cancel: CancelToken | None = None,
        *,
        password: str | None = None,
        recognise: Sequence[str] = (),
        pages: OcrPageCache | None = None,
    ) -> Iterator[ParseResult]:
        """Read `paths` with all free workers and give each outcome as it comes. `paths` is drawn from as workers become
        free, so it may be long or endless. Raises `Cancelled` if stopped; files being read are then dropped, but for
        what `pages` keeps."""
        cancel = cancel or CancelToken()
        waiting = iter(paths)
        busy: list[_Worker] = []
        exhausted = False
        try:
            while True:
                while not exhausted and (found := self._take(block=not busy, cancel=cancel)) is not None:
                    path = None
                    try:
                        path = next(waiting, None)
                    finally:  # drawing a path may be stopped
                        if path is None:
                            self._give_back(found)
                    if path is None:
                        exhausted = True
                    else:
                        busy.append(found)
                        own, others = password or self._passwords.of(path), self._passwords.others(path)
                        known = pages.known(path) if pages is not None else None
                        found.begin(path, worker.request(path, own, others, recognise, known), pages)
                if not busy:
                    return
                cancel.check()
                wait([w.connection for w in busy], timeout=_POLL_S)
                for one in list(busy):
                    outcome = one.poll()
                    if outcome is not None:
                        busy.remove(one)
                        self._give_back(one)
                        yield outcome
        finally:
            for one in busy:
                one.kill()
                self._give_back(one)

    def close(self) -> None:
        """End the idle workers; those at work end with their file. Reading afterwards is a bug."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for one in idle:
            one.end()

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _take(self, block: bool, cancel: CancelToken) -> _Worker | None:
        """A worker to use; None if all are at work elsewhere and `block` is false."""
        while not self._free.acquire(timeout=_POLL_S if block else None, blocking=block):
            if not block:
                return None
            cancel.check()
        with self._lock:
            if self._closed:
                self._free.release()
                raise RuntimeError("the parser pool is closed")
            return self._idle.pop() if self._idle else _Worker(self._limits)

    def _give_back(self, one: _Worker) -> None:
        keep = one.usable
        with self._lock:
            keep = keep and not self._closed
            if keep:
                self._idle.append(one)
        if not keep:
            one.end()
        self._free.release()


class _Worker:
    """One process and the pipe to it, and the file it is reading."""

    def __init__(self, limits: ParseLimits) -> None:
        self._limits = limits
        self._process: BaseProcess | None = None
        self.connection: Connection
        self._path = Path()
        self._request = b""
        self._pages: OcrPageCache | None = None
        self._size_bytes = 0
        self._deadline = 0.0
        self._began = 0.0
        self._began_cpu_s = 0.0
        self._allowed_s = 0.0
        self._files = 0

    @property
    def usable(self) -> bool:
        process = self._process
        return process is None or (process.is_alive() and self._files < _FILES_PER_WORKER)

    def begin(self, path: Path, request: bytes, pages: OcrPageCache | None) -> None:
        """Send the request to read `path` to the process, which is started first if there is none."""
        self._path, self._request, self._pages = path, request, pages
        if self._process is not None:
            try:
                self._send()
                return
            except OSError:
                log.warning("a parser process ended while idle")
        self._start()
        self._send()

    def poll(self) -> ParseResult | None:
        """The outcome if there is one; None while the file is being read."""
        while self.connection.poll():
            try:
                message = unpack(self.connection.recv_bytes())
            except (EOFError, OSError, WireError):
                return self._lost(self._cause_of_death())
            if isinstance(message, PageCount):
                self._allow(message.pages)
            elif isinstance(message, RecognisedPage):
                if self._pages is not None:
                    self._pages.keep(self._path, message.page, message.words)
            elif isinstance(message, ParsedDocument):
                return ParseResult(self._path, message, None)
            elif message.problem is ParseProblem.OUT_OF_MEMORY:
                return self._lost(message.problem)
            else:
                return ParseResult(self._path, None, message)
        if self._is_late():
            return self._lost(ParseProblem.TIMED_OUT)
        if sys.platform != "linux" and self._resident_bytes() > self._limits.memory_bytes:
            return self._lost(ParseProblem.OUT_OF_MEMORY)
        return None

    def end(self) -> None:
        """Let the process end by itself, which it does when the pipe closes; kill it if it does not."""
        process = self._process
        if process is None:
            return
        self.connection.close()
        process.join(_END_S)
        self.kill()

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self.connection.close()
        if process.is_alive():
            process.kill()
        process.join()
        with suppress(ValueError):  # someone else has waited for it
            process.close()

    def _start(self) -> None:
        self.kill()
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        process = context.Process(target=worker.run, args=(theirs, self._limits), name="papermoor-parser", daemon=True)
        with _spawning, _without_main_module():
            process.start()
        theirs.close()
        self._process = process
        self._files = 0

    def _send(self) -> None:
        self._files += 1
        with suppress(OSError):
            self._size_bytes = self._path.stat().st_size
        self._allow(0)
        if self._files == 1:
            self._allowed_s += _START_S  # until it says that it is there
            self._deadline += _START_S
        self.connection.send_bytes(self._request)

    def _allow(self, pages: int) -> None:
        """Reckon the time for the file anew: from now if the process begins with it or with a picture in it, else from
        when it began."""
        if pages <= 0:
            self._began, self._began_cpu_s = time.monotonic(), self._cpu_s()
        picture = pages == A_PICTURE
        self._allowed_s = self._limits.picture_s if picture else self._limits.seconds(pages, self._size_bytes)
        self._deadline = self._began + self._allowed_s

    def _is_late(self) -> bool:
        """Whether the file has had its time. A process that others kept from the processor has not, up to a point."""
        now = time.monotonic()
        if now <= self._deadline:
            return False
        left_s = self._allowed_s - (self._cpu_s() - self._began_cpu_s)
        if left_s < _POLL_S or now > self._began + _PATIENCE * self._allowed_s:
            return True
        self._deadline = now + left_s
        return False

    def _lost(self, problem: ParseProblem) -> ParseResult | None:
        """The process is of no more use. What earlier files left in it may be to blame: then a new one tries once
        more."""
        log.info("a parser process was given up: %s", problem)
        used = self._files > 1
        self.kill()
        if used and problem is not ParseProblem.TIMED_OUT:
            self.begin(self._path, self._request, self._pages)
            return None
        return ParseResult(self._path, None, ParseFault(problem))

    def _cause_of_death(self) -> ParseProblem:
        process = self._process
        if process is None:
            return ParseProblem.CRASHED
        process.join(_END_S)
        cpu_limit = -24  # SIGXCPU
        return ParseProblem.TIMED_OUT if process.exitcode == cpu_limit else ParseProblem.CRASHED

    def _cpu_s(self) -> float:
        """Seconds of the processor that the process has had."""
        import psutil

        try:
            times = psutil.Process(self._process.pid).cpu_times() if self._process is not None else None
        except psutil.Error:
            return 0.0
        return float(times.user + times.system) if times is not None else 0.0

    def _resident_bytes(self) -> int:
        import psutil

        try:
            process = self._process
            return int(psutil.Process(process.pid).memory_info().rss) if process is not None else 0
        except psutil.Error:
            return 0


class _StandIn(ModuleType):
    """Looks like the main module to everyone but to `multiprocessing`, which finds no file and no name to run again."""

    def __init__(self, real: ModuleType) -> None:
        super().__init__("__main__")
        self.__dict__["_real"] = real

    def __getattr__(self, name: str) -> object:
        if name == "__file__":
            raise AttributeError(name)
        return getattr(self.__dict__["_real"], name)


@contextmanager
def _without_main_module() -> Iterator[None]:
    """While a process is spawned. A spawned child runs its parent's main module again under another name, which here is
    the window, the test runner or the command line: slow at best."""
    real = sys.modules["__main__"]
    sys.modules["__main__"] = _StandIn(real)
    try:
        yield
    finally:
        sys.modules["__main__"] = real
