"""Writes the files attached to a message or PDF: each is named, and parsed if its format is supported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.source import Source

_UNNAMED = "unnamed"
_MAX_ATTACHMENTS = 200
_MAX_DEPTH = 3  # of files inside files
_SUFFIXES = {  # by media type, for attachments whose names have none
    "application/pdf": ".pdf",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "application/msword": ".doc",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "message/rfc822": ".eml",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """`name` and `media_type` are "" where they are unknown."""

    name: str
    media_type: str
    data: bytes


def write_attachments(attachments: Iterable[Attachment], source: Source, out: DocumentBuilder) -> None:
    """Write the text of each attachment that can be parsed under its name, then the names of the others."""
    unread: list[str] = []
    for count, attachment in enumerate(attachments):
        name = attachment.name or _UNNAMED
        if count >= _MAX_ATTACHMENTS or not _write(attachment, name, source, out):
            unread.append(name)
    named = [name for name in unread if name != _UNNAMED]
    if named:
        out.paragraph("Attached: " + ", ".join(named[:_MAX_ATTACHMENTS]))


def _write(attachment: Attachment, name: str, source: Source, out: DocumentBuilder) -> bool:
    """Write the text of an attachment; return False if it could not be parsed."""
    if out.parse_attachment is None or source.depth >= _MAX_DEPTH or not attachment.data:
        return False
    path = PurePosixPath(name)
    if not path.suffix:
        path = PurePosixPath(name + _SUFFIXES.get(attachment.media_type, ""))
    try:
        document = out.parse_attachment(path, attachment.data, out, source.depth + 1)
    except ParseFault as fault:
        out.unread_pictures += fault.problem is ParseProblem.SCANNED
        return False
    if document is None:
        return False
    out.heading(f"Attachment: {name}", 2)
    out.embed(document)
    return True
