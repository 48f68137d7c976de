"""The parent's side of one worker process: sends it a file, limits its time and memory, receives the outcome."""

from __future__ import annotations

import logging
import sys
import time
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from core.parsing.document import ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process import worker
from core.parsing.process.document_passing import send_document
from core.parsing.process.wire import OcrPageWords, OcrStarted, PageCount, WireError, WorkerReady, unpack
from models import spawning

log = logging.getLogger(__name__)

POLL_S = 0.1
"""How often the time and memory of a worker are checked."""
_START_S = 60.0  # on top of a file's own time, until a new process says that it is ready
_END_S = 5.0  # for a process to end by itself
_MAX_SLOWDOWN = 6  # a process that gets little of the processor is stopped after this many times its limit
_FILES_PER_WORKER = 500  # then it is replaced, whatever earlier files left in it
_SIGXCPU = 24


@dataclass(frozen=True, slots=True)
class ParseOutcome:
    """The outcome for one file: its `document`, or the `fault` that says why there is none."""

    path: Path
    document: ParsedDocument | None
    fault: ParseFault | None


class OcrCheckpoint(Protocol):
    """Saves the words that OCR read, page by page, so that an interrupted document resumes at its next page. Called on
    the thread that draws from `ParserPool.parse_many`."""

    def saved_pages(self, path: Path) -> dict[int, str]: ...
    def save_page(self, path: Path, page: int, words: str) -> None: ...


class WorkerProcess:
    """One process, the pipe to it, and the file it is parsing. Used by one thread at a time."""

    def __init__(self, limits: ParseLimits, starter: Executor, ocr_languages: tuple[str, ...] = ()) -> None:
        """`starter` is one thread that outlives the process: the kernel ends a process with the thread that began it.
        Pictures are read by OCR if there are `ocr_languages`."""
        self._limits = limits
        self._starter = starter
        self.ocr_languages = ocr_languages
        self._process: BaseProcess | None = None
        self.connection: Connection
        self._path = Path()
        self._request = b""
        self._checkpoint: OcrCheckpoint | None = None
        self._size_bytes = 0
        self._deadline = 0.0
        self._started_s = 0.0
        self._started_cpu_s = 0.0
        self._allowed_s = 0.0
        self._files = 0

    @property
    def is_usable(self) -> bool:
        """Whether it can parse another file."""
        process = self._process
        return process is None or (process.is_alive() and self._files < _FILES_PER_WORKER)

    def begin(self, path: Path, request: bytes, checkpoint: OcrCheckpoint | None) -> None:
        """Send the request to parse `path`, starting the process first if there is none."""
        self._path, self._request, self._checkpoint = path, request, checkpoint
        if self._process is not None:
            try:
                self._send()
                return
            except OSError:
                log.warning("a parser process ended while idle")
        self._start()
        self._send()

    def poll(self) -> ParseOutcome | None:
        """Return the outcome; None while the file is being parsed. Stops a process that exceeds its limits."""
        while self.connection.poll():
            try:
                message = unpack(self.connection.recv_bytes())
            except (EOFError, OSError, WireError):
                return self._give_up(self._cause_of_death())
            if isinstance(message, ParsedDocument):
                return ParseOutcome(self._path, message, None)
            if isinstance(message, ParseFault):
                if message.problem is ParseProblem.OUT_OF_MEMORY:
                    return self._give_up(message.problem)
                return ParseOutcome(self._path, None, message)
            self._note_progress(message)
        if self._is_out_of_time():
            return self._give_up(ParseProblem.TIMED_OUT)
        if sys.platform != "linux" and self._resident_bytes() > self._limits.memory_bytes:
            return self._give_up(ParseProblem.OUT_OF_MEMORY)
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
        with suppress(ValueError):  # another thread has waited for it
            process.close()

    def _start(self) -> None:
        self.kill()
        context = get_context("spawn")
        self.connection, child_end = context.Pipe()
        process = context.Process(
            target=worker.run,
            args=(child_end, self._limits, self.ocr_languages),
            name="papermoor-parser",
            daemon=True,
        )
        self._starter.submit(spawning.start, process).result()
        child_end.close()
        self._process = process
        self._files = 0

    def _send(self) -> None:
        self._files += 1
        with suppress(OSError):
            self._size_bytes = self._path.stat().st_size
        start_s = _START_S if self._files == 1 else 0.0
        self._restart_clock(self._limits.seconds(0, self._size_bytes) + start_s)
        send_document(self.connection, self._path, self._process_id())
        self.connection.send_bytes(self._request)

    def _process_id(self) -> int:
        return (self._process.pid or 0) if self._process is not None else 0

    def _note_progress(self, message: WorkerReady | PageCount | OcrStarted | OcrPageWords) -> None:
        match message:
            case WorkerReady():
                self._restart_clock(self._limits.seconds(0, self._size_bytes))
            case PageCount():
                self._allow(self._limits.seconds(message.pages, self._size_bytes))
            case OcrStarted():
                self._restart_clock(self._limits.ocr_page_s)
            case OcrPageWords():
                if self._checkpoint is not None:
                    self._checkpoint.save_page(self._path, message.page, message.words)

    def _restart_clock(self, allowed_s: float) -> None:
        self._started_s, self._started_cpu_s = time.monotonic(), self._cpu_s()
        self._allow(allowed_s)

    def _allow(self, allowed_s: float) -> None:
        """Set the time limit, counted from the last start of the clock."""
        self._allowed_s = allowed_s
        self._deadline = self._started_s + allowed_s

    def _is_out_of_time(self) -> bool:
        """Whether the file has had its time. A process that other programs kept from the processor is given longer, up
        to `_MAX_SLOWDOWN` times as long."""
        now = time.monotonic()
        if now <= self._deadline:
            return False
        left_s = self._allowed_s - (self._cpu_s() - self._started_cpu_s)
        if left_s < POLL_S or now > self._started_s + _MAX_SLOWDOWN * self._allowed_s:
            return True
        self._deadline = now + left_s
        return False

    def _give_up(self, problem: ParseProblem) -> ParseOutcome | None:
        """Kill the process. If it had parsed other files, what they left in it may be to blame: try once more in a new
        process and return None."""
        log.info("a parser process was given up: %s", problem)
        parsed_others = self._files > 1
        self.kill()
        if parsed_others and problem is not ParseProblem.TIMED_OUT:
            self.begin(self._path, self._request, self._checkpoint)
            return None
        return ParseOutcome(self._path, None, ParseFault(problem))

    def _cause_of_death(self) -> ParseProblem:
        process = self._process
        if process is None:
            return ParseProblem.CRASHED
        process.join(_END_S)
        return ParseProblem.TIMED_OUT if process.exitcode == -_SIGXCPU else ParseProblem.CRASHED

    def _cpu_s(self) -> float:
        """The processor time that the process has used."""
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
