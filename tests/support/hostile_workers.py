"""Main functions of worker processes that a hostile file has taken over: each breaks the protocol in its own way."""

from __future__ import annotations

import os
import random
import struct
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection

from core.parsing.document import ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.process.document_passing import DocumentReceiver
from core.parsing.process.wire import FRAME_BYTES, Message, OcrPageWords, OcrStarted, PageCount, WorkerReady, frames

_receivers: list[DocumentReceiver] = []


def _begin(connection: Connection) -> None:
    _send(connection, [WorkerReady()])
    documents = DocumentReceiver(connection)
    _receivers.append(documents)  # it closes the pipe when it goes
    documents.receive().close()
    connection.recv_bytes()


def _send(connection: Connection, messages: Iterable[Message]) -> None:
    for message in messages:
        for frame in frames(message):
            connection.send_bytes(frame)


def _forever(make: Callable[[], Message], connection: Connection) -> None:
    _begin(connection)
    while True:
        _send(connection, [make()])


def half_a_message(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    os.write(connection.fileno(), struct.pack("!i", 1000) + b"\6\0only the beginning")
    time.sleep(600)


def half_a_length(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    os.write(connection.fileno(), b"\0\0")
    time.sleep(600)


def a_byte_at_a_time(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    os.write(connection.fileno(), struct.pack("!i", 100_000) + b"\6\0")
    while True:
        os.write(connection.fileno(), b"x")
        time.sleep(0.02)


def two_gigabytes_announced(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    os.write(connection.fileno(), struct.pack("!i", 0x7FFFFFFF))
    while True:
        os.write(connection.fileno(), bytes(1 << 16))


def an_exabyte_announced(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    os.write(connection.fileno(), struct.pack("!iQ", -1, 1 << 60))
    time.sleep(600)


def a_document_without_end(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    while True:
        connection.send_bytes(b"\6\1" + bytes(FRAME_BYTES - 2))


def empty_frames(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    while True:
        connection.send_bytes(b"\6\1")


def page_counts(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _forever(lambda: PageCount(limits.pages), connection)


def more_pages_than_allowed(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _forever(lambda: PageCount(1 << 62), connection)


def pages_now_and_then(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    while True:
        _send(connection, [PageCount(10), OcrStarted()])
        time.sleep(0.1)


def pictures_without_end(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _forever(OcrStarted, connection)


def words_of_one_page(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _forever(lambda: OcrPageWords(3, "[]" * 100), connection)


def words_of_all_pages(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    page = 0
    while True:
        _send(connection, [OcrPageWords(page, "w" * 100_000)])
        page += 1


def ready_without_end(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _forever(WorkerReady, connection)


def noise(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    source = random.Random(7)
    while True:
        os.write(connection.fileno(), source.randbytes(4096))


def garbage_frames(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    connection.send_bytes(random.Random(8).randbytes(5000))
    time.sleep(600)


def closing(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    connection.close()
    time.sleep(600)


def sleeping(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    time.sleep(600)


def never_reading(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _send(connection, [WorkerReady()])
    time.sleep(600)


def never_ready(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    time.sleep(600)


def exiting(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    _begin(connection)
    os._exit(3)


def talkative(connection: Connection, limits: ParseLimits, *settings: object) -> None:
    """Answers the first request twice."""
    _begin(connection)
    document = ParsedDocument("The outcome of the first file.", "T", "text")
    _send(connection, [document, document])
    time.sleep(600)
