"""Titles in a text that marks none: where every paragraph is one long line, short lines before one are its titles."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from core.parsing.document import Block, BlockKind

LONG_CHARS = 200
TITLE_CHARS = 80
_LINE = re.compile(r"[^\S\n]*(\S[^\n]*)")
_CAPTION = re.compile(r"(?:fig(?:ure|\.)?|table|box|scheme|chart)\s*S?\d", re.I)
_NO_TITLE_END = tuple(".!?,;:。！？，；：…|")


def with_unmarked_headings(text: str, blocks: list[Block]) -> list[Block]:
    """`blocks`, with titles cut out of the paragraphs; as they are if there is a heading among them already."""
    if any(block.kind is BlockKind.HEADING for block in blocks):
        return blocks
    titles = list(_titles(text))[::-1]
    if not titles:
        return blocks
    starts = [title.start for title in titles]
    found: list[Block] = []
    for block in blocks:
        inside = titles[bisect_left(starts, block.start) : bisect_left(starts, block.end)]
        found += _apart(text, block, inside) if block.kind is BlockKind.PARAGRAPH else [block]
    return found


def _apart(text: str, block: Block, titles: list[Block]) -> Iterator[Block]:
    start = block.start
    for title in titles:
        if text[start : title.start].strip():
            yield Block(block.kind, start, title.start)
        yield title
        start = title.end
    if text[start : block.end].strip():
        yield Block(block.kind, start, block.end)


def _titles(text: str) -> Iterator[Block]:
    """From the last to the first."""
    before_text = False
    for line in reversed(list(_LINE.finditer(text))):
        start, end = line.span(1)
        if end - start >= LONG_CHARS:
            before_text = True
        elif before_text and _is_title(line[1].rstrip()):
            yield Block(BlockKind.HEADING, start, end, 1, line[1].rstrip())
        else:
            before_text = False


def _is_title(line: str) -> bool:
    return (
        3 <= len(line) <= TITLE_CHARS
        and (line[0].isupper() or line[0].isdigit())
        and not line.endswith(_NO_TITLE_END)
        and sum(map(str.isalpha, line)) > len(line) // 2
        and not _CAPTION.match(line)
    )
