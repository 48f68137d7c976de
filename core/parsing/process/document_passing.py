"""Hands an open document through the pipe between the application and a parser process, which can open none itself."""

from __future__ import annotations

import os
import socket
import sys
from array import array
from multiprocessing.connection import Connection
from pathlib import Path

from core.parsing.open_file import OpenFile, open_descriptor

_UNKNOWN_ERROR = 5  # EIO
_HANDLE_BYTES = 8


def send_document(connection: Connection, path: Path, process_id: int) -> None:
    """Open the file at `path` and hand it to the process at the other end of the pipe; or, if it cannot be opened, the
    number of the system's error. Raises `OSError` if the pipe is closed."""
    descriptor, error = -1, 0
    try:
        descriptor = open_descriptor(path)
    except OSError as problem:
        error = problem.errno or _UNKNOWN_ERROR
    try:
        if sys.platform == "win32":
            _send_handle(connection, descriptor, error, process_id)
        else:
            _send_descriptor(connection, descriptor, error)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


class DocumentReceiver:
    """Takes the documents out of the pipe at the parser's end. Made before the process is confined."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # With all of its parameters given, the socket asks the system for none.
        self._socket: socket.socket | None = None
        if sys.platform != "win32":
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=connection.fileno())

    def receive(self) -> OpenFile:
        """Wait for a document. Raises `EOFError` when the pipe is closed, `OSError` if the file could not be opened."""
        if sys.platform == "win32":
            return _received_handle(self._connection)
        assert self._socket is not None
        data, ancillary, _, _ = self._socket.recvmsg(1, socket.CMSG_SPACE(array("i").itemsize), _close_on_exec())
        if not data:
            raise EOFError
        if data[0]:
            raise OSError(data[0], os.strerror(data[0]))
        descriptors = array("i")
        for _, _, content in ancillary:
            descriptors.frombytes(content[: len(content) // descriptors.itemsize * descriptors.itemsize])
        return OpenFile(descriptors[0])


def _send_descriptor(connection: Connection, descriptor: int, error: int) -> None:
    if sys.platform == "win32":
        return
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=connection.fileno())
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [descriptor]).tobytes())]
    try:
        channel.sendmsg([bytes([error])], rights if descriptor >= 0 else [])
    finally:
        channel.detach()  # the connection closes the descriptor


def _close_on_exec() -> int:
    return getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def _send_handle(connection: Connection, descriptor: int, error: int, process_id: int) -> None:
    """Windows: duplicate the file's handle into the other process and send its value. Not yet tried."""
    if sys.platform != "win32":
        return
    import _winapi
    import msvcrt

    value = 0
    if descriptor >= 0:
        process = _winapi.OpenProcess(_winapi.PROCESS_DUP_HANDLE, False, process_id)
        try:
            value = _winapi.DuplicateHandle(
                _winapi.GetCurrentProcess(), msvcrt.get_osfhandle(descriptor), process, 0, False,
                _winapi.DUPLICATE_SAME_ACCESS,
            )  # fmt: skip
        finally:
            _winapi.CloseHandle(process)
    connection.send_bytes(bytes([error]) + value.to_bytes(_HANDLE_BYTES, "little"))


def _received_handle(connection: Connection) -> OpenFile:
    if sys.platform != "win32":
        raise OSError("handles are of Windows")
    import msvcrt

    data = connection.recv_bytes(1 + _HANDLE_BYTES)
    if data[0]:
        raise OSError(data[0], os.strerror(data[0]))
    return OpenFile(msvcrt.open_osfhandle(int.from_bytes(data[1:], "little"), os.O_RDONLY | os.O_BINARY))
