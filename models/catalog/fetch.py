"""Fetches one large file over HTTP: resumes after an interruption at any byte and verifies while the bytes arrive.

Python's HTTP client is used because it takes the system's proxies (environment, Windows registry, macOS settings), and
`truststore` gives it the system's certificates, so that a company's certificate is accepted wherever the browser
accepts it. Every attempt starts at the file's permanent address, since the addresses it redirects to expire.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import shutil
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from models.cancel import CancelToken
from models.catalog.fetch_faults import (
    TransientError,
    classify_error,
    disk_fault,
    no_space_fault,
    still_failing_fault,
    unexpected_response_fault,
    wrong_content_fault,
    wrong_size_fault,
)
from models.faults import N_
from models.progress import Progress, ReportProgress

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
SPARE_BYTES = 256 << 20  # left free on the drive
REPORT_INTERVAL_S = 0.1
SPEED_WINDOW_S = 10.0
CHECKING = N_("Checking what is already here")
TRYING_AGAIN = N_("The connection broke off; trying again")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to fetch: its permanent address, and the size and SHA-256 that it must have."""

    url: str
    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """When to give up on a server. An attempt ends after `read_timeout_s` without a byte; the download fails after
    `attempts` attempts in a row that brought nothing. The wait between attempts doubles from `first_wait_s` up to
    `longest_wait_s`."""

    read_timeout_s: float = 30.0
    attempts: int = 7
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0


def fetch(
    remote: RemoteFile,
    part: Path,
    *,
    report: ReportProgress,
    cancel: CancelToken,
    retry_budget: RetryBudget | None = None,
) -> None:
    """Complete the file `part` so that it is exactly `remote`. Blocks. Raises `DownloadFault` or `Cancelled`.

    After a failure `part` keeps what has arrived, unless it is complete and has the wrong checksum.
    """
    _Transfer(remote, part, report, cancel, retry_budget or RetryBudget()).run()


class _Transfer:
    """One download. `_done` counts the bytes that are in the file and in the digest."""

    def __init__(
        self, remote: RemoteFile, part: Path, report: ReportProgress, cancel: CancelToken, retry_budget: RetryBudget
    ) -> None:
        self._remote = remote
        self._part = part
        self._cancel = cancel
        self._retry_budget = retry_budget
        self._progress = _ProgressReporter(remote.size_bytes, report)
        self._digest = hashlib.sha256()
        self._done = 0
        self._file: BinaryIO
        self._opener = _opener()

    def run(self) -> None:
        self._hash_existing()
        self._require_space()
        self._progress.start(self._done)
        try:
            with os.fdopen(os.open(self._part, _APPEND, 0o600), "ab") as self._file:
                self._receive_rest()
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as error:  # the disk's: errors of the network are handled in `_attempt` and `_receive`
            raise disk_fault(self._part, error) from error
        self._verify()

    def _hash_existing(self) -> None:
        """Feed the digest with what an earlier run has left in the file."""
        try:
            if self._part.is_symlink():
                self._part.unlink()  # it would be written through
            if not self._part.is_file():
                return
            if self._part.stat().st_size > self._remote.size_bytes:
                self._part.unlink()
                return
            with self._part.open("rb") as file:
                while data := file.read(CHUNK_BYTES):
                    self._cancel.check()
                    self._digest.update(data)
                    self._done += len(data)
                    self._progress.report(self._done, CHECKING)
        except OSError as error:
            raise disk_fault(self._part, error) from error

    def _require_space(self) -> None:
        missing = self._remote.size_bytes - self._done
        free = shutil.disk_usage(self._part.parent).free
        if missing and missing + SPARE_BYTES > free:
            raise no_space_fault(self._part.parent, missing + SPARE_BYTES, free)

    def _receive_rest(self) -> None:
        """Make attempts until the file is complete or the retry budget is used up."""
        failures = 0
        while self._done < self._remote.size_bytes:
            before = self._done
            try:
                self._attempt()
            except TransientError as error:
                self._cancel.check()
                failures = 0 if self._done > before else failures + 1
                log.info("download at %d of %d bytes: %s", self._done, self._remote.size_bytes, error)
                if failures >= self._retry_budget.attempts:
                    raise still_failing_fault(self._remote.url, str(error)) from error
                self._back_off(failures, error.retry_after_s)

    def _back_off(self, failures: int, retry_after_s: float | None) -> None:
        """Wait before the next attempt, at least as long as the server asked for within reason."""
        self._progress.report(self._done, TRYING_AGAIN, now=True)
        budget = self._retry_budget
        wait_s = min(budget.first_wait_s * 2 ** max(failures - 1, 0), budget.longest_wait_s)
        self._cancel.wait(max(wait_s, min(retry_after_s or 0.0, 2 * budget.longest_wait_s)))
        self._cancel.check()

    def _attempt(self) -> None:
        """Send one request and receive as much of the response as comes. Raises `TransientError` unless the file is
        complete afterwards."""
        request = urllib.request.Request(self._remote.url, headers={"User-Agent": "papermoor"})
        if self._done:
            request.add_header("Range", f"bytes={self._done}-")
        self._cancel.check()
        try:
            response = self._opener.open(request, timeout=self._retry_budget.read_timeout_s)
        except (OSError, http.client.HTTPException) as error:
            raise classify_error(self._remote.url, error) from error
        with response, _SocketShutdown(response).on(self._cancel):
            self._receive(response, self._bytes_to_skip(response))

    def _bytes_to_skip(self, response: http.client.HTTPResponse) -> int:
        """How many leading bytes of the response are in the file already: none, or all of the file's if the server
        ignores ranges. Raises `DownloadFault` for a response that is not the file."""
        size = self._remote.size_bytes
        if response.status == 206:
            start, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
            if start.partition("-")[0] != str(self._done) or total not in (str(size), "*"):
                raise unexpected_response_fault(self._remote.url)
            return 0
        if response.status != 200 or response.headers.get_content_type() == "text/html":
            raise unexpected_response_fault(self._remote.url)
        length = response.headers.get("Content-Length")
        if length is not None and length != str(size):
            raise wrong_size_fault(self._remote.name, size, length)
        return self._done

    def _receive(self, response: http.client.HTTPResponse, skip: int) -> None:
        while self._done < self._remote.size_bytes:
            try:
                data = response.read1(CHUNK_BYTES)
            except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: closed by a cancel
                self._cancel.check()
                raise classify_error(self._remote.url, error) from error
            self._cancel.check()
            if not data:
                raise TransientError("the connection ended early")
            new = data[skip:]
            skip = max(0, skip - len(data))
            self._append(new[: self._remote.size_bytes - self._done])

    def _append(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._done += len(data)
        self._progress.report(self._done)

    def _verify(self) -> None:
        self._progress.report(self._done, now=True)
        if self._digest.hexdigest() != self._remote.sha256:
            self._part.unlink(missing_ok=True)
            raise wrong_content_fault(self._remote.name)


class _ProgressReporter:
    """Reports progress at most every `REPORT_INTERVAL_S`, with the time left at the speed of the last seconds."""

    def __init__(self, total: int, report: ReportProgress) -> None:
        self._total = total
        self._report = report
        self._reported_s = float("-inf")
        self._samples: deque[tuple[float, int]] = deque()

    def start(self, done: int) -> None:
        """Start measuring the speed, with `done` bytes that are there already and do not count."""
        self._samples.append((time.monotonic(), done))

    def report(self, done: int, detail: str = "", *, now: bool = False) -> None:
        now_s = time.monotonic()
        if now_s - self._reported_s < REPORT_INTERVAL_S and not now:
            return
        self._reported_s = now_s
        self._report(Progress(done, self._total, "bytes", detail, self._seconds_left(now_s, done)))

    def _seconds_left(self, now_s: float, done: int) -> float | None:
        if not self._samples:
            return None
        self._samples.append((now_s, done))
        while len(self._samples) > 2 and now_s - self._samples[0][0] > SPEED_WINDOW_S:
            self._samples.popleft()
        then_s, before = self._samples[0]
        return (self._total - done) * (now_s - then_s) / (done - before) if done > before else None


class _SocketShutdown:
    """Shuts the connection down on cancel, so that a stalled read ends at once instead of at its timeout."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self._lock = threading.Lock()
        self._response_open = True

    @contextmanager
    def on(self, cancel: CancelToken) -> Iterator[None]:
        """Within the context, shut the connection down as soon as `cancel` is set."""
        try:
            with cancel.on_cancel(self._shut_down):
                yield
        finally:
            with self._lock:  # the response may be closed from here on, and its descriptor reused
                self._response_open = False

    def _shut_down(self) -> None:
        with self._lock:
            if not self._response_open:
                return
            try:
                connection = socket.socket(fileno=self._response.fileno())
            except (OSError, ValueError, AttributeError):  # closed already, or read to its end
                return
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            finally:
                connection.detach()


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to an unencrypted connection, nor to anything but HTTP."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        schemes = ("https:",) if req.full_url.startswith("https:") else ("https:", "http:")
        if not newurl.lower().startswith(schemes):
            fp.close()
            raise unexpected_response_fault(req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _SecureRedirects())


def file_sha256(path: Path, *, report: ReportProgress, cancel: CancelToken) -> str:
    """The SHA-256 of a file on the disk. Raises `DownloadFault` if it cannot be read, and `Cancelled`."""
    try:
        progress = _ProgressReporter(path.stat().st_size, report)
        progress.start(0)
        digest, done = hashlib.sha256(), 0
        with path.open("rb") as file:
            while data := file.read(CHUNK_BYTES):
                cancel.check()
                digest.update(data)
                done += len(data)
                progress.report(done, CHECKING)
    except OSError as error:
        raise disk_fault(path, error) from error
    return digest.hexdigest()
