"""Main function of the worker process: confines itself, then parses one file after another until its parent ends."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process.wire import OcrPageWords, OcrStarted, PageCount, WorkerReady, pack


def encode_request(
    path: Path,
    password: str | None,
    other_passwords: Sequence[str] = (),
    ocr_languages: Sequence[str] = (),
    saved_pages: Mapping[int, str] | None = None,
) -> bytes:
    """Return the request to parse `path`; the parameters are those of `core.parsing.registry.parse_file`. The path is
    sent as bytes, so that any file name survives."""
    values = {
        "path": os.fsencode(path).hex(),
        "password": password,
        "other_passwords": list(other_passwords),
        "ocr_languages": list(ocr_languages),
        "saved_pages": dict(saved_pages or {}),
    }
    return json.dumps(values).encode()


def run(connection: Connection, limits: ParseLimits) -> None:
    """Answer each request with any number of progress messages, then one document or fault. Returns when the parent
    closes the pipe; the process ends when the parent does."""
    from core.parsing import registry  # noqa: F401  # loaded before this process is confined
    from core.parsing.process import confinement

    _end_with_parent()
    confinement.confine(limits)
    connection.send_bytes(pack(WorkerReady()))
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        answer = _parse(request, connection, limits)
        try:
            connection.send_bytes(answer)
        except (BrokenPipeError, OSError):
            return


def _parse(request: dict[str, Any], connection: Connection, limits: ParseLimits) -> bytes:
    """Parse the file of `request`, sending progress messages meanwhile; return the final message."""
    from core.parsing.process.confinement import allow_seconds
    from core.parsing.registry import parse_file

    allow_seconds(limits.longest_s)

    def send_ocr_started() -> None:
        allow_seconds(limits.longest_s)
        connection.send_bytes(pack(OcrStarted()))

    try:
        document = parse_file(
            Path(os.fsdecode(bytes.fromhex(request["path"]))),
            limits,
            password=request["password"],
            other_passwords=tuple(request["other_passwords"]),
            ocr_languages=request["ocr_languages"],
            saved_pages={int(page): words for page, words in request["saved_pages"].items()},
            on_pages=lambda pages: connection.send_bytes(pack(PageCount(pages))),
            on_ocr_start=send_ocr_started,
            on_ocr_page=lambda page, words: connection.send_bytes(pack(OcrPageWords(page, words))),
        )
        return pack(document)
    except ParseFault as fault:
        return pack(fault)
    except MemoryError:
        return pack(ParseFault(ParseProblem.OUT_OF_MEMORY))


def _end_with_parent() -> None:
    """End this process as soon as its parent has ended, even in the middle of a file."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
