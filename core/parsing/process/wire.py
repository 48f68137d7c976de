"""Messages from a worker to its parent as plain bytes: progress, then a document or a fault. Never pickles: a hostile
file may have taken over the worker, and unpickling its message would run its code in the parent."""

from __future__ import annotations

import json
import struct
from array import array
from dataclasses import dataclass
from typing import Any

from core.domain.sheet_cells import LAST_ROW, SheetRows, packed, unpacked
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem

_KINDS = tuple(BlockKind)
_HEADER = struct.Struct("<BII")  # message type, bytes of the JSON, bytes of the block numbers; the text is the rest
_DOCUMENT, _FAULT, _READY, _PAGE_COUNT, _OCR_STARTED, _OCR_PAGE_WORDS = range(6)
_NUMBERS_PER_BLOCK = 4  # kind, start, end, level


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """The worker process has started and is waiting for its first file."""


@dataclass(frozen=True, slots=True)
class PageCount:
    """The file has this many pages; the worker is still reading them."""

    pages: int


@dataclass(frozen=True, slots=True)
class OcrStarted:
    """The worker begins to read the next picture."""


@dataclass(frozen=True, slots=True)
class OcrPageWords:
    """The words that the OCR engine read in the picture of this page (core.parsing.ocr.tesseract packs them), to be
    saved for the next time the file is parsed."""

    page: int
    words: str


Message = ParsedDocument | ParseFault | WorkerReady | PageCount | OcrStarted | OcrPageWords


class WireError(ValueError):
    """Bytes that are no message of a worker."""


def pack(message: Message) -> bytes:
    match message:
        case WorkerReady():
            return _join(_READY, {})
        case PageCount():
            return _join(_PAGE_COUNT, {"pages": message.pages})
        case OcrStarted():
            return _join(_OCR_STARTED, {})
        case OcrPageWords():
            return _join(_OCR_PAGE_WORDS, {"page": message.page, "words": message.words})
        case ParseFault():
            return _pack_fault(message)
    return _pack_document(message)


def _pack_fault(fault: ParseFault) -> bytes:
    return _join(_FAULT, {"problem": fault.problem.value, "format": fault.format, "detail": fault.detail})


def _pack_document(document: ParsedDocument) -> bytes:
    numbers = array("q")
    for block in document.blocks:
        numbers.extend((_KINDS.index(block.kind), block.start, block.end, block.level))
    fields: dict[str, object] = {
        "title": document.title,
        "format": document.format,
        "pages": document.pages,
        "page_labels": document.page_labels,
        "warnings": document.warnings,
        "ocr_pages": document.ocr_pages,
        "unread_pictures": document.unread_pictures,
        "labels": {index: block.label for index, block in enumerate(document.blocks) if block.label},
        "ocr_ranges": document.ocr_ranges,
        "rows": [(run.start, run.end, run.row, packed(run.columns)) for run in document.rows],
    }
    return _join(_DOCUMENT, fields, numbers.tobytes(), document.text.encode("utf-8", "replace"))


def _join(message_type: int, values: dict[str, object], numbers: bytes = b"", text: bytes = b"") -> bytes:
    head = json.dumps(values, ensure_ascii=True).encode("ascii")
    return b"".join((_HEADER.pack(message_type, len(head), len(numbers)), head, numbers, text))


def unpack(data: bytes) -> Message:
    """Return the message in `data`. Raises `WireError` for anything else: every offset is checked against the text."""
    try:
        message_type, head_size, numbers_size = _HEADER.unpack_from(data)
        head_end = _HEADER.size + head_size
        values = json.loads(data[_HEADER.size : head_end])
        if message_type != _DOCUMENT:
            return _unpack_short(message_type, values)
        text = data[head_end + numbers_size :].decode("utf-8")
        numbers = array("q")
        numbers.frombytes(data[head_end : head_end + numbers_size])
        return _unpack_document(values, numbers, text)
    except (struct.error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise WireError("unreadable message") from error


def _unpack_short(message_type: int, values: dict[str, Any]) -> Message:
    """Return a message that is not a document."""
    if message_type == _READY:
        return WorkerReady()
    if message_type == _PAGE_COUNT:
        return PageCount(int(values["pages"]))
    if message_type == _OCR_STARTED:
        return OcrStarted()
    if message_type == _OCR_PAGE_WORDS:
        return OcrPageWords(int(values["page"]), str(values["words"]).encode("utf-8", "replace").decode())
    if message_type == _FAULT:
        problem = ParseProblem(values["problem"])
        return ParseFault(problem, format=str(values["format"]), detail=str(values["detail"]))
    raise WireError("unknown type of message")


def _unpack_document(values: dict[str, object], numbers: array[int], text: str) -> ParsedDocument:
    labels = values["labels"]
    pages, page_labels, warnings = values["pages"], values["page_labels"], values["warnings"]
    if not isinstance(labels, dict) or not isinstance(pages, list):
        raise WireError("wrong types")
    ocr_pages, unread_pictures = values["ocr_pages"], values["unread_pictures"]
    if not isinstance(page_labels, list) or not isinstance(warnings, list) or not isinstance(ocr_pages, list):
        raise WireError("wrong types")
    if not isinstance(unread_pictures, int):
        raise WireError("wrong types")
    blocks = []
    for index in range(len(numbers) // _NUMBERS_PER_BLOCK):
        kind, start, end, level = numbers[index * _NUMBERS_PER_BLOCK : (index + 1) * _NUMBERS_PER_BLOCK]
        if not (0 <= kind < len(_KINDS) and 0 <= start <= end <= len(text)):
            raise WireError("block outside the text")
        blocks.append(Block(_KINDS[kind], start, end, level, str(labels.get(str(index), ""))))
    starts = tuple(int(page) for page in pages)
    if any(not 0 <= start <= len(text) for start in starts) or list(starts) != sorted(starts):
        raise WireError("page outside the text")
    return ParsedDocument(
        text=text,
        title=str(values["title"]),
        format=str(values["format"]),
        pages=starts,
        page_labels=tuple(map(str, page_labels)),
        blocks=tuple(blocks),
        warnings=tuple(map(str, warnings)),
        ocr_pages=tuple(map(int, ocr_pages)),
        unread_pictures=unread_pictures,
        rows=_unpack_rows(values["rows"], len(text)),
        ocr_ranges=_unpack_ranges(values["ocr_ranges"], len(text)),
    )


def _unpack_ranges(values: object, length: int) -> tuple[tuple[int, int], ...]:
    if not isinstance(values, list):
        raise WireError("wrong types")
    ranges = tuple((int(start), int(end)) for start, end in values)
    if any(not 0 <= start <= end <= length for start, end in ranges):
        raise WireError("range outside the text")
    return ranges


def _unpack_rows(values: object, length: int) -> tuple[SheetRows, ...]:
    if not isinstance(values, list):
        raise WireError("wrong types")
    rows = [SheetRows(int(start), int(end), int(row), unpacked(columns)) for start, end, row, columns in values]
    at = 0
    for run in rows:
        if not (at <= run.start <= run.end <= length and 0 < run.row <= LAST_ROW):
            raise WireError("rows outside the text")
        at = run.end
    return tuple(rows)
