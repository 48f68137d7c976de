"""Detects a file's format by its content where that leaves no doubt, since names lie (a web page called .doc, a PDF
called .txt)."""

from __future__ import annotations

import zipfile

from core.parsing.faults import ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.readers import ole
from core.parsing.source import Source

_HEAD_BYTES = 4096
_ZIP_MAGIC = b"PK\x03\x04"
_OFFICE = {"docx", "pptx", "xlsx", "odt", "ods", "odp", "epub", "doc", "ppt", "xls", "msg", "rtf"}
_HTML_STARTS = (b"<!doctype html", b"<html")
_MAIN_PARTS = (
    ("word/document.xml", "docx"),
    ("ppt/presentation.xml", "pptx"),
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsx"),
    ("META-INF/container.xml", "epub"),
)
_MEDIA_TYPES = (
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "odp"),
    (b"application/epub+zip", "epub"),
)


def sniff_format(source: Source, limits: ParseLimits) -> str:
    """Return the format by content, or the one the name promises if the content does not tell. Raises `ParseFault` for
    an empty, an encrypted or a damaged file."""
    named = source.format
    with source.open() as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise source.fault(ParseProblem.EMPTY)
    if named == "archive":
        return named
    if head.startswith(b"%PDF-") or (b"%PDF-" in head[:1024] and named in ("pdf", "text")):
        return "pdf"
    if head.startswith(ole.MAGIC):
        return ole.sniff_ole_format(source, limits) or named
    if named in _OFFICE and head.startswith(_ZIP_MAGIC):
        return _sniff_zip_format(source) or named
    if named in _OFFICE | {"text"} and head.startswith(b"{\\rtf"):
        return "rtf"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if named in _OFFICE | {"pdf"} and start.startswith(_HTML_STARTS):
        return "html"
    return named


def _sniff_zip_format(source: Source) -> str | None:
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            media_type = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError, EOFError):
        return None
    by_type = next((format for prefix, format in _MEDIA_TYPES if media_type.startswith(prefix)), None)
    return by_type or next((format for part, format in _MAIN_PARTS if part in names), None)
