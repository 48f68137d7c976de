"""Reads PDF files that PDFium cannot open: pypdf extracts what it can, page by page."""

from __future__ import annotations

from typing import BinaryIO

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.source import Source

_MAX_PAGES = 300  # pypdf is written in Python, and slow
_MAX_BYTES = 64 << 20


def parse(source: Source, out: DocumentBuilder) -> None:
    """Raises the damaged-file fault unless some text is found."""
    if source.size_bytes > _MAX_BYTES:
        raise source.fault(ParseProblem.DAMAGED)
    from pypdf.errors import PyPdfError

    before = out.length
    try:
        with source.open() as file:
            _read(file, source, out)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        if out.length == before:
            raise source.fault(ParseProblem.DAMAGED) from error
        out.warn("The file is damaged; the part of it that could be read is here.")
    if out.length == before:
        raise source.fault(ParseProblem.DAMAGED)


def _read(file: BinaryIO, source: Source, out: DocumentBuilder) -> None:
    from pypdf import PdfReader

    reader = PdfReader(file, strict=False)
    if reader.is_encrypted and not any(reader.decrypt(password) for password in ("", *source.passwords)):
        raise source.encryption_fault()
    count = len(reader.pages)
    out.expect_pages(count)
    for page in reader.pages[:_MAX_PAGES]:
        out.begin_page()
        for part in page.extract_text().split("\n\n"):
            out.paragraph(part)
    if count > _MAX_PAGES:
        out.warn(f"The file is damaged; only its first {_MAX_PAGES} pages were read.")
