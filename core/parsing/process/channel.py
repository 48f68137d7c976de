"""The parent's end of the pipe to a worker. A thread of its own does what may block, so that a worker that stops in the
middle of a message, sends without end, or never reads what it is sent, keeps nobody else waiting."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from core.parsing.limits import MIB, ParseLimits
from core.parsing.process.fields import WireError
from core.parsing.process.wire import FINAL, FRAME_BYTES, READY, FrameJoiner

_WAITING_BYTES = 32 * MIB  # of messages that nobody has taken; then the worker waits, except with its last message
_END_S = 5.0


class ChannelEnded(Exception):
    """The worker has gone, or what it sent is no message."""


class WorkerChannel:
    """Waits for the worker to be ready, then carries one request after another and the messages that answer it. Its
    methods are called by one thread and return at once. It holds `_WAITING_BYTES` and one message at most, whose size
    core.parsing.process.wire limits."""

    def __init__(self, connection: Connection, limits: ParseLimits) -> None:
        self._connection = connection
        self._limits = limits
        self._changed = threading.Condition()
        self._arrived = threading.Event()
        self._send: Callable[[Connection], None] | None = None
        self._messages: deque[tuple[int, bytes]] = deque()
        self._waiting_bytes = 0
        self._is_used = self._ended = self._closed = False
        self._thread = threading.Thread(target=self._run, name="parser-pipe", daemon=True)
        self._thread.start()

    def begin(self, send: Callable[[Connection], None], arrived: threading.Event) -> None:
        """Have the channel's thread `send` a request, which may block and raises `OSError` when the pipe is closed.
        `arrived` is set whenever there is something to receive. Raises `ChannelEnded` if the worker has gone, or has
        sent something that nothing asked for."""
        with self._changed:
            if self._ended or self._send is not None or self._messages or (self._is_used and self._has_unasked()):
                raise ChannelEnded
            self._is_used = True
            self._arrived = arrived
            self._send = send
            self._changed.notify_all()

    def receive(self) -> tuple[int, bytes] | None:
        """Type and bytes of the next message; None if none has come yet. Raises `ChannelEnded` when none will come."""
        with self._changed:
            if not self._messages:
                if self._ended:
                    raise ChannelEnded
                return None
            message = self._messages.popleft()
            self._waiting_bytes -= len(message[1])
            self._changed.notify_all()
            return message

    def close(self) -> None:
        """Close the pipe, which ends the worker where it waits for a request. Kill it first if it may not wait."""
        with self._changed:
            self._closed = True
            self._messages.clear()
            self._waiting_bytes = 0
            self._changed.notify_all()
        self._shut_down()
        self._thread.join(_END_S)
        self._connection.close()

    def _has_unasked(self) -> bool:
        try:
            return not self._connection.closed and self._connection.poll()
        except (OSError, EOFError):
            return True

    def _shut_down(self) -> None:
        """Wake the thread: a process that the worker has started may hold the other end open."""
        if sys.platform == "win32":
            return
        with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as pipe:
            pipe.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            joiner = FrameJoiner(self._limits)
            self._collect(joiner, until=READY)  # a request would be stuck in a process that never is
            while (send := self._next_request()) is not None:
                send(self._connection)
                self._collect(joiner)
        except (EOFError, OSError, WireError, MemoryError):
            pass  # told by `_ended`
        with self._changed:
            self._ended = True
            self._send = None
            self._arrived.set()

    def _next_request(self) -> Callable[[Connection], None] | None:
        """Wait for a request; None once the channel is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._send is not None or self._closed)
            return None if self._closed else self._send

    def _collect(self, joiner: FrameJoiner, until: int = 0) -> None:
        """Take in messages up to one of the type `until`, or the last one of a file."""
        while True:
            message = joiner.add(self._connection.recv_bytes(FRAME_BYTES))
            if message is None:
                continue
            with self._changed:
                self._messages.append(message)
                self._waiting_bytes += len(message[1])
                self._arrived.set()
                if message[0] in FINAL:
                    self._send = None
                if message[0] in (*FINAL, until):
                    return
                self._changed.wait_for(lambda: self._waiting_bytes <= _WAITING_BYTES or self._closed)
                if self._closed:
                    raise EOFError
