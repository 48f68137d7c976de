"""Reads plain text: the document is the decoded file itself, so that its offsets are offsets into the file."""

from __future__ import annotations

import re

from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.readers.encoding import decode
from core.parsing.readers.unmarked_headings import with_unmarked_headings
from core.parsing.source import Source

_PARAGRAPH = re.compile(r"[^\S\n]*\S[^\n]*(?:\n[^\S\n]*\S[^\n]*)*")
_NUMBERED = re.compile(r"(?:chapter|section|part|appendix|article)\s+[\dIVXLC]+\b|(\d+(?:\.\d+){0,4})\.?\s+\S", re.I)
_UNDERLINE = re.compile(r"[=\-~*^]{3,}\s*$")
_WIKI_HEADING = re.compile(r"^ {0,3}(=(?: ?=){0,5})[ \t]*([^=\s](?:[^\n]*[^=\s])?)[ \t]*\1[ \t]*\r?$", re.M)
_HEADING_CHARS = 80
_SENTENCE_END = tuple(".!?,;:。！？，；")


def parse(source: Source, limits: ParseLimits) -> ParsedDocument:
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    return ParsedDocument(
        text=text,
        title=source.stem,
        format=source.format,
        blocks=tuple(with_unmarked_headings(text, text_blocks(text))),
    )


def text_blocks(text: str) -> list[Block]:
    """Return the paragraphs (between blank lines) and the few lines that are surely headings."""
    blocks: list[Block] = []
    for found in _PARAGRAPH.finditer(text):
        start, end = found.span()
        for heading in _WIKI_HEADING.finditer(text, start, end) if "=" in text[start:end] else ():
            if text[start : heading.start()].strip():
                blocks += _paragraph(text, start, heading.start())
            blocks.append(Block(BlockKind.HEADING, heading.start(), heading.end(), heading[1].count("="), heading[2]))
            start = heading.end()
        if text[start:end].strip():
            blocks += _paragraph(text, start, end)
    return blocks


def wiki_heading(line: str) -> tuple[int, str] | None:
    """Return level and text of a heading such as "== History ==", also with spaces between the signs; None for any
    other line."""
    found = _WIKI_HEADING.match(line)
    return (found[1].count("="), found[2]) if found else None


def _paragraph(text: str, start: int, end: int) -> list[Block]:
    """The blocks of a paragraph: itself, a heading, or a heading with its underline and the rest."""
    first_end = text.find("\n", start, end)
    first_end = end if first_end < 0 else first_end
    first = text[start:first_end].strip()
    if first_end < end:
        second_end = text.find("\n", first_end + 1, end)
        second_end = end if second_end < 0 else second_end
        second = text[first_end + 1 : second_end].strip()
        if first and _UNDERLINE.match(second) and len(first) <= _HEADING_CHARS and len(second) >= len(first) // 2:
            heading = Block(BlockKind.HEADING, start, second_end, 1 if second[0] in "=*" else 2, first)
            rest = Block(BlockKind.PARAGRAPH, min(second_end + 1, end), end)
            return [heading, rest] if text[rest.start : end].strip() else [heading]
    elif level := heading_level(first):
        return [Block(BlockKind.HEADING, start, end, level, first)]
    return [Block(BlockKind.PARAGRAPH, start, end)]


def heading_level(line: str) -> int:
    """Return the level of a line between blank lines that is surely a heading: numbered ("2.1 Scope") or in capitals.
    0 for any other line."""
    if not 3 <= len(line) <= _HEADING_CHARS or line.endswith(_SENTENCE_END):
        return 0
    numbered = _NUMBERED.match(line)
    if numbered and any(char.isalpha() for char in line):
        return 1 + (numbered[1] or "").count(".")
    letters = [char for char in line if char.isalpha()]
    return 1 if len(letters) >= 4 and len(letters) > len(line) // 2 and line.isupper() else 0
