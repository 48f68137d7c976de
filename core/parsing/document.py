"""A parsed document: its text, blocks and page starts; and the builder with which a parser makes one."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import PurePath

from core.domain.sheet_cells import MOST_RUNS, SheetLine, SheetRows, runs
from core.parsing.cleaning import clean, one_line, tidy
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.ocr_engine import OcrEngine


class BlockKind(StrEnum):
    """What a block of text is. Chunking cuts code and tables at line ends, other blocks at sentences."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the text: `text[start:end]`. `level` is a heading's rank (1 = highest) or a list item's depth from 0.
    `label` is a heading's text without markup ("" where the block has none). A table has one row per line."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser made of a file. All offsets are character offsets into `text`.

    `pages` are the start offsets of its pages, slides or sheets (empty if it has none), `page_labels` their names where
    they have any. `blocks` are in order and do not overlap; text between two blocks is treated as a paragraph.
    `warnings` are English sentences for the person. `ocr_pages` are the 0-based pages whose text was read by OCR,
    `ocr_ranges` the ranges of text read from pictures embedded in other text; `unread_pictures` counts the pages and
    embedded pictures that still wait for OCR. `rows` are the lines that are rows of sheets, in order."""

    text: str
    title: str
    format: str
    pages: tuple[int, ...] = ()
    page_labels: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    warnings: tuple[str, ...] = ()
    ocr_pages: tuple[int, ...] = ()
    unread_pictures: int = 0
    rows: tuple[SheetRows, ...] = ()
    ocr_ranges: tuple[tuple[int, int], ...] = ()

    def is_from_ocr(self, offset: int) -> bool:
        """Whether the text at `offset` was read by OCR."""
        return self.page_at(offset) in self.ocr_pages or any(start <= offset < end for start, end in self.ocr_ranges)

    def page_at(self, offset: int) -> int | None:
        """The 0-based page that holds `offset`; None if the document has no pages."""
        if not self.pages:
            return None
        return max(0, bisect.bisect_right(self.pages, offset) - 1)


MAX_LEVEL = 9
"""The deepest level of headings and lists, as in Word."""
_TITLE_CHARS = 200  # longer titles and page labels are cut
_TITLE_BLOCKS = 20  # only a heading among the first blocks is taken as the title


def table_lines(rows: Iterable[Sequence[str]], first_column: int = 1) -> Iterator[SheetLine]:
    """Yield a line of tab-separated cells for each row that has text, without the columns that are empty in all rows.
    Rows are numbered from 1, columns from `first_column`."""
    cleaned = [[one_line(cell) for cell in row] for row in rows]
    used = sorted({i for row in cleaned for i, cell in enumerate(row) if cell})
    columns = tuple(i + first_column for i in used)
    for number, row in enumerate(cleaned, 1):
        if any(row):
            text = "\t".join(row[i] if i < len(row) else "" for i in used).rstrip("\t")
            yield SheetLine(text, number, columns)


ParseAttachment = Callable[[PurePath, bytes, "DocumentBuilder", int], ParsedDocument | None]
"""Parses a file inside another one, given its name, bytes, the outer builder and the depth of nesting. Returns None for
a format that is not supported; raises `ParseFault`."""


class DocumentBuilder:
    """Collects a document's text block by block, in reading order. Readers of plain-text formats do without it.

    Raises `ParseFault` (too large) when the text grows past the limit. `on_pages` is called with the number of pages
    and `on_ocr_start` before each picture is read, so that the waiting process can extend the time limit. `ocr` is None
    where pictures are not to be read. `parse_attachment` parses a file inside this one.
    """

    def __init__(
        self,
        format: str,
        limits: ParseLimits,
        *,
        on_pages: Callable[[int], None] | None = None,
        on_ocr_start: Callable[[], None] | None = None,
        ocr: OcrEngine | None = None,
        parse_attachment: ParseAttachment | None = None,
    ) -> None:
        self.format = format
        self.limits = limits
        self.ocr = ocr
        self.parse_attachment = parse_attachment
        self.title = ""
        self.unread_pictures = 0
        self.used_ocr = False
        self._on_pages = on_pages
        self._on_ocr_start = on_ocr_start
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._pages: list[int] = []
        self._page_labels: list[str] = []
        self._warnings: list[str] = []
        self._ocr_pages: list[int] = []
        self._rows: list[SheetRows] = []
        self._ocr_ranges: list[tuple[int, int]] = []
        self._at_page_start = False

    @property
    def length(self) -> int:
        """The number of characters so far."""
        return self._length

    def expect_pages(self, count: int) -> None:
        """Announce how many pages the file has, before reading them. Raises `ParseFault` for more than the limit."""
        if count > self.limits.pages:
            raise ParseFault(ParseProblem.TOO_LARGE, detail=f"{count} pages")
        if self._on_pages is not None:
            self._on_pages(count)

    def begin_ocr(self) -> None:
        """Announce that a picture is about to be read, which restarts the time limit of the file."""
        self.used_ocr = True
        if self._on_ocr_start is not None:
            self._on_ocr_start()

    def mark_page_as_ocr(self) -> None:
        """Mark the text of the current page as read by OCR."""
        self._ocr_pages.append(max(0, len(self._pages) - 1))

    @contextmanager
    def marked_as_ocr(self) -> Iterator[None]:
        """Mark the blocks added inside the `with` statement as read from a picture embedded in other text."""
        before = len(self._blocks)
        yield
        if len(self._blocks) > before:
            self._ocr_ranges.append((self._blocks[before].start, self._length))

    def begin_page(self, label: str = "") -> None:
        """Start the next page, slide or sheet."""
        if self._parts and not self._at_page_start:
            self._append("\n\n")
        self._at_page_start = True
        self._pages.append(self._length)
        self._page_labels.append(one_line(label)[:_TITLE_CHARS])

    def heading(self, text: str, level: int = 1, label: str = "") -> None:
        """Add a heading. `label` is its name in heading paths, if that differs from its text."""
        self._add_block(BlockKind.HEADING, one_line(text), min(max(level, 1), MAX_LEVEL), one_line(label))

    def paragraph(self, text: str) -> None:
        self._add_block(BlockKind.PARAGRAPH, tidy(text))

    def quote(self, text: str) -> None:
        self._add_block(BlockKind.QUOTE, tidy(text))

    def list_item(self, text: str, depth: int = 0, marker: str = "•") -> None:
        text = tidy(text)
        if text:
            depth = min(max(depth, 0), MAX_LEVEL)
            indent = "  " * depth + (marker + " " if marker else "")
            self._add_block(BlockKind.LIST_ITEM, indent + text, depth)

    def code(self, text: str) -> None:
        self._add_block(BlockKind.CODE, clean(text).expandtabs(4).strip("\n").rstrip())

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Add a table of these rows of cells, without its empty rows and columns."""
        self._add_block(BlockKind.TABLE, "\n".join(line.text for line in table_lines(rows)))

    def sheet(self, rows: Iterable[Sequence[str]], first_column: int = 1) -> None:
        """Add a sheet as a table and record which cell each text came from. Rows begin at column `first_column`."""
        self.sheet_lines(list(table_lines(rows, first_column)))

    def sheet_lines(self, lines: Sequence[SheetLine]) -> None:
        """Add a table of these lines and record which cells they came from."""
        if self._add_block(BlockKind.TABLE, "\n".join(line.text for line in lines)):
            self._add_rows(runs(lines, self._blocks[-1].start))

    def cell(self, text: str, row: int, column: int) -> None:
        """Add a cell of a sheet as a paragraph and record which cell it is."""
        text = one_line(text)
        if self._add_block(BlockKind.PARAGRAPH, text):
            self._add_rows(runs([SheetLine(text, row, (column,))], self._blocks[-1].start))

    def _add_rows(self, rows: Iterable[SheetRows]) -> None:
        self._rows += islice(rows, max(0, MOST_RUNS - len(self._rows)))

    def warn(self, sentence: str) -> None:
        if sentence not in self._warnings:
            self._warnings.append(sentence)

    def embed(self, document: ParsedDocument) -> None:
        """Add the blocks of a document that lies inside this one; its page boundaries are dropped."""
        for block in document.blocks:
            text = document.text[block.start : block.end]
            with self.marked_as_ocr() if document.is_from_ocr(block.start) else nullcontext():
                self._add_block(block.kind, clean(text), block.level, block.label)
        self.unread_pictures += document.unread_pictures
        for sentence in document.warnings:
            self.warn(sentence)

    def raw(self, kind: BlockKind, text: str, level: int = 0) -> None:
        """Add `text` unchanged; the caller has cleaned it."""
        self._add_block(kind, text, level)

    def build(self, fallback_title: str) -> ParsedDocument:
        """Return the document. Its title is the one the parser set, else the first heading, else `fallback_title`."""
        text = "".join(self._parts)
        title = one_line(self.title) or self._first_heading(text) or fallback_title
        return ParsedDocument(
            text=text,
            title=title[:_TITLE_CHARS],
            format=self.format,
            pages=tuple(self._pages),
            page_labels=tuple(self._page_labels) if any(self._page_labels) else (),
            blocks=tuple(self._blocks),
            warnings=tuple(self._warnings),
            ocr_pages=tuple(self._ocr_pages),
            unread_pictures=self.unread_pictures,
            rows=tuple(self._rows),
            ocr_ranges=tuple(self._ocr_ranges),
        )

    def _first_heading(self, text: str) -> str:
        for block in self._blocks[:_TITLE_BLOCKS]:
            if block.kind is BlockKind.HEADING:
                return block.label or text[block.start : block.end]
        return ""

    def _add_block(self, kind: BlockKind, text: str, level: int = 0, label: str = "") -> bool:
        """Add a block; return False for blank text, which adds none."""
        if not text or text.isspace():
            return False
        if self._parts and not self._at_page_start:
            tight = kind is BlockKind.LIST_ITEM and self._blocks and self._blocks[-1].kind is BlockKind.LIST_ITEM
            self._append("\n" if tight else "\n\n")
        self._at_page_start = False
        start = self._length
        self._append(text)
        self._blocks.append(Block(kind, start, self._length, level, label))
        return True

    def _append(self, text: str) -> None:
        self._length += len(text)
        if self._length > self.limits.text_chars:
            millions = self.limits.text_chars // 1_000_000
            raise ParseFault(ParseProblem.TOO_LARGE, detail=f"more than {millions} million characters of text")
        self._parts.append(text)
