"""Finds headings in text without markup: where each paragraph is one long line, the short lines before it are its
headings."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from core.parsing.document import Block, BlockKind

_PARAGRAPH_CHARS = 200  # a line as long as this is a paragraph
_MIN_HEADING_CHARS, _MAX_HEADING_CHARS = 3, 80
_LINE = re.compile(r"[^\S\n]*(\S[^\n]*)")
_CAPTION = re.compile(r"(?:fig(?:ure|\.)?|table|box|scheme|chart)\s*S?\d", re.I)
_SENTENCE_END = tuple(".!?,;:。！？，；：…|")


def with_unmarked_headings(text: str, blocks: list[Block]) -> list[Block]:
    """Return `blocks` with the headings cut out of the paragraphs; unchanged if any block is a heading already."""
    if any(block.kind is BlockKind.HEADING for block in blocks):
        return blocks
    headings = list(_headings_from_last(text))[::-1]
    if not headings:
        return blocks
    starts = [heading.start for heading in headings]
    found: list[Block] = []
    for block in blocks:
        inside = headings[bisect_left(starts, block.start) : bisect_left(starts, block.end)]
        found += _split(text, block, inside) if block.kind is BlockKind.PARAGRAPH else [block]
    return found


def _split(text: str, block: Block, headings: list[Block]) -> Iterator[Block]:
    """Yield the headings inside `block` and the paragraphs between them."""
    start = block.start
    for heading in headings:
        if text[start : heading.start].strip():
            yield Block(block.kind, start, heading.start)
        yield heading
        start = heading.end
    if text[start : block.end].strip():
        yield Block(block.kind, start, block.end)


def _headings_from_last(text: str) -> Iterator[Block]:
    before_paragraph = False
    for line in reversed(list(_LINE.finditer(text))):
        start, end = line.span(1)
        if end - start >= _PARAGRAPH_CHARS:
            before_paragraph = True
        elif before_paragraph and _is_heading(line[1].rstrip()):
            yield Block(BlockKind.HEADING, start, end, 1, line[1].rstrip())
        else:
            before_paragraph = False


def _is_heading(line: str) -> bool:
    return (
        _MIN_HEADING_CHARS <= len(line) <= _MAX_HEADING_CHARS
        and (line[0].isupper() or line[0].isdigit())
        and not line.endswith(_SENTENCE_END)
        and sum(map(str.isalpha, line)) > len(line) // 2
        and not _CAPTION.match(line)
    )
