"""Opens the ZIP containers of OOXML, OpenDocument and EPUB within limits: no bombs, no encrypted members, nothing
written to disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from core.parsing.faults import ParseProblem
from core.parsing.limits import MIB, ParseLimits
from core.parsing.source import Source

_READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError)


class Archive:
    """The members of a ZIP file, read by name, regardless of case. Together they may unpack to
    `limits.archive_total_bytes`."""

    def __init__(self, source: Source, members: zipfile.ZipFile, limits: ParseLimits) -> None:
        self._source = source
        self._zip = members
        self._limits = limits
        self._left_bytes = limits.archive_total_bytes
        self._names = {info.filename.replace("\\", "/").casefold(): info for info in members.infolist()}

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._names

    def names(self, prefix: str = "", suffix: str = "") -> list[str]:
        """Return the names of members with this prefix and suffix, in natural order (slide2 before slide10)."""
        found = [
            info.filename for key, info in self._names.items()
            if key.startswith(prefix.casefold()) and key.endswith(suffix.casefold())
        ]  # fmt: skip
        return sorted(found, key=lambda name: (len(name), name))

    def read(self, name: str) -> bytes:
        """Return a member's bytes, b"" if there is none of that name. Raises `ParseFault` if it is encrypted, damaged
        or too large."""
        info = self._names.get(name.casefold())
        if info is None:
            return b""
        if info.flag_bits & 1:
            raise self._source.fault(ParseProblem.ENCRYPTED)
        limit = min(self._limits.archive_member_bytes, self._left_bytes)
        try:
            with self._zip.open(info) as member:
                data = member.read(limit + 1)
        except _READ_ERRORS as error:
            raise self._source.fault(ParseProblem.DAMAGED) from error
        if len(data) > limit:
            raise self._source.fault(ParseProblem.TOO_LARGE, f"unpacked it exceeds {limit // MIB} MB")
        self._left_bytes -= len(data)
        return data

    def read_optional(self, name: str, max_bytes: int) -> bytes:
        """Return the bytes of a member that the document can do without; b"" if it is missing, encrypted, damaged or
        larger than `max_bytes`. Does not count towards the total."""
        info = self._names.get(name.casefold())
        if info is None or info.flag_bits & 1 or info.file_size > max_bytes:
            return b""
        try:
            with self._zip.open(info) as member:
                data = member.read(max_bytes + 1)
        except _READ_ERRORS:
            return b""
        return data if len(data) <= max_bytes else b""

    def open(self, name: str) -> IO[bytes]:
        """Return a member as a stream; an empty one if there is none of that name. Raises as `read` does."""
        return io.BytesIO(self.read(name))


@contextmanager
def open_archive(source: Source, limits: ParseLimits) -> Iterator[Archive]:
    """Open the ZIP file of `source` if what its directory announces is within the limits. Raises `ParseFault` if it is
    damaged or too large."""
    with source.open() as file:
        try:
            members = zipfile.ZipFile(file)
        except (*_READ_ERRORS, OSError) as error:
            raise source.fault(ParseProblem.DAMAGED) from error
        with members:
            _check_directory(source, members, limits)
            yield Archive(source, members, limits)


def _check_directory(source: Source, members: zipfile.ZipFile, limits: ParseLimits) -> None:
    infos = members.infolist()
    if len(infos) > limits.archive_members:
        raise source.fault(ParseProblem.TOO_LARGE, f"it has {len(infos)} parts")
    for info in infos:
        ratio = info.file_size / max(1, info.compress_size)
        if info.file_size > limits.archive_ratio_from_bytes and ratio > limits.archive_ratio:
            raise source.fault(ParseProblem.TOO_LARGE, f"a part of it unpacks to {info.file_size // MIB} MB")
