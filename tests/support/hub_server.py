"""A local model hub that misbehaves on demand: it drops, stalls, truncates, corrupts, redirects and loses files."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Response:
    """How one request for bytes is answered. At `end_byte` of the file the connection is closed, or with `stall` left
    open without further bytes. A `status` other than 200 is answered without content. `corrupt_at` changes that byte of
    the file. `announced_length` is a false Content-Length, `wrong_range` shifts the Content-Range."""

    status: int = 200
    end_byte: int | None = None
    stall: bool = False
    corrupt_at: int | None = None
    ignore_range: bool = False
    as_html: bool = False
    announced_length: int | None = None
    wrong_range: bool = False
    retry_after: str = ""


@dataclass
class Hub:
    """The file on offer, the `responses` to the next requests for its bytes (normal ones afterwards), and the requests
    so far. `stalled` is set when a response stalls; setting `shutting_down` ends such responses."""

    content: bytes
    responses: deque[Response] = field(default_factory=deque)
    requested_ranges: list[str | None] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    metadata_status: int = 302
    metadata_headers: dict[str, str] = field(default_factory=dict)
    port: int = 0
    scheme: str = "http"
    stalled: threading.Event = field(default_factory=threading.Event)
    shutting_down: threading.Event = field(default_factory=threading.Event)
    signatures: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.hub.requests.append(f"HEAD {self.path}")
        self._metadata()

    def do_GET(self) -> None:
        self.hub.requests.append(f"GET {self.path}")
        if "/resolve/" in self.path:
            self._metadata()
        else:
            self._bytes()

    def _metadata(self) -> None:
        """Like the real hub, answer with the file's metadata and a redirect to a signed address at another host. Only
        the latest of these addresses is valid."""
        self.hub.signatures += 1
        self.send_response(self.hub.metadata_status)
        facts = {"X-Linked-Etag": f'"{self.hub.sha256}"', "X-Linked-Size": str(len(self.hub.content))}
        for name, value in {**facts, "X-Repo-Commit": COMMIT, **self.hub.metadata_headers}.items():
            self.send_header(name, value)
        self.send_header("Location", f"{self.hub.scheme}://localhost:{self.hub.port}/bytes?{self.hub.signatures}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _bytes(self) -> None:
        hub, asked = self.hub, self.headers.get("Range")
        hub.requested_ranges.append(asked)
        answer = hub.responses.popleft() if hub.responses else Response()
        if self.path != f"/bytes?{hub.signatures}":
            answer = Response(status=403)
        if answer.status != 200:
            self._status(answer)
            return
        content = bytearray(hub.content)
        if answer.corrupt_at is not None:
            content[answer.corrupt_at] ^= 1
        start = 0 if asked is None or answer.ignore_range else int(asked.removeprefix("bytes=").removesuffix("-"))
        self._head(answer, start, len(content), partial=asked is not None and not answer.ignore_range)
        end = len(content) if answer.end_byte is None else max(start, answer.end_byte)
        self.wfile.write(content[start:end])
        self.wfile.flush()
        if answer.stall:
            hub.stalled.set()
            hub.shutting_down.wait()
        self.close_connection = True

    def _status(self, answer: Response) -> None:
        self.send_response(answer.status)
        if answer.retry_after:
            self.send_header("Retry-After", answer.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _head(self, answer: Response, start: int, size: int, *, partial: bool) -> None:
        self.send_response(206 if partial else 200)
        if partial:
            self.send_header("Content-Range", f"bytes {start + answer.wrong_range}-{size - 1}/{size}")
        self.send_header("Content-Type", "text/html" if answer.as_html else "application/octet-stream")
        self.send_header(
            "Content-Length", str(size - start if answer.announced_length is None else answer.announced_length)
        )
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def serving(hub: Hub, *, tls: ssl.SSLContext | None = None) -> Iterator[Hub]:
    """Serve `hub` at `hub.url` within the context."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that disconnect are part of the tests
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        hub.scheme = "https"
    hub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="hub server")
    thread.start()
    try:
        yield hub
    finally:
        hub.shutting_down.set()
        server.shutdown()
        server.server_close()
        thread.join()
