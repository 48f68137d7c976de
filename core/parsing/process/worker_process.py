"""The parent's side of one worker process: sends it a file, limits its time and memory, receives the outcome."""

from __future__ import annotations

import logging
import sys
import threading
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from core.domain.cut_text import CutPassage, CutText, RunOutline
from core.parsing.document import ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process import worker
from core.parsing.process.channel import ChannelEnded, WorkerChannel
from core.parsing.process.clock import ParseClock
from core.parsing.process.cut_wire import check_cut
from core.parsing.process.document_passing import send_document
from core.parsing.process.fields import WireError
from core.parsing.process.isolation import hide_memory
from core.parsing.process.wire import (
    CUT_PART,
    Message,
    OcrPageWords,
    OcrStarted,
    PageCount,
    TextRead,
    WorkerReady,
    unpack,
)
from core.parsing.process.worker import Cutter
from models import spawning

log = logging.getLogger(__name__)

_START_S = 60.0  # on top of a file's own time, until a new process says that it is ready
_END_S = 5.0  # for a process to end by itself
_DEATH_S = 1.0  # for a process whose pipe has closed to be gone
_FILES_PER_WORKER = 500  # then it is replaced, whatever earlier files left in it
_SIGXCPU = 24
_MESSAGES_PER_PAGE = 4  # of progress: page count, start of OCR, words
_SPARE_MESSAGES = 1000
_CUT_BYTES_PER_CHAR = 16  # of search terms, boundaries and headings: Chinese has 11, English some 2
_SPARE_CUT_BYTES = 64 << 20
_WORDS_BYTES = 128 << 20  # that OCR may read in one document


@dataclass(frozen=True, slots=True)
class ParseOutcome:
    """The outcome for one file: its `document`, or the `fault` that says why there is none. `cut` is how its text is
    cut into passages, if the pool has a cutter; then the document has no blocks."""

    path: Path
    document: ParsedDocument | None
    fault: ParseFault | None
    cut: CutText | None = None


class OcrCheckpoint(Protocol):
    """Saves the words that OCR read, page by page, so that an interrupted document resumes at its next page. Called on
    the thread that draws from `ParserPool.parse_many`."""

    def saved_pages(self, path: Path) -> dict[int, str]: ...
    def save_page(self, path: Path, page: int, words: str) -> None: ...


@dataclass(slots=True)
class _File:
    """The file that is being parsed, and what its worker has sent so far."""

    path: Path
    request: bytes
    arrived: threading.Event
    checkpoint: OcrCheckpoint | None
    messages: int = 0
    words_bytes: int = 0
    pages_read: set[int] = field(default_factory=set)
    runs: list[RunOutline] = field(default_factory=list)
    passages: list[CutPassage] = field(default_factory=list)
    cut_bytes: int = 0


def _send_file(path: Path, request: bytes, process_id: int, connection: Connection) -> None:
    """Runs on the channel's thread: opening a file may take long, and so may a process that does not read."""
    send_document(connection, path, process_id)
    connection.send_bytes(request)


class WorkerProcess:
    """One process, the pipe to it, and the file it is parsing. Used by one thread at a time.

    Nothing that the process sends, or fails to send, does more than end this process and this file: all that it sends
    is limited in size, number and time."""

    def __init__(
        self,
        limits: ParseLimits,
        starter: Executor,
        ocr_languages: tuple[str, ...] = (),
        cutter: Cutter | None = None,
    ) -> None:
        """`starter` is one thread that outlives the process: the kernel ends a process with the thread that began it.
        Pictures are read by OCR if there are `ocr_languages`; texts are cut if there is a `cutter`."""
        self._limits = limits
        self._starter = starter
        self.ocr_languages = ocr_languages
        self._cutter = cutter
        self._process: BaseProcess | None = None
        self._channel: WorkerChannel | None = None
        self._file = _File(Path(), b"", threading.Event(), None)
        self._clock = ParseClock(limits, self._cpu_s)
        self._files = 0

    @property
    def is_usable(self) -> bool:
        """Whether it can parse another file."""
        process = self._process
        return process is None or (process.is_alive() and self._files < _FILES_PER_WORKER)

    def begin(
        self, path: Path, request: bytes, arrived: threading.Event, checkpoint: OcrCheckpoint | None = None
    ) -> None:
        """Send the request to parse `path`, starting the process first if there is none. `arrived` is set when there is
        something to `poll`."""
        self._file = _File(path, request, arrived, checkpoint)
        self._begin()

    def poll(self) -> ParseOutcome | None:
        """Return the outcome; None while the file is being parsed. Stops a process that exceeds its limits."""
        try:
            while (message := self._receive()) is not None:
                if isinstance(message, ParsedDocument):
                    return ParseOutcome(self._file.path, message, None, self._cut_of(message))
                if isinstance(message, ParseFault):
                    if message.problem is ParseProblem.OUT_OF_MEMORY:
                        return self._give_up(message.problem)
                    return ParseOutcome(self._file.path, None, message)
                self._note_progress(message)
        except ChannelEnded:
            return self._give_up(self._cause_of_death())
        except WireError as error:
            log.warning("a parser process sent what is no message: %s", error)
            return self._give_up(ParseProblem.CRASHED)
        if self._clock.is_over():
            return self._give_up(ParseProblem.TIMED_OUT)
        if sys.platform != "linux" and self._resident_bytes() > self._limits.memory_bytes:
            return self._give_up(ParseProblem.OUT_OF_MEMORY)
        return None

    def end(self) -> None:
        """Let the process end by itself, which it does when the pipe closes; kill it if it does not."""
        process = self._process
        if process is None:
            return
        self._close_channel()
        process.join(_END_S)
        self.kill()

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.is_alive():
            process.kill()
        self._close_channel()
        if process is None:
            return
        process.join()
        with suppress(ValueError):  # another thread has waited for it
            process.close()

    def _close_channel(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _begin(self) -> None:
        if self._channel is not None:
            try:
                self._send(self._channel)
                return
            except ChannelEnded:
                log.warning("a parser process ended while idle, or sent what nobody asked for")
        self._send(self._start())

    def _start(self) -> WorkerChannel:
        self.kill()
        hide_memory()
        context = get_context("spawn")
        ours, child_end = context.Pipe()
        process = context.Process(
            target=worker.run,
            args=(child_end, self._limits, self.ocr_languages, self._cutter),
            name="papermoor-parser",
            daemon=True,
        )
        self._starter.submit(spawning.start, process).result()
        child_end.close()
        self._process = process
        self._channel = WorkerChannel(ours, self._limits)
        self._files = 0
        return self._channel

    def _send(self, channel: WorkerChannel) -> None:
        self._files += 1
        size_bytes = 0
        with suppress(OSError):
            size_bytes = self._file.path.stat().st_size
        start_s = _START_S if self._files == 1 else 0.0
        self._clock.start(size_bytes, start_s, reads_pictures=bool(self.ocr_languages))
        process_id = (self._process.pid or 0) if self._process is not None else 0
        channel.begin(partial(_send_file, self._file.path, self._file.request, process_id), self._file.arrived)

    def _receive(self) -> Message | None:
        """The next message; None if none has come yet. Raises `WireError` and `ChannelEnded`."""
        if self._channel is None:
            raise ChannelEnded
        received = self._channel.receive()
        if received is None:
            return None
        self._file.messages += 1
        if self._file.messages > _MESSAGES_PER_PAGE * self._limits.pages + _SPARE_MESSAGES:
            raise WireError("too many messages")
        if received[0] == CUT_PART:
            self._file.cut_bytes += len(received[1])
            if self._file.cut_bytes > _CUT_BYTES_PER_CHAR * self._limits.text_chars + _SPARE_CUT_BYTES:
                raise WireError("too many passages")
        return unpack(*received, self._limits)

    def _note_progress(self, message: WorkerReady | PageCount | OcrStarted | OcrPageWords | TextRead | CutText) -> None:
        match message:
            case WorkerReady():
                if self._files > 1 or self._file.messages > 1:
                    raise WireError("ready a second time")
                self._clock.note_ready()
            case PageCount():
                self._clock.note_pages(message.pages)
            case OcrStarted():
                self._clock.note_picture()
            case OcrPageWords():
                self._save_words(message)
            case TextRead():
                self._clock.note_text(message.characters)
            case CutText():
                if self._cutter is None:
                    raise WireError("passages that nobody asked for")
                self._file.runs += message.runs
                self._file.passages += message.passages

    def _cut_of(self, document: ParsedDocument) -> CutText | None:
        """How `document` is cut; None without a cutter. Raises `WireError` for what is outside its text."""
        if self._cutter is None:
            return None
        cut = CutText(tuple(self._file.runs), tuple(self._file.passages))
        check_cut(cut, document.text)
        return cut

    def _save_words(self, message: OcrPageWords) -> None:
        """Each page is saved once, no more pages than OCR reads, and no more words than a document may hold."""
        file = self._file
        file.words_bytes += len(message.words)
        if message.page in file.pages_read or len(file.pages_read) >= self._limits.ocr_pages:
            raise WireError("words of too many pages")
        if not self.ocr_languages or file.words_bytes > _WORDS_BYTES:
            raise WireError("words that nobody asked for")
        file.pages_read.add(message.page)
        if file.checkpoint is not None:
            file.checkpoint.save_page(file.path, message.page, message.words)

    def _give_up(self, problem: ParseProblem) -> ParseOutcome | None:
        """Kill the process. If it had parsed other files, what they left in it may be to blame: try once more in a new
        process and return None."""
        log.info("a parser process was given up: %s", problem)
        parsed_others = self._files > 1
        self.kill()
        if parsed_others and problem is not ParseProblem.TIMED_OUT:
            file = self._file
            self._file = _File(file.path, file.request, file.arrived, file.checkpoint)
            self._begin()
            return None
        return ParseOutcome(self._file.path, None, ParseFault(problem))

    def _cause_of_death(self) -> ParseProblem:
        process = self._process
        if process is None:
            return ParseProblem.CRASHED
        process.join(_DEATH_S)
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
