"""ZIP containers (OOXML, OpenDocument, EPUB) opened within limits: no bombs, no encrypted members, nothing
extracted."""

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
    """The members of a ZIP file, read by name. Names are looked up without regard to case."""

    def __init__(self, source: Source, members: zipfile.ZipFile, limits: ParseLimits) -> None:
        self._source = source
        self._zip = members
        self._limits = limits
        self._budget = limits.archive_total_bytes
        self._names = {info.filename.replace("\\", "/").casefold(): info for info in members.infolist()}

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._names

    def names(self, prefix: str = "", suffix: str = "") -> list[str]:
        """Member names with this beginning and end, in natural order (slide2 before slide10)."""
        found = [
            info.filename for key, info in self._names.items()
            if key.startswith(prefix.casefold()) and key.endswith(suffix.casefold())
        ]  # fmt: skip
        return sorted(found, key=lambda name: (len(name), name))

    def read(self, name: str) -> bytes:
        """A member's bytes, b"" if there is none of that name."""
        info = self._names.get(name.casefold())
        if info is None:
            return b""
        if info.flag_bits & 1:
            raise self._source.fault(ParseProblem.ENCRYPTED)
        limit = min(self._limits.archive_member_bytes, self._budget)
        try:
            with self._zip.open(info) as member:
                data = member.read(limit + 1)
        except _READ_ERRORS as error:
            raise self._source.fault(ParseProblem.DAMAGED) from error
        if len(data) > limit:
            raise self._source.fault(ParseProblem.TOO_LARGE, f"unpacked it exceeds {limit // MIB} MB")
        self._budget -= len(data)
        return data

    def read_extra(self, name: str, most_bytes: int) -> bytes:
        """A member's bytes if it is sound and has `most_bytes` at most, else b"": for what a document can do without.
        What may be unpacked of the rest stays the same."""
        info = self._names.get(name.casefold())
        if info is None or info.flag_bits & 1 or info.file_size > most_bytes:
            return b""
        try:
            with self._zip.open(info) as member:
                data = member.read(most_bytes + 1)
        except _READ_ERRORS:
            return b""
        return data if len(data) <= most_bytes else b""

    def open(self, name: str) -> IO[bytes]:
        """A member as a stream; empty if there is none of that name."""
        return io.BytesIO(self.read(name))


@contextmanager
def open_archive(source: Source, limits: ParseLimits) -> Iterator[Archive]:
    """The ZIP file of `source`, after a look at what its directory promises. Faults: encrypted, damaged, too large."""
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
