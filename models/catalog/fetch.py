"""Owns getting the bytes of one large file over HTTP: resumed after a kill at any byte, verified while they arrive.

Python's own HTTP client does the transfer: it takes the system's proxies (environment, Windows registry, macOS
settings), and `truststore` gives it the system's certificates, so that a company's own certificate is accepted where
the browser accepts it. Every attempt starts at the file's lasting address, because those it redirects to expire.
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
    Retry,
    disk_fault,
    no_space_fault,
    retry_or_fault,
    still_failing_fault,
    wrong_answer_fault,
    wrong_content_fault,
    wrong_size_fault,
)
from models.faults import N_
from models.progress import Progress, ReportProgress

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
SPARE_BYTES = 256 << 20  # left free on the drive
REPORT_INTERVAL_S = 0.1
SPEED_WINDOW_S = 10.0
CHECKING = N_("Checking what is already here")
TRYING_AGAIN = N_("The connection broke off; trying again")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to fetch: its lasting address, and what it must turn out to be."""

    url: str
    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """How long to wait for a server: `stall_timeout_s` without a byte ends an attempt; after `attempts` of them that
    brought nothing, one after the other, the download has failed. Waits between them double from `first_wait_s` on."""

    stall_timeout_s: float = 30.0
    attempts: int = 7
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0


def fetch(
    remote: RemoteFile, part: Path, *, report: ReportProgress, cancel: CancelToken, patience: RetryBudget | None = None
) -> None:
    """Make `part` hold exactly `remote`, continuing with what it holds. Blocks; raises DownloadFault, Cancelled.

    Whatever happens, what has arrived stays in `part`, except if all of it is there and it is not the right file.
    """
    _Fetch(remote, part, report, cancel, patience or RetryBudget()).run()


class _Fetch:
    """One download. `_done` bytes are in the file and in the digest."""

    def __init__(
        self, remote: RemoteFile, part: Path, report: ReportProgress, cancel: CancelToken, patience: RetryBudget
    ) -> None:
        self._remote = remote
        self._part = part
        self._cancel = cancel
        self._patience = patience
        self._pace = _Pace(remote.size_bytes, report)
        self._digest = hashlib.sha256()
        self._done = 0
        self._file: BinaryIO
        self._opener = _opener()

    def run(self) -> None:
        self._take_up()
        self._require_space()
        self._pace.start(self._done)
        try:
            with self._part.open("ab") as self._file:
                self._get_all()
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as error:  # of the disk: those of the network were dealt with where they came up
            raise disk_fault(self._part, error) from error
        self._verify()

    def _take_up(self) -> None:
        """Digest what an earlier run left."""
        try:
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
                    self._pace.report(self._done, CHECKING)
        except OSError as error:
            raise disk_fault(self._part, error) from error

    def _require_space(self) -> None:
        missing = self._remote.size_bytes - self._done
        free = shutil.disk_usage(self._part.parent).free
        if missing and missing + SPARE_BYTES > free:
            raise no_space_fault(self._part.parent, missing + SPARE_BYTES, free)

    def _get_all(self) -> None:
        failures = 0
        while self._done < self._remote.size_bytes:
            before = self._done
            try:
                self._attempt()
            except Retry as retry:
                self._cancel.check()
                failures = 0 if self._done > before else failures + 1
                log.info("download at %d of %d bytes: %s", self._done, self._remote.size_bytes, retry)
                if failures >= self._patience.attempts:
                    raise still_failing_fault(self._remote.url, str(retry)) from retry
                self._pause(failures, retry.wait_s)

    def _pause(self, failures: int, asked_s: float | None) -> None:
        self._pace.report(self._done, TRYING_AGAIN, now=True)
        wait_s = min(self._patience.first_wait_s * 2 ** max(failures - 1, 0), self._patience.longest_wait_s)
        self._cancel.wait(max(wait_s, min(asked_s or 0.0, 2 * self._patience.longest_wait_s)))
        self._cancel.check()

    def _attempt(self) -> None:
        """One request, and as much of its answer as comes. Raises Retry unless the file is complete afterwards."""
        request = urllib.request.Request(self._remote.url, headers={"User-Agent": "papermoor"})
        if self._done:
            request.add_header("Range", f"bytes={self._done}-")
        self._cancel.check()
        try:
            response = self._opener.open(request, timeout=self._patience.stall_timeout_s)
        except (OSError, http.client.HTTPException) as error:
            raise retry_or_fault(self._remote.url, error) from error
        with response, _Hangup(response).on(self._cancel):
            self._receive(response, self._bytes_to_skip(response))

    def _bytes_to_skip(self, response: http.client.HTTPResponse) -> int:
        """How much of the answer is in the file already: all of it, if the server does not know ranges."""
        size = self._remote.size_bytes
        if response.status == 206:
            start, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
            if start.partition("-")[0] != str(self._done) or total not in (str(size), "*"):
                raise wrong_answer_fault(self._remote.url)
            return 0
        if response.status != 200 or response.headers.get_content_type() == "text/html":
            raise wrong_answer_fault(self._remote.url)
        length = response.headers.get("Content-Length")
        if length is not None and length != str(size):
            raise wrong_size_fault(self._remote.name, size, length)
        return self._done

    def _receive(self, response: http.client.HTTPResponse, skip: int) -> None:
        while self._done < self._remote.size_bytes:
            try:
                data = response.read1(CHUNK_BYTES)
            except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: hung up meanwhile
                self._cancel.check()
                raise retry_or_fault(self._remote.url, error) from error
            self._cancel.check()
            if not data:
                raise Retry("the connection ended early")
            new = data[skip:]
            skip = max(0, skip - len(data))
            self._keep(new[: self._remote.size_bytes - self._done])

    def _keep(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._done += len(data)
        self._pace.report(self._done)

    def _verify(self) -> None:
        self._pace.report(self._done, now=True)
        if self._digest.hexdigest() != self._remote.sha256:
            self._part.unlink(missing_ok=True)
            raise wrong_content_fault(self._remote.name)


class _Pace:
    """Reports progress at a bearable rate, with the time left at the speed of the last seconds."""

    def __init__(self, total: int, report: ReportProgress) -> None:
        self._total = total
        self._report = report
        self._reported_s = float("-inf")
        self._moments: deque[tuple[float, int]] = deque()

    def start(self, done: int) -> None:
        """The transfer begins, with `done` bytes there already: they say nothing about its speed."""
        self._moments.append((time.monotonic(), done))

    def report(self, done: int, detail: str = "", *, now: bool = False) -> None:
        moment_s = time.monotonic()
        if moment_s - self._reported_s < REPORT_INTERVAL_S and not now:
            return
        self._reported_s = moment_s
        self._report(Progress(done, self._total, "bytes", detail, self._seconds_left(moment_s, done)))

    def _seconds_left(self, moment_s: float, done: int) -> float | None:
        if not self._moments:
            return None
        self._moments.append((moment_s, done))
        while len(self._moments) > 2 and moment_s - self._moments[0][0] > SPEED_WINDOW_S:
            self._moments.popleft()
        then_s, before = self._moments[0]
        return (self._total - done) * (moment_s - then_s) / (done - before) if done > before else None


class _Hangup:
    """Cuts the connection when the person cancels, so that a stalled read ends at once and not at its timeout."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self._lock = threading.Lock()
        self._usable = True

    @contextmanager
    def on(self, cancel: CancelToken) -> Iterator[None]:
        """Listen to `cancel` within the context; afterwards the response may be closed."""
        try:
            with cancel.listened(self._cut):
                yield
        finally:
            with self._lock:  # the descriptor may belong to somebody else from here on
                self._usable = False

    def _cut(self) -> None:
        with self._lock:
            if not self._usable:
                return
            try:
                connection = socket.socket(fileno=self._response.fileno())
            except (OSError, ValueError, AttributeError):  # closed already, or all of it read
                return
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            finally:
                connection.detach()


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from an encrypted connection to an open one."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            fp.close()
            raise wrong_answer_fault(req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _Redirects())


def file_sha256(path: Path, *, report: ReportProgress, cancel: CancelToken) -> str:
    """The SHA-256 of a file on the disk, with progress. Raises DownloadFault if it cannot be read, Cancelled."""
    try:
        pace = _Pace(path.stat().st_size, report)
        pace.start(0)
        digest, done = hashlib.sha256(), 0
        with path.open("rb") as file:
            while data := file.read(CHUNK_BYTES):
                cancel.check()
                digest.update(data)
                done += len(data)
                pace.report(done, CHECKING)
    except OSError as error:
        raise disk_fault(path, error) from error
    return digest.hexdigest()
