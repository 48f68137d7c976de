"""Messages from a worker to its parent as plain bytes: progress, then a document or a fault. Never pickles: a hostile
file may have taken over the worker, and unpickling its message would run its code in the parent.

A message travels in frames: its type, whether more follow, a piece of it. Each type has a largest size, which is
checked frame by frame, so that no worker makes its parent hold more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from core.domain.cut_text import CutText
from core.domain.file_names import readable
from core.domain.sheet_cells import LAST_COLUMN, LAST_ROW, MOST_RUNS, SheetRows
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import MIB, ParseLimits
from core.parsing.process.cut_wire import largest_part_bytes, pack_part, read_part
from core.parsing.process.fields import LARGEST, FieldReader, FieldWriter, WireError, check_in_order

_KINDS = tuple(BlockKind)
_PROBLEMS = tuple(ParseProblem)
READY, PAGE_COUNT, OCR_STARTED, OCR_PAGE_WORDS, FAULT, DOCUMENT, TEXT_READ, CUT_PART = range(1, 9)
FINAL = (FAULT, DOCUMENT)
"""The types that end the exchange about a file."""
_FRAME_PART = MIB  # bytes of a message in a frame; every frame but the last is full
FRAME_BYTES = _FRAME_PART + 2
"""The size of the largest frame."""
_SHORT_BYTES = 64
_FAULT_BYTES = 64 << 10
_FAULT_CHARS = 4096
PAGE_WORDS_BYTES = 4 * MIB
"""Of the words of one page. Measured: 60 bytes a word, some 1,000 words on a page of a newspaper."""
_MOST_BLOCKS = _MOST_PAGES = 4_000_000  # an honest text of more does not fit into a worker's memory
_MOST_WARNINGS = 1000
_MOST_LEVEL = 1000
_MOST_COLUMNS = 16_000_000  # of all layouts of a document's sheets together
_NAME_CHARS = 300  # of titles and labels; longer ones are cut. File names have at most 255
_WARNING_CHARS = 2000
_TOGETHER_CHARS = 64 * MIB  # of all labels of one kind


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


@dataclass(frozen=True, slots=True)
class TextRead:
    """The text has been read, and has this many characters; it is now cut into passages."""

    characters: int


Message = CutText | TextRead | ParsedDocument | ParseFault | WorkerReady | PageCount | OcrStarted | OcrPageWords


def largest_bytes(message_type: int, limits: ParseLimits) -> int:
    """The most bytes that a message of this type may have. Raises `WireError` for an unknown type."""
    if message_type in (READY, PAGE_COUNT, OCR_STARTED, TEXT_READ):
        return _SHORT_BYTES
    if message_type == FAULT:
        return _FAULT_BYTES
    if message_type == OCR_PAGE_WORDS:
        return PAGE_WORDS_BYTES
    if message_type == CUT_PART:
        return largest_part_bytes(limits)
    if message_type == DOCUMENT:
        return 4 * limits.text_chars + 128 * MIB
    raise WireError("unknown type of message")


def frames(message: Message) -> Iterator[bytes]:
    """Yield the frames in which `message` is sent."""
    message_type, data = pack(message)
    view = memoryview(data)
    for at in range(0, len(view) or 1, _FRAME_PART):
        more = at + _FRAME_PART < len(view)
        yield bytes((message_type, more)) + view[at : at + _FRAME_PART]


class FrameJoiner:
    """Joins the frames of one message after another."""

    def __init__(self, limits: ParseLimits) -> None:
        self._limits = limits
        self._type = 0
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, frame: bytes) -> tuple[int, bytes] | None:
        """Return type and bytes of the message that `frame` completes; None if more frames follow. Raises
        `WireError`."""
        if len(frame) < 2 or frame[1] > 1:
            raise WireError("no frame")
        message_type, more = frame[0], frame[1]
        if self._parts and message_type != self._type:
            raise WireError("a frame of another message")
        if more and len(frame) != FRAME_BYTES:
            raise WireError("a frame that is not full")
        self._size += len(frame) - 2
        if self._size > largest_bytes(message_type, self._limits):
            raise WireError("too large a message")
        self._type = message_type
        self._parts.append(frame[2:])
        if more:
            return None
        data, self._parts, self._size = b"".join(self._parts), [], 0
        return message_type, data


def pack(message: Message) -> tuple[int, bytes]:
    """Return type and bytes of a message."""
    out = FieldWriter()
    match message:
        case WorkerReady():
            return READY, b""
        case PageCount():
            out.number(message.pages)
            return PAGE_COUNT, out.data
        case OcrStarted():
            return OCR_STARTED, b""
        case OcrPageWords():
            out.number(message.page)
            out.text(message.words)
            return OCR_PAGE_WORDS, out.data
        case ParseFault():
            out.number(_PROBLEMS.index(message.problem))
            out.text(message.format[:_FAULT_CHARS])
            out.text(message.detail[:_FAULT_CHARS])
            return FAULT, out.data
        case TextRead():
            out.number(message.characters)
            return TEXT_READ, out.data
        case CutText():
            pack_part(message, out)
            return CUT_PART, out.data
    _pack_document(message, out)
    return DOCUMENT, out.data


def _pack_document(document: ParsedDocument, out: FieldWriter) -> None:
    out.text(document.text)
    out.texts((readable(document.title)[:_NAME_CHARS], document.format))
    out.numbers(document.pages)
    out.texts([label[:_NAME_CHARS] for label in document.page_labels])
    out.texts([sentence[:_WARNING_CHARS] for sentence in document.warnings[:_MOST_WARNINGS]])
    out.numbers(document.ocr_pages)
    out.number(document.unread_pictures)
    _pack_blocks(document.blocks, out)
    out.numbers(number for run in document.ocr_ranges for number in run)
    _pack_rows(document.rows, out)


def _pack_blocks(blocks: Sequence[Block], out: FieldWriter) -> None:
    out.numbers(_KINDS.index(block.kind) for block in blocks)
    out.numbers(block.start for block in blocks)
    out.numbers(block.end for block in blocks)
    out.numbers(min(block.level, _MOST_LEVEL) for block in blocks)
    labelled = [index for index, block in enumerate(blocks) if block.label]
    out.numbers(labelled)
    out.texts([blocks[index].label[:_NAME_CHARS] for index in labelled])


def _pack_rows(rows: Sequence[SheetRows], out: FieldWriter) -> None:
    """Most rows of a sheet have the same columns, which are sent once."""
    layouts = {columns: number for number, columns in enumerate(dict.fromkeys(run.columns for run in rows))}
    out.numbers(map(len, layouts))
    out.numbers(chain.from_iterable(layouts))
    out.numbers(number for run in rows for number in (run.start, run.end, run.row, layouts[run.columns]))


def unpack(message_type: int, data: bytes, limits: ParseLimits) -> Message:
    """Return the message in `data`. Raises `WireError` for anything else: every number is checked against what a
    document may hold, every offset against the text."""
    if len(data) > largest_bytes(message_type, limits):
        raise WireError("too large a message")
    fields = FieldReader(data)
    message = _read(message_type, fields, limits)
    fields.end()
    return message


def _read(message_type: int, fields: FieldReader, limits: ParseLimits) -> Message:
    if message_type == READY:
        return WorkerReady()
    if message_type == PAGE_COUNT:
        return PageCount(fields.number(0, limits.pages))
    if message_type == OCR_STARTED:
        return OcrStarted()
    if message_type == OCR_PAGE_WORDS:
        return OcrPageWords(fields.number(0, LARGEST), fields.text(PAGE_WORDS_BYTES))
    if message_type == FAULT:
        problem = _PROBLEMS[fields.number(0, len(_PROBLEMS) - 1)]
        return ParseFault(problem, format=fields.text(_FAULT_CHARS), detail=fields.text(_FAULT_CHARS))
    if message_type == TEXT_READ:
        return TextRead(fields.number(0, limits.text_chars))
    if message_type == CUT_PART:
        return read_part(fields, limits)
    return _read_document(fields, limits)


def _read_document(fields: FieldReader, limits: ParseLimits) -> ParsedDocument:
    text = fields.text(limits.text_chars)
    length = len(text)
    title, format = _pair(fields.texts(2, _NAME_CHARS, 2 * _NAME_CHARS))
    pages = fields.numbers(_MOST_PAGES, 0, length)
    check_in_order(pages, 0, length)
    page_labels = fields.texts(len(pages), _NAME_CHARS, _TOGETHER_CHARS)
    warnings = fields.texts(_MOST_WARNINGS, _WARNING_CHARS, _MOST_WARNINGS * _WARNING_CHARS)
    ocr_pages = fields.numbers(limits.pages, 0, max(0, len(pages) - 1))
    unread_pictures = fields.number(0, LARGEST)
    blocks = _read_blocks(fields, length)
    ocr_ranges = _read_ranges(fields, limits, length)
    rows = _read_rows(fields, length)
    return ParsedDocument(
        text=text,
        title=title,
        format=format,
        pages=tuple(pages),
        page_labels=tuple(page_labels),
        blocks=blocks,
        warnings=tuple(warnings),
        ocr_pages=tuple(ocr_pages),
        unread_pictures=unread_pictures,
        rows=rows,
        ocr_ranges=ocr_ranges,
    )


def _pair(texts: list[str]) -> tuple[str, str]:
    if len(texts) != 2:
        raise WireError("no title or no format")
    return texts[0], texts[1]


def _read_blocks(fields: FieldReader, length: int) -> tuple[Block, ...]:
    kinds = fields.numbers(_MOST_BLOCKS, 0, len(_KINDS) - 1)
    starts, ends, levels = (fields.numbers(len(kinds), 0, most) for most in (length, length, _MOST_LEVEL))
    labelled = fields.numbers(len(kinds), 0, max(0, len(kinds) - 1))
    labels = fields.texts(len(kinds), _NAME_CHARS, _TOGETHER_CHARS)
    if not len(kinds) == len(starts) == len(ends) == len(levels) or len(labelled) != len(labels):
        raise WireError("blocks of different numbers")
    if any(start > end for start, end in zip(starts, ends, strict=True)):
        raise WireError("a block that ends before it begins")
    label_of = dict(zip(labelled, labels, strict=True))
    return tuple(
        Block(_KINDS[kind], start, end, level, label_of.get(index, ""))
        for index, (kind, start, end, level) in enumerate(zip(kinds, starts, ends, levels, strict=True))
    )


def _read_ranges(fields: FieldReader, limits: ParseLimits, length: int) -> tuple[tuple[int, int], ...]:
    numbers = fields.numbers(2 * limits.pages, 0, length)
    starts, ends = numbers[::2], numbers[1::2]
    if len(starts) != len(ends) or any(start > end for start, end in zip(starts, ends, strict=True)):
        raise WireError("no range of text")
    return tuple(zip(starts, ends, strict=True))


def _read_rows(fields: FieldReader, length: int) -> tuple[SheetRows, ...]:
    sizes = fields.numbers(MOST_RUNS, 1, LAST_COLUMN)
    columns = fields.numbers(_MOST_COLUMNS, 1, LAST_COLUMN)
    numbers = fields.numbers(4 * MOST_RUNS, 0, max(length, LAST_ROW))
    if sum(sizes) != len(columns) or len(numbers) % 4:
        raise WireError("rows of different numbers")
    layouts, at = [], 0
    for size in sizes:
        layouts.append(tuple(columns[at : at + size]))
        at += size
        if any(left >= right for left, right in pairwise(layouts[-1])):
            raise WireError("columns out of order")
    chosen = numbers[3::4]
    if chosen and max(chosen) >= len(layouts):
        raise WireError("rows without columns")
    rows = tuple(map(SheetRows, numbers[::4], numbers[1::4], numbers[2::4], (layouts[number] for number in chosen)))
    _check_rows(rows, length)
    return rows


def _check_rows(rows: tuple[SheetRows, ...], length: int) -> None:
    at = 0
    for run in rows:
        if not (at <= run.start <= run.end <= length and 0 < run.row <= LAST_ROW):
            raise WireError("rows outside the text")
        at = run.end
