"""Opens OLE containers, the files of old Microsoft Office, with olefile: their format, streams and properties."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.parsing.faults import ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.source import Source

if TYPE_CHECKING:
    from olefile import OleFileIO  # type: ignore[import-untyped]  # it ships no types

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMATS_BY_STREAM = (
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("__properties_version1.0", "msg"),
)


@contextmanager
def open_ole(source: Source, limits: ParseLimits) -> Iterator[OleFileIO]:
    """Open the container. Raises `ParseFault` if it is damaged or too large."""
    import olefile

    try:
        # As bytes, a small file's content would be taken for the name of another file.
        ole = olefile.OleFileIO(io.BytesIO(source.read(limits.archive_member_bytes)))
    except (OSError, ValueError, IndexError) as error:
        raise source.fault(ParseProblem.DAMAGED) from error
    with ole:
        yield ole


def sniff_ole_format(source: Source, limits: ParseLimits) -> str | None:
    """Return the format of what an OLE container holds; None if that is unknown. Raises `ParseFault` if it is
    encrypted, damaged or too large."""
    with open_ole(source, limits) as ole:
        if ole.exists("EncryptedPackage"):
            raise source.fault(ParseProblem.ENCRYPTED)
        return next((format for stream, format in _FORMATS_BY_STREAM if ole.exists(stream)), None)


def read_stream(ole: OleFileIO, name: str) -> bytes:
    """Return a stream's bytes, b"" if there is none of that name."""
    return bytes(ole.openstream(name).read()) if ole.exists(name) else b""


def ole_property(ole: OleFileIO, name: str) -> str:
    """Return one of the file's properties ("title", "subject"); "" if it has none."""
    try:
        value = getattr(ole.get_metadata(), name)
    except (OSError, ValueError, IndexError, TypeError):
        return ""
    if isinstance(value, bytes):
        return value.decode("cp1252", "replace").strip("\0 ")
    return value if isinstance(value, str) else ""
