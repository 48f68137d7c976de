"""Reads what lies on top of a PDF page: form fields and typed notes become part of its text, comments are collected;
also the files attached to the document."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from core.parsing.cleaning import one_line
from core.parsing.readers.attachments import Attachment

if TYPE_CHECKING:
    import pypdfium2

_MAX_ANNOTATIONS = 2_000
_MAX_CONTENT_BYTES = 1 << 16
_MAX_ATTACHMENTS = 100


def flatten_annotations(document: pypdfium2.PdfDocument, index: int) -> tuple[pypdfium2.PdfPage, tuple[str, ...]]:
    """Return the page with its form fields and typed notes drawn into it, and the texts of its comments."""
    from pypdfium2 import raw

    page = document[index]
    count = min(raw.FPDFPage_GetAnnotCount(page.raw), _MAX_ANNOTATIONS)
    if count <= 0:
        return page, ()
    drawn = {raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT}
    without_comment = drawn | {raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP}
    kinds, comments = set(), []
    for number in range(count):
        annotation = raw.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        kinds.add(kind)
        if kind not in without_comment and (content := _content(annotation)):
            comments.append(content)
        raw.FPDFPage_CloseAnnot(annotation)
    if kinds & drawn and raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
        page.close()
        page = document[index]
    return page, tuple(comments)


def _content(annotation: object) -> str:
    from pypdfium2 import raw

    size = raw.FPDFAnnot_GetStringValue(annotation, b"Contents", None, 0)
    if not 2 < size <= _MAX_CONTENT_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAnnot_GetStringValue(annotation, b"Contents", ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return one_line(buffer.raw.decode("utf-16-le", "replace").rstrip("\0"))


def attachments(document: pypdfium2.PdfDocument) -> list[Attachment]:
    """Return the files attached to the document."""
    import pypdfium2

    found = []
    for index in range(min(document.count_attachments(), _MAX_ATTACHMENTS)):
        try:
            attachment = document.get_attachment(index)
            found.append(Attachment(attachment.get_name(), "", bytes(attachment.get_data())))
        except pypdfium2.PdfiumError:
            continue
    return found
