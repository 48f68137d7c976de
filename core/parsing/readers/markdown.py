"""Markdown: the document is the decoded file itself; a scanner in one pass finds its blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.parsing.cleaning import one_line
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.readers.encoding import decode
from core.parsing.readers.plain import wiki_heading
from core.parsing.readers.titles import with_titles
from core.parsing.source import Source

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^`]*)$")
_LIST = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_FRONT = re.compile(r"---[ \t]*\r?\n(.*?\r?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.S)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*\r?$", re.M | re.I)
_INLINE = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|<[^<>]{1,200}>|\s*\{#[^{}]*\}$")
_HTML_HEADING = re.compile(r"[ \t]*<h([1-6])\b[^>]*>(.*?)</h\1>[ \t]*$", re.I)
_FRONT_CHARS = 20_000


def parse(source: Source, limits: ParseLimits) -> ParsedDocument:
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    blocks, title = markdown_blocks(text)
    title = title or _top_heading(text, blocks) or source.stem
    return ParsedDocument(text=text, title=title, format=source.format, blocks=tuple(with_titles(text, blocks)))


def _top_heading(text: str, blocks: list[Block]) -> str:
    """What the first heading calls the document; "" where it is one of several articles of wiki text in one file."""
    headings = [block for block in blocks if block.kind is BlockKind.HEADING]
    if not headings:
        return ""
    first = headings[0]
    is_article = first.level == 1 and wiki_heading(text[first.start : first.end]) is not None
    return "" if is_article and sum(heading.level == 1 for heading in headings) > 1 else first.label


def markdown_blocks(text: str) -> tuple[list[Block], str]:
    """The blocks of a Markdown text, and the title that its front matter names ("" if none)."""
    front = _FRONT.match(text[:_FRONT_CHARS])
    title, offset = "", 0
    blocks: list[Block] = []
    if front:
        offset = front.end()
        blocks.append(Block(BlockKind.PARAGRAPH, 0, len(text[:offset].rstrip())))
        named = _FRONT_TITLE.search(front[0])
        title = one_line(named[1]).strip("\"'") if named else ""
    return blocks + _Scanner(text, offset).blocks(), title


def plain_label(markdown: str) -> str:
    """A heading's words without its inline marks."""
    return one_line(_INLINE.sub(lambda found: found[1] or "", markdown))


def _lines(text: str, offset: int) -> Iterator[tuple[int, int, str]]:
    """Start, end (without the line end) and content of each line from `offset` on."""
    while offset < len(text):
        newline = text.find("\n", offset)
        end = len(text) if newline < 0 else newline
        content_end = end - 1 if end > offset and text[end - 1] == "\r" else end
        yield offset, content_end, text[offset:content_end]
        offset = end + 1


class _Scanner:
    """Line by line, holding the one block that is open."""

    def __init__(self, text: str, offset: int) -> None:
        self._text = text
        self._offset = offset
        self._done: list[Block] = []
        self._kind: BlockKind | None = None
        self._start = self._end = self._level = 0

    def blocks(self) -> list[Block]:
        fence = ""
        for start, end, line in _lines(self._text, self._offset):
            if fence:
                self._end = end
                closing = _FENCE.match(line)
                if closing and closing[1].startswith(fence) and not closing[2].strip():
                    fence = ""
                    self._close()
            elif opening := _FENCE.match(line):
                fence = opening[1]
                self._open(BlockKind.CODE, start, end)
            else:
                self._line(start, end, line)
        self._close()
        return self._done

    def _line(self, start: int, end: int, line: str) -> None:
        stripped = line.strip()
        if not stripped:
            self._close()
        elif heading := _ATX.match(line):
            self._heading(start, end, len(heading[1]), heading[2] or "")
        elif heading := _HTML_HEADING.match(line):
            self._heading(start, end, int(heading[1]), heading[2])
        elif "=" in line and (wiki := wiki_heading(line)):
            self._heading(start, end, *wiki)
        elif self._kind is BlockKind.PARAGRAPH and (underline := _SETEXT.match(line)) and self._single_line():
            title = self._text[self._start : self._end]
            self._kind = None
            self._heading(self._start, end, 1 if underline[1][0] == "=" else 2, title)
        elif item := _LIST.match(line):
            self._open(BlockKind.LIST_ITEM, start, end, len(item[1].expandtabs(4)) // 2)
        elif self._kind is BlockKind.PARAGRAPH and "|" in line and _TABLE_RULE.match(line):
            self._kind, self._end = BlockKind.TABLE, end
        elif self._kind is None:
            self._open(self._kind_of(line, stripped), start, end)
        else:
            self._end = end

    def _kind_of(self, line: str, stripped: str) -> BlockKind:
        if line.startswith(("    ", "\t")) and not (self._done and self._done[-1].kind is BlockKind.LIST_ITEM):
            return BlockKind.CODE
        return BlockKind.QUOTE if stripped.startswith(">") else BlockKind.PARAGRAPH

    def _single_line(self) -> bool:
        return "\n" not in self._text[self._start : self._end]

    def _heading(self, start: int, end: int, level: int, title: str) -> None:
        self._close()
        self._done.append(Block(BlockKind.HEADING, start, end, level, plain_label(title)))

    def _open(self, kind: BlockKind, start: int, end: int, level: int = 0) -> None:
        self._close()
        self._kind, self._start, self._end, self._level = kind, start, end, level

    def _close(self) -> None:
        if self._kind is not None and self._end > self._start:
            self._done.append(Block(self._kind, self._start, self._end, self._level))
        self._kind = None
