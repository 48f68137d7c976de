"""Reads LaTeX, AsciiDoc, Org, wiki text and Textile: the decoded file itself, with the headings of its markup."""

from __future__ import annotations

import re

from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.readers.encoding import decode
from core.parsing.readers.markdown import heading_label
from core.parsing.readers.plain import text_blocks
from core.parsing.source import Source

_LATEX = re.compile(
    r"^[^\S\n]*\\(part|chapter|section|subsection|subsubsection|paragraph)\*?[^\S\n]*(?:\[[^\]\n]*\])?\{([^\n]{1,300})\}",
    re.M,
)
_LATEX_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_LATEX_TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\])?\{([^{}]{1,300})\}")
_TITLE_CHARS = 20_000  # the title is looked for in this much of the text
_HEADINGS = {
    ".adoc": re.compile(r"^(={1,6})[ \t]+(\S[^\n]*)$", re.M),
    ".asciidoc": re.compile(r"^(={1,6})[ \t]+(\S[^\n]*)$", re.M),
    ".org": re.compile(r"^(\*{1,6})[ \t]+(\S[^\n]*)$", re.M),
    ".wiki": re.compile(r"^(={1,6})[ \t]*([^=\n]+?)[ \t]*=*$", re.M),
    ".textile": re.compile(r"^h([1-6])\.[ \t]+(\S[^\n]*)$", re.M),
}


def parse(source: Source, limits: ParseLimits) -> ParsedDocument:
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    suffix = source.path.suffix.lower()
    headings = _headings(text, _HEADINGS[suffix]) if suffix in _HEADINGS else _latex_headings(text)
    titled = _LATEX_TITLE.search(text[:_TITLE_CHARS])
    title = heading_label(titled[1].replace("\\\\", " ")) if titled else (headings[0].label if headings else "")
    return ParsedDocument(text, title or source.stem, source.format, blocks=tuple(_all_blocks(text, headings)))


def _latex_headings(text: str) -> list[Block]:
    return [
        Block(BlockKind.HEADING, found.start(), found.end(), _LATEX_LEVELS[found[1]], heading_label(found[2]))
        for found in _LATEX.finditer(text)
    ]


def _headings(text: str, pattern: re.Pattern[str]) -> list[Block]:
    blocks = []
    for found in pattern.finditer(text):
        level = int(found[1]) if found[1].isdecimal() else len(found[1])
        blocks.append(Block(BlockKind.HEADING, found.start(), found.end(), level, heading_label(found[2])))
    return blocks


def _all_blocks(text: str, headings: list[Block]) -> list[Block]:
    """Return the headings, and the blocks of plain text between them."""
    blocks: list[Block] = []
    start = 0
    for heading in [*headings, Block(BlockKind.HEADING, len(text), len(text))]:
        for block in text_blocks(text[start : heading.start]):
            blocks.append(Block(block.kind, start + block.start, start + block.end, block.level, block.label))
        if heading.end > heading.start:
            blocks.append(heading)
        start = heading.end
    return blocks
