"""A parsed document: its text, the blocks it is made of and where its pages start; and how a parser builds one."""

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
from core.parsing.recogniser import Recogniser


class BlockKind(StrEnum):
    """What a block of text is; chunking keeps each kind together in its own way."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the text: `text[start:end]`. `level` is a heading's rank (1 = highest) or a list item's depth from 0.
    `label` is a heading's words without marks ("" where the text itself is that). A table has one row per line."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser made of a file. `pages` are the start offsets of its pages, slides or sheets (empty if it has
    none), `page_labels` their names where they have any. Blocks are in order and do not overlap; text between two
    blocks belongs to none, and chunking treats it as a paragraph. `warnings` are sentences for the person
    (English). `recognised` are the pages whose text was read from a picture (OCR), `unread_pages` counts those that
    are pictures and wait for that. `rows` are the lines that are rows of sheets, in order, `pictured`
    the stretches of text that were read from pictures which stand among other text."""

    text: str
    title: str
    format: str
    pages: tuple[int, ...] = ()
    page_labels: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    warnings: tuple[str, ...] = ()
    recognised: tuple[int, ...] = ()
    unread_pages: int = 0
    rows: tuple[SheetRows, ...] = ()
    pictured: tuple[tuple[int, int], ...] = ()

    def was_recognised(self, offset: int) -> bool:
        """Whether the text there was read from a picture."""
        return self.page_at(offset) in self.recognised or any(start <= offset < end for start, end in self.pictured)

    def page_at(self, offset: int) -> int | None:
        """The 0-based page that holds `offset`; None where the document has no pages."""
        if not self.pages:
            return None
        return max(0, bisect.bisect_right(self.pages, offset) - 1)


_TITLE_CHARS = 200
A_PICTURE = -1  # said instead of a number of pages


def table_lines(rows: Iterable[Sequence[str]], first_column: int = 1) -> Iterator[SheetLine]:
    """A line for each row that has text, numbered from 1, without the columns that are empty throughout."""
    cleaned = [[one_line(cell) for cell in row] for row in rows]
    used = sorted({i for row in cleaned for i, cell in enumerate(row) if cell})
    columns = tuple(i + first_column for i in used)
    for number, row in enumerate(cleaned, 1):
        if any(row):
            text = "\t".join(row[i] if i < len(row) else "" for i in used).rstrip("\t")
            yield SheetLine(text, number, columns)


ParseAttachment = Callable[[PurePath, bytes, "DocumentBuilder", int], ParsedDocument | None]
"""Parses a file inside another one, by its name, bytes, outer builder and depth. None for a kind that is not read;
raises `ParseFault`."""


class DocumentBuilder:
    """Collects a document's text block by block, in reading order. Every parser but those of plain text uses it.

    Stops the parser with `ParseFault` when the text grows past the limit. `on_pages` is told how many pages the file
    has, so that whoever waits can allow it the time. `parse_attachment` reads a file that lies inside this one.
    """

    def __init__(
        self,
        format: str,
        limits: ParseLimits,
        on_pages: Callable[[int], None] | None = None,
        recogniser: Recogniser | None = None,
        parse_attachment: ParseAttachment | None = None,
    ) -> None:
        self.format = format
        self.limits = limits
        self.recogniser = recogniser
        self.parse_attachment = parse_attachment
        self.title = ""
        self.unread_pages = 0
        self._on_pages = on_pages
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._pages: list[int] = []
        self._labels: list[str] = []
        self._warnings: list[str] = []
        self._recognised: list[int] = []
        self._rows: list[SheetRows] = []
        self._pictured: list[tuple[int, int]] = []
        self.tried_pictures = False
        self._fresh_page = False

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._length

    def expect_pages(self, count: int) -> None:
        """Say how many pages the file has before reading them; more than the limit allows is a fault."""
        if count > self.limits.pages:
            raise ParseFault(ParseProblem.TOO_LARGE, detail=f"{count} pages")
        if self._on_pages is not None:
            self._on_pages(count)

    def begin_recognition(self) -> None:
        """Say that a page is about to be read from its picture: the time for the file counts anew from here."""
        self.tried_pictures = True
        if self._on_pages is not None:
            self._on_pages(A_PICTURE)

    def recognised(self) -> None:
        """Note that the text of the current page was read from a picture."""
        self._recognised.append(max(0, len(self._pages) - 1))

    @contextmanager
    def from_picture(self) -> Iterator[None]:
        """What is written meanwhile was read from a picture that stands among other text."""
        before = len(self._blocks)
        yield
        if len(self._blocks) > before:
            self._pictured.append((self._blocks[before].start, self._length))

    def page(self, label: str = "") -> None:
        """Start the next page, slide or sheet here."""
        if self._parts and not self._fresh_page:
            self._put("\n\n")
        self._fresh_page = True
        self._pages.append(self._length)
        self._labels.append(one_line(label)[:_TITLE_CHARS])

    def heading(self, text: str, level: int = 1, label: str = "") -> None:
        """`label` is what the heading is called in paths of sections, where that is not its own text."""
        self._block(BlockKind.HEADING, one_line(text), min(max(level, 1), 9), one_line(label))

    def paragraph(self, text: str) -> None:
        self._block(BlockKind.PARAGRAPH, tidy(text))

    def quote(self, text: str) -> None:
        self._block(BlockKind.QUOTE, tidy(text))

    def list_item(self, text: str, depth: int = 0, marker: str = "•") -> None:
        text = tidy(text)
        if text:
            depth = min(max(depth, 0), 9)
            indent = "  " * depth + (marker + " " if marker else "")
            self._block(BlockKind.LIST_ITEM, indent + text, depth)

    def code(self, text: str) -> None:
        self._block(BlockKind.CODE, clean(text).expandtabs(4).strip("\n").rstrip())

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Rows of cells; empty rows and columns that are empty throughout are left out."""
        self._block(BlockKind.TABLE, "\n".join(line.text for line in table_lines(rows)))

    def sheet(self, rows: Iterable[Sequence[str]], first_column: int = 1) -> None:
        """The same for all rows of a sheet, each from its `first_column` on; where their cells stand is kept."""
        self.sheet_lines(list(table_lines(rows, first_column)))

    def sheet_lines(self, lines: Sequence[SheetLine]) -> None:
        """A table of these lines, of which it is kept where their cells stand."""
        if self._block(BlockKind.TABLE, "\n".join(line.text for line in lines)):
            self._keep_rows(runs(lines, self._blocks[-1].start))

    def cell(self, text: str, row: int, column: int) -> None:
        """A paragraph that is a cell of a sheet."""
        text = one_line(text)
        if self._block(BlockKind.PARAGRAPH, text):
            self._keep_rows(runs([SheetLine(text, row, (column,))], self._blocks[-1].start))

    def _keep_rows(self, found: Iterable[SheetRows]) -> None:
        self._rows += islice(found, max(0, MOST_RUNS - len(self._rows)))

    def warn(self, sentence: str) -> None:
        if sentence not in self._warnings:
            self._warnings.append(sentence)

    def embed(self, document: ParsedDocument) -> None:
        """Add the blocks of a document that lies inside this one; its pages do not count."""
        for block in document.blocks:
            text = document.text[block.start : block.end]
            with self.from_picture() if document.was_recognised(block.start) else nullcontext():
                self._block(block.kind, clean(text), block.level, block.label)
        self.unread_pages += document.unread_pages
        for sentence in document.warnings:
            self.warn(sentence)

    def raw(self, kind: BlockKind, text: str, level: int = 0) -> None:
        """Add `text` as it stands; the caller has cleaned it."""
        self._block(kind, text, level)

    def build(self, fallback_title: str) -> ParsedDocument:
        """The document; its title is the one the parser found, else the first top heading, else `fallback_title`."""
        text = "".join(self._parts)
        title = one_line(self.title) or self._first_heading(text) or fallback_title
        return ParsedDocument(
            text=text,
            title=title[:_TITLE_CHARS],
            format=self.format,
            pages=tuple(self._pages),
            page_labels=tuple(self._labels) if any(self._labels) else (),
            blocks=tuple(self._blocks),
            warnings=tuple(self._warnings),
            recognised=tuple(self._recognised),
            unread_pages=self.unread_pages,
            rows=tuple(self._rows),
            pictured=tuple(self._pictured),
        )

    def _first_heading(self, text: str) -> str:
        for block in self._blocks[:20]:
            if block.kind is BlockKind.HEADING:
                return block.label or text[block.start : block.end]
        return ""

    def _block(self, kind: BlockKind, text: str, level: int = 0, label: str = "") -> bool:
        """Add a block; False if there is no text for one."""
        if not text or text.isspace():
            return False
        if self._parts and not self._fresh_page:
            tight = kind is BlockKind.LIST_ITEM and self._blocks and self._blocks[-1].kind is BlockKind.LIST_ITEM
            self._put("\n" if tight else "\n\n")
        self._fresh_page = False
        start = self._length
        self._put(text)
        self._blocks.append(Block(kind, start, self._length, level, label))
        return True

    def _put(self, text: str) -> None:
        self._length += len(text)
        if self._length > self.limits.text_chars:
            millions = self.limits.text_chars // 1_000_000
            raise ParseFault(ParseProblem.TOO_LARGE, detail=f"more than {millions} million characters of text")
        self._parts.append(text)
