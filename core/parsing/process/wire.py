"""What a worker sends its parent: a document, a fault or news, as plain bytes. Never pickles: a worker reads hostile
files, and what unpickles a message runs what it says."""

from __future__ import annotations

import json
import struct
from array import array
from dataclasses import dataclass

from core.domain.sheet_cells import LAST_ROW, SheetRows, packed, unpacked
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem

_KINDS = tuple(BlockKind)
_HEAD = struct.Struct("<BII")
_DOCUMENT, _FAULT, _PAGES, _WORDS = range(4)
_FIELDS = 4


@dataclass(frozen=True, slots=True)
class PageCount:
    """News from a worker: the file has this many pages, and it is still reading them; 0 says that it begins to read,
    `A_PICTURE` that it begins to read the next page from its picture."""

    pages: int


@dataclass(frozen=True, slots=True)
class RecognisedPage:
    """News from a worker: what it read in the picture of this page, for it to be given the next time."""

    page: int
    words: str


Message = ParsedDocument | ParseFault | PageCount | RecognisedPage


class WireError(ValueError):
    """Bytes that no worker of ours sends."""


def pack(message: Message) -> bytes:
    if isinstance(message, PageCount):
        return _join(_PAGES, {"pages": message.pages})
    if isinstance(message, RecognisedPage):
        return _join(_WORDS, {"page": message.page, "words": message.words})
    if isinstance(message, ParseFault):
        values: dict[str, object] = {
            "problem": message.problem.value,
            "format": message.format,
            "detail": message.detail,
        }
        return _join(_FAULT, values)
    numbers = array("q")
    for block in message.blocks:
        numbers.extend((_KINDS.index(block.kind), block.start, block.end, block.level))
    fields: dict[str, object] = {
        "title": message.title,
        "format": message.format,
        "pages": message.pages,
        "page_labels": message.page_labels,
        "warnings": message.warnings,
        "recognised": message.recognised,
        "unread_pages": message.unread_pages,
        "labels": {index: block.label for index, block in enumerate(message.blocks) if block.label},
        "blocks": len(message.blocks),
        "pictured": message.pictured,
        "rows": [(run.start, run.end, run.row, packed(run.columns)) for run in message.rows],
    }
    return _join(_DOCUMENT, fields, numbers.tobytes(), message.text.encode("utf-8", "replace"))


def _join(kind: int, values: dict[str, object], numbers: bytes = b"", text: bytes = b"") -> bytes:
    head = json.dumps(values, ensure_ascii=True).encode("ascii")
    return b"".join((_HEAD.pack(kind, len(head), len(numbers)), head, numbers, text))


def unpack(data: bytes) -> Message:
    """The message in `data`; `WireError` for anything else. Every offset is checked against the text."""
    try:
        kind, head_size, numbers_size = _HEAD.unpack_from(data)
        head_end = _HEAD.size + head_size
        values = json.loads(data[_HEAD.size : head_end])
        if kind == _PAGES:
            return PageCount(int(values["pages"]))
        if kind == _WORDS:
            return RecognisedPage(int(values["page"]), str(values["words"]).encode("utf-8", "replace").decode())
        if kind == _FAULT:
            problem = ParseProblem(values["problem"])
            return ParseFault(problem, format=str(values["format"]), detail=str(values["detail"]))
        text = data[head_end + numbers_size :].decode("utf-8")
        numbers = array("q")
        numbers.frombytes(data[head_end : head_end + numbers_size])
        return _document(values, numbers, text)
    except (struct.error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise WireError("unreadable message") from error


def _document(values: dict[str, object], numbers: array[int], text: str) -> ParsedDocument:
    labels = values["labels"]
    pages, page_labels, warnings = values["pages"], values["page_labels"], values["warnings"]
    if not isinstance(labels, dict) or not isinstance(pages, list):
        raise WireError("wrong types")
    recognised, unread_pages = values["recognised"], values["unread_pages"]
    if not isinstance(page_labels, list) or not isinstance(warnings, list) or not isinstance(recognised, list):
        raise WireError("wrong types")
    if not isinstance(unread_pages, int):
        raise WireError("wrong types")
    blocks = []
    for index in range(len(numbers) // _FIELDS):
        kind, start, end, level = numbers[index * _FIELDS : (index + 1) * _FIELDS]
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
        recognised=tuple(map(int, recognised)),
        unread_pages=unread_pages,
        rows=_rows(values["rows"], len(text)),
        pictured=_stretches(values["pictured"], len(text)),
    )


def _stretches(values: object, length: int) -> tuple[tuple[int, int], ...]:
    if not isinstance(values, list):
        raise WireError("wrong types")
    found = tuple((int(start), int(end)) for start, end in values)
    if any(not 0 <= start <= end <= length for start, end in found):
        raise WireError("a picture outside the text")
    return found


def _rows(values: object, length: int) -> tuple[SheetRows, ...]:
    if not isinstance(values, list):
        raise WireError("wrong types")
    rows = [SheetRows(int(start), int(end), int(row), unpacked(columns)) for start, end, row, columns in values]
    at = 0
    for run in rows:
        if not (at <= run.start <= run.end <= length and 0 < run.row <= LAST_ROW):
            raise WireError("rows outside the text")
        at = run.end
    return tuple(rows)
