"""Reads source code: the document is the decoded file itself, and the lines that define something are its headings."""

from __future__ import annotations

import re

from core.parsing.document import MAX_LEVEL, Block, BlockKind, ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.readers.encoding import decode
from core.parsing.source import Source

_PIECE = re.compile(r"[^\S\n]*\S[^\n]*(?:\n(?:[^\S\n]*\S[^\n]*|[^\S\n]*(?=\n\s*[^\S\n]+\S)))*")
_DEFINITION = re.compile(
    r"^(?P<indent>[ \t]*)(?:(?:export|default|pub(?:\([\w: ]+\))?|public|private|protected|internal|"
    r"static|final|abstract|"
    r"async|unsafe|virtual|override|inline|open|sealed|data|partial|extern|const|declare)\s+)*"
    r"(?P<kind>def|class|fn|func|function\*?|fun|interface|struct|enum|impl(?:<[^>]*>)?|trait|"
    r"module|namespace|protocol|"
    r"object|record|type|sub|procedure|macro_rules!|defmodule|defp?|contract|message|service|CREATE\s+TABLE)"
    r"\s+(?:\([^()\n]{0,80}\)\s*)?(?P<name>[\w$]+(?:(?:\.|::)[\w$]+)*)",
    re.M,
)
_INDENT_WIDTH = 4
_MAX_HEADING_CHARS = 400  # a longer line, as in minified code, is no heading


def parse(source: Source, limits: ParseLimits) -> ParsedDocument:
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    return ParsedDocument(text=text, title=source.path.name, format=source.format, blocks=tuple(code_blocks(text)))


def code_blocks(text: str) -> list[Block]:
    """Return the top-level pieces of code, split at the lines that define something: each is a heading, of a level by
    its indentation."""
    blocks: list[Block] = []
    for piece in _PIECE.finditer(text):
        start = piece.start()
        for found in _DEFINITION.finditer(text, piece.start(), piece.end()):
            line_end = text.find("\n", found.end(), piece.end())
            line_end = piece.end() if line_end < 0 else line_end
            if line_end - found.start() > _MAX_HEADING_CHARS:
                continue
            if text[start : found.start()].strip():
                blocks.append(Block(BlockKind.CODE, start, found.start()))
            level = 1 + len(found["indent"].expandtabs(_INDENT_WIDTH)) // _INDENT_WIDTH
            label = f"{found['kind'].split('<')[0]} {found['name']}"
            blocks.append(Block(BlockKind.HEADING, found.start(), line_end, min(level, MAX_LEVEL), label))
            start = line_end
        if text[start : piece.end()].strip():
            blocks.append(Block(BlockKind.CODE, start, piece.end()))
    return blocks
