"""Main function of the worker process: confines itself, then parses one file after another until its parent ends."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from core.domain.cut_text import CutPassage, RunOutline
from core.parsing.document import ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem, fault_from_os_error
from core.parsing.limits import ParseLimits
from core.parsing.open_file import OpenFile
from core.parsing.process.cut_wire import parts
from core.parsing.process.document_passing import DocumentReceiver
from core.parsing.process.preload import load_lexicons
from core.parsing.process.wire import Message, OcrPageWords, OcrStarted, PageCount, TextRead, WorkerReady, frames

if TYPE_CHECKING:
    from multiprocessing.process import ParentProcess  # type: ignore[attr-defined]

    from core.parsing.ocr.recogniser import Recogniser


def encode_request(
    path: Path,
    password: str | None,
    other_passwords: Sequence[str] = (),
    saved_pages: Mapping[int, str] | None = None,
) -> bytes:
    """Return the request to parse the document that was handed over before; the parameters are those of
    `core.parsing.registry.parse_file`. Of the path only the name is sent, as bytes, so that any file name survives."""
    values = {
        "name": os.fsencode(path.name).hex(),
        "password": password,
        "other_passwords": list(other_passwords),
        "saved_pages": dict(saved_pages or {}),
    }
    return json.dumps(values).encode()


Cutter = Callable[[ParsedDocument], Iterator[RunOutline | CutPassage]]
"""Cuts a document into passages (`core.chunking.chunker.cut_document`)."""


def run(
    connection: Connection, limits: ParseLimits, ocr_languages: Sequence[str], cutter: Cutter | None = None
) -> None:
    """Answer each document and request with any number of progress messages, then how the document is cut if there is
    a `cutter`, then one document or fault. Pictures are read by OCR if there are `ocr_languages`. Ends the process when
    the parent closes the pipe, or ends."""
    from core.parsing.process import confinement

    parent = parent_process()
    _end_with_parent(parent)
    documents = DocumentReceiver(connection)
    if cutter is not None:
        load_lexicons()
    recogniser = confinement.confine(limits, connection.fileno(), ocr_languages, parent.pid if parent else None)
    _send(connection, WorkerReady())
    while True:
        file: OpenFile | ParseFault
        try:
            file = documents.receive()
        except EOFError:
            os._exit(0)  # most of what an interpreter does at its end is refused, and nothing is left to do
        except OSError as error:
            file = fault_from_os_error(error)
        try:
            request = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        answer: Message
        if isinstance(file, ParseFault):
            answer = file
        else:
            with file:
                answer = _answer(request, file, recogniser, connection, limits, cutter)
        try:
            _send(connection, answer)
        except OSError:
            return
        except MemoryError:
            _send(connection, ParseFault(ParseProblem.OUT_OF_MEMORY))


def _send(connection: Connection, message: Message) -> None:
    for frame in frames(message):
        connection.send_bytes(frame)


def _answer(
    request: dict[str, Any],
    file: OpenFile,
    recogniser: Recogniser | None,
    connection: Connection,
    limits: ParseLimits,
    cutter: Cutter | None,
) -> ParsedDocument | ParseFault:
    """Parse `file` as `request` says and cut its text, sending progress messages and parts meanwhile; return the final
    message. Blocks have served their purpose where the text has been cut."""
    try:
        document = _parse(request, file, recogniser, connection, limits)
        if cutter is None:
            return document
        _cut(document, cutter, connection, limits)
        return replace(document, blocks=())
    except ParseFault as fault:
        return fault
    except MemoryError:
        return ParseFault(ParseProblem.OUT_OF_MEMORY)


def _cut(document: ParsedDocument, cutter: Cutter, connection: Connection, limits: ParseLimits) -> None:
    from core.parsing.process.confinement import allow_seconds

    allow_seconds(limits.longest_s)
    _send(connection, TextRead(len(document.text)))
    for part in parts(cutter(document)):
        _send(connection, part)


def _parse(
    request: dict[str, Any],
    file: OpenFile,
    recogniser: Recogniser | None,
    connection: Connection,
    limits: ParseLimits,
) -> ParsedDocument:
    """Parse `file` as `request` says, sending progress messages meanwhile."""
    from core.parsing.process.confinement import allow_seconds
    from core.parsing.registry import parse_file

    allow_seconds(limits.longest_s)

    def send_ocr_started() -> None:
        allow_seconds(limits.longest_s)
        _send(connection, OcrStarted())

    return parse_file(
        PurePath(os.fsdecode(bytes.fromhex(request["name"]))),
        limits,
        file=file,
        password=request["password"],
        other_passwords=tuple(request["other_passwords"]),
        recogniser=recogniser,
        saved_pages={int(page): words for page, words in request["saved_pages"].items()},
        on_pages=lambda pages: _send(connection, PageCount(pages)),
        on_ocr_start=send_ocr_started,
        on_ocr_page=lambda page, words: _send(connection, OcrPageWords(page, words)),
    )


def _end_with_parent(parent: ParentProcess | None) -> None:
    """End this process as soon as its parent has ended, even in the middle of a file. On Linux the kernel does so
    (`core.parsing.process.isolation.end_with_parent`), and a process without other threads can be confined better."""
    if parent is None or sys.platform == "linux":
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
