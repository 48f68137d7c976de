"""Splits a document at its headings and pages into segments, and finds where each segment may be cut."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.chunking.rules import ChunkingRules
from core.chunking.table_header import column_header
from core.domain.cut_text import TableRows, boundary
from core.domain.heading_paths import SECTION_SEPARATOR
from core.parsing.cleaning import one_line
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.text.sentences import clause_ends, sentence_ends

SECTION, BLOCK, SENTENCE, LINE, CLAUSE = 5, 4, 3, 2, 1
"""How strong a boundary is. A cut at one weaker than SENTENCE breaks what a reader takes as one."""

_MAX_PATH_CHARS = 200  # a longer heading path is truncated
_LINE_END = re.compile(r"\n(?P<blank>\s*\n)?(?=[ \t]*\S)")
_NEWLINE = re.compile(r"\n")


@dataclass(slots=True)
class Segment:
    """A range of text that begins at a heading or a page: the heading paths in effect from each offset on, its tables
    that have a header, and the boundaries at which it may be cut. `has_body` if it is more than headings."""

    start: int
    end: int
    headings: list[tuple[int, str]] = field(default_factory=list)
    tables: list[TableRows] = field(default_factory=list)
    boundaries: array[int] = field(default_factory=lambda: array("i"))
    has_body: bool = False


def split_into_segments(parsed: ParsedDocument) -> Iterator[Segment]:
    """Yield the segments of a document, in order. Headings that follow one another begin one segment together."""
    path: list[tuple[int, str]] = []
    segment: Segment | None = None
    page: int | None = None
    for block in _all_blocks(parsed):
        block_page = parsed.page_at(block.start)
        is_heading = block.kind is BlockKind.HEADING
        if is_heading:
            label = block.label or one_line(parsed.text[block.start : block.end])
            path = [entry for entry in path if entry[0] < block.level] + [(block.level, label)]
        if segment is None or block_page != page or (is_heading and segment.has_body):
            if segment is not None:
                yield segment
            segment, page = Segment(block.start, block.end), block_page
        section = SECTION_SEPARATOR.join(label for _, label in path)[:_MAX_PATH_CHARS]
        if not segment.headings or segment.headings[-1][1] != section:
            segment.headings.append((block.start, section))
        segment.end = block.end
        if block.kind is BlockKind.TABLE and (header := column_header(parsed.text, block.start, block.end)):
            segment.tables.append(TableRows(header[0], block.end, header[1]))
        if not is_heading:
            segment.has_body = True
            segment.boundaries.extend(_boundaries(parsed.text, block))
            segment.boundaries.append(boundary(block.end, BLOCK))
    if segment is not None:
        yield segment


def group_into_runs(segments: Iterable[Segment], rules: ChunkingRules) -> Iterator[list[Segment]]:
    """Yield the segments that are cut together: a small one with what follows it, a small last one with what precedes
    it."""
    complete: list[Segment] = []
    run: list[Segment] = []
    for segment in segments:
        if run and run[-1].end - run[-1].start >= rules.min_section_chars:
            if complete:
                yield complete
            complete, run = run, []
        run.append(segment)
    if complete and run and run[-1].end - run[0].start < rules.min_section_chars:
        complete, run = complete + run, []
    if complete:
        yield complete
    if run:
        yield run


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without the white space at its ends."""
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _all_blocks(parsed: ParsedDocument) -> Iterator[Block]:
    """Yield the blocks, and the text between them as paragraphs, each without the white space around it."""
    text, offset = parsed.text, 0
    for block in parsed.blocks:
        if block.start > offset:
            yield from _trimmed(text, Block(BlockKind.PARAGRAPH, offset, block.start))
        if block.end > offset:
            yield from _trimmed(
                text, block if block.start >= offset else Block(block.kind, offset, block.end, block.level)
            )
            offset = block.end
    yield from _trimmed(text, Block(BlockKind.PARAGRAPH, offset, len(text)))


def _trimmed(text: str, block: Block) -> Iterator[Block]:
    start, end = trim(text, block.start, block.end)
    if start < end:
        yield Block(block.kind, start, end, block.level, block.label)


def _boundaries(text: str, block: Block) -> Iterator[int]:
    """Yield the boundaries (core.domain.cut_text) where `block` may be cut inside, in order."""
    if block.kind in (BlockKind.CODE, BlockKind.TABLE):
        yield from _line_boundaries(text, block)
        return
    strengths: dict[int, int] = {}
    for offset in clause_ends(text, block.start, block.end):
        strengths[offset] = CLAUSE
    for found in _NEWLINE.finditer(text, block.start, block.end):
        strengths[found.start()] = LINE
    for offset in sentence_ends(text, block.start, block.end):
        strengths[offset] = SENTENCE
    yield from (boundary(offset, strengths[offset]) for offset in sorted(strengths))


def _line_boundaries(text: str, block: Block) -> Iterator[int]:
    """Yield the ends of lines; in code, blank lines are the stronger ones. A table's header stays with its first
    row."""
    is_table = block.kind is BlockKind.TABLE
    for count, found in enumerate(_LINE_END.finditer(text, block.start, block.end)):
        if not is_table or count:
            yield boundary(found.start(), LINE if is_table or found["blank"] else CLAUSE)
