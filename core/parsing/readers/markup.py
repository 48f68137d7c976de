"""LaTeX, AsciiDoc, reStructuredText, Org and wiki text: the decoded file itself, with the headings its markup makes."""

from __future__ import annotations

import re

from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.readers.encoding import decode
from core.parsing.readers.markdown import plain_label
from core.parsing.readers.plain import text_blocks
from core.parsing.source import Source

_LATEX = re.compile(
    r"^[^\S\n]*\\(part|chapter|section|subsection|subsubsection|paragraph)\*?[^\S\n]*(?:\[[^\]\n]*\])?\{([^\n]{1,300})\}",
    re.M,
)
_LATEX_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_LATEX_TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\])?\{([^{}]{1,300})\}")
_SIGNS = {
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
    headings = _signed(text, _SIGNS[suffix]) if suffix in _SIGNS else _latex(text)
    titled = _LATEX_TITLE.search(text[:20_000])
    title = plain_label(titled[1].replace("\\\\", " ")) if titled else (headings[0].label if headings else "")
    return ParsedDocument(text, title or source.stem, source.format, blocks=tuple(_merged(text, headings)))


def _latex(text: str) -> list[Block]:
    return [
        Block(BlockKind.HEADING, found.start(), found.end(), _LATEX_LEVELS[found[1]], plain_label(found[2]))
        for found in _LATEX.finditer(text)
    ]


def _signed(text: str, pattern: re.Pattern[str]) -> list[Block]:
    blocks = []
    for found in pattern.finditer(text):
        level = int(found[1]) if found[1].isdecimal() else len(found[1])
        blocks.append(Block(BlockKind.HEADING, found.start(), found.end(), level, plain_label(found[2])))
    return blocks


def _merged(text: str, headings: list[Block]) -> list[Block]:
    """The headings, and between them what plain text has."""
    blocks: list[Block] = []
    start = 0
    for heading in [*headings, Block(BlockKind.HEADING, len(text), len(text))]:
        for block in text_blocks(text[start : heading.start]):
            blocks.append(Block(block.kind, start + block.start, start + block.end, block.level, block.label))
        if heading.end > heading.start:
            blocks.append(heading)
        start = heading.end
    return blocks
