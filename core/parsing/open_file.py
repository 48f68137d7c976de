"""A file that is open for reading and has no path any more: a confined process can open none, so it is handed these."""

from __future__ import annotations

import io
import os
import stat
import sys
from types import TracebackType
from typing import BinaryIO, cast

from core.parsing.faults import fault_from_os_error

_BUFFER_BYTES = 64 << 10


class OpenFile:
    """Owns the descriptor of a regular file that is open for reading, and closes it. One thread."""

    def __init__(self, descriptor: int) -> None:
        """Raises `OSError` if the descriptor cannot be positioned, as that of a pipe."""
        self._descriptor = descriptor
        self.size_bytes = os.lseek(descriptor, 0, os.SEEK_END)

    def reader(self) -> BinaryIO:
        """Return a new reader at the start of the file. Readers have positions of their own; none may outlive this."""
        return cast("BinaryIO", io.BufferedReader(_Reader(self._descriptor, self.size_bytes), _BUFFER_BYTES))

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_descriptor(path: str | os.PathLike[str]) -> int:
    """Open the regular file at `path` for reading and return its descriptor, which no child process inherits.

    Never waits, as the opening of a pipe does. Raises `OSError`."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_file(path: str | os.PathLike[str]) -> OpenFile:
    """Open the regular file at `path`. Raises `ParseFault` with the reason."""
    try:
        return OpenFile(open_descriptor(path))
    except OSError as error:
        raise fault_from_os_error(error) from error


class _Reader(io.RawIOBase):
    """Reads a descriptor that others read too. It asks the system for nothing but bytes at a position: a confined
    process may ask for no more."""

    def __init__(self, descriptor: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self._size_bytes = size_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size_bytes}[whence]
        if start + offset < 0:
            raise OSError(22, "position before the start of the file")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer; io passes this one
        count = _read_at(self._descriptor, buffer, self._at)
        self._at += count
        return count

    def readall(self) -> bytes:
        parts = []
        while part := self.read(max(1 << 20, self._size_bytes - self._at + 1)):
            parts.append(part)
        return b"".join(parts)


def _read_at(descriptor: int, buffer: memoryview, position: int) -> int:
    if sys.platform == "win32":
        os.lseek(descriptor, position, os.SEEK_SET)
        data = os.read(descriptor, len(buffer))
    else:
        data = os.pread(descriptor, len(buffer), position)
    buffer[: len(data)] = data
    return len(data)
