"""Reads Markdown: the document is the decoded file itself, and one pass over its lines finds the blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.parsing.cleaning import one_line
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.readers.encoding import decode
from core.parsing.readers.plain import wiki_heading
from core.parsing.readers.unmarked_headings import with_unmarked_headings
from core.parsing.source import Source
from core.text.markdown_fences import FENCE, fence_after

# Named as in CommonMark and in GitHub's tables (https://github.github.com/gfm).
_ATX_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_LIST_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_SETEXT_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_DELIMITER_ROW = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?\r?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.S)
_FRONT_MATTER_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*\r?$", re.M | re.I)
_INLINE = re.compile(
    r"!?\[([^\[\]]*)\]\([^()\s]*\)|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|<[^<>]{1,200}>|(?:(?<!\s)\s++)?\{#[^{}]*\}$"
)
_HTML_HEADING = re.compile(r"[ \t]*<h([1-6])\b[^>]*>(.*?)</h\1>[ \t]*$", re.I)
_FRONT_MATTER_CHARS = 20_000  # is looked for in this much of the text


def parse(source: Source, limits: ParseLimits) -> ParsedDocument:
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    blocks, title = markdown_blocks(text)
    title = title or _top_heading(text, blocks) or source.stem
    return ParsedDocument(
        text=text, title=title, format=source.format, blocks=tuple(with_unmarked_headings(text, blocks))
    )


def _top_heading(text: str, blocks: list[Block]) -> str:
    """The first heading as a title; "" if the file holds several articles of wiki text."""
    headings = [block for block in blocks if block.kind is BlockKind.HEADING]
    if not headings:
        return ""
    first = headings[0]
    is_article = first.level == 1 and wiki_heading(text[first.start : first.end]) is not None
    return "" if is_article and sum(heading.level == 1 for heading in headings) > 1 else first.label


def markdown_blocks(text: str) -> tuple[list[Block], str]:
    """Return the blocks of a Markdown text, and the title that its front matter names ("" if none)."""
    front = _FRONT_MATTER.match(text[:_FRONT_MATTER_CHARS])
    title, offset = "", 0
    blocks: list[Block] = []
    if front:
        offset = front.end()
        blocks.append(Block(BlockKind.PARAGRAPH, 0, len(text[:offset].rstrip())))
        named = _FRONT_MATTER_TITLE.search(front[0])
        title = one_line(named[1]).strip("\"'") if named else ""
    return blocks + _BlockScanner(text, offset).blocks(), title


def heading_label(markdown: str) -> str:
    """Return a heading's text without inline markup."""
    return one_line(_INLINE.sub(lambda found: found[1] or "", markdown))


def _lines(text: str, offset: int) -> Iterator[tuple[int, int, str]]:
    """Yield start, end (without the line end) and content of each line from `offset` on."""
    while offset < len(text):
        newline = text.find("\n", offset)
        end = len(text) if newline < 0 else newline
        content_end = end - 1 if end > offset and text[end - 1] == "\r" else end
        yield offset, content_end, text[offset:content_end]
        offset = end + 1


def _heading(line: str) -> tuple[int, str] | None:
    """Level and text of a line that is a heading by itself: "## History", "<h2>History</h2>" or "== History =="."""
    if heading := _ATX_HEADING.match(line):
        return len(heading[1]), heading[2] or ""
    if heading := _HTML_HEADING.match(line):
        return int(heading[1]), heading[2]
    return wiki_heading(line) if "=" in line else None


def _match_fence(line: str) -> re.Match[str] | None:
    """Match a line that may open or close a code block, whether it is indented, quoted or neither."""
    match = FENCE.match(line.lstrip(" \t>"))
    return match if match and "`" not in match["info"] else None


class _BlockScanner:
    """Scans a text line by line for its blocks. At most one block is open at a time."""

    def __init__(self, text: str, offset: int) -> None:
        self._text = text
        self._offset = offset
        self._done: list[Block] = []
        self._kind: BlockKind | None = None
        self._start = self._end = self._level = 0

    def blocks(self) -> list[Block]:
        fence = ""
        for start, end, line in _lines(self._text, self._offset):
            match = _match_fence(line)
            in_code, fence = bool(fence), fence_after(fence, match) if match else fence
            if in_code:
                self._end = end
                if not fence:
                    self._close()
            elif fence:
                self._open(BlockKind.CODE, start, end)
            else:
                self._add_line(start, end, line)
        self._close()
        return self._done

    def _add_line(self, start: int, end: int, line: str) -> None:
        """Add a line outside fenced code to the open block, or begin a new one."""
        stripped = line.strip()
        if not stripped:
            self._close()
        elif heading := _heading(line):
            self._add_heading(start, end, *heading)
        elif self._kind is BlockKind.PARAGRAPH and (underline := _SETEXT_UNDERLINE.match(line)) and self._is_one_line():
            title = self._text[self._start : self._end]
            self._kind = None
            self._add_heading(self._start, end, 1 if underline[1][0] == "=" else 2, title)
        elif item := _LIST_ITEM.match(line):
            self._open(BlockKind.LIST_ITEM, start, end, len(item[1].expandtabs(4)) // 2)
        elif self._kind is BlockKind.PARAGRAPH and "|" in line and _DELIMITER_ROW.match(line):
            self._kind, self._end = BlockKind.TABLE, end  # the paragraph so far is the table's header
        elif self._kind is None:
            self._open(self._kind_of(line, stripped), start, end)
        else:
            self._end = end

    def _kind_of(self, line: str, stripped: str) -> BlockKind:
        if line.startswith(("    ", "\t")) and not (self._done and self._done[-1].kind is BlockKind.LIST_ITEM):
            return BlockKind.CODE
        return BlockKind.QUOTE if stripped.startswith(">") else BlockKind.PARAGRAPH

    def _is_one_line(self) -> bool:
        return "\n" not in self._text[self._start : self._end]

    def _add_heading(self, start: int, end: int, level: int, title: str) -> None:
        self._close()
        self._done.append(Block(BlockKind.HEADING, start, end, level, heading_label(title)))

    def _open(self, kind: BlockKind, start: int, end: int, level: int = 0) -> None:
        self._close()
        self._kind, self._start, self._end, self._level = kind, start, end, level

    def _close(self) -> None:
        if self._kind is not None and self._end > self._start:
            self._done.append(Block(self._kind, self._start, self._end, self._level))
        self._kind = None
