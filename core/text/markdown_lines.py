"""Markdown parsed line by line into styled spans: which characters are markup, and how the others are to look.

The text is never changed, so every offset into it stays valid: markup is to be hidden, not removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, pairwise

from core.text.markdown_fences import FENCE, fence_after

MAX_LINE_CHARS = 4000  # a longer line stays plain text: each opening delimiter may be searched for to the line's end
MAX_DELIMITERS = 200  # of one style in a line, for the same reason; with more it is not styled so

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+|(?<=\S)[ \t]+#+[ \t]*$")
_ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTE = re.compile(r" {0,3}(?:>[ \t]?)+")
_DELIMITER_ROW = re.compile(r"[ \t]*\|?[ \t]*:?-{1,}:?[ \t]*(?:\|[ \t]*:?-{1,}:?[ \t]*)*\|?[ \t]*$")
_BREAK = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_CODE = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK = re.compile(
    r"!?\[(?P<words>(?:[^\[\]\\]|\\.)*)\]"
    r"\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:[ \t]+[\"'(][^\"')]*[\"')])?\)"
)
_ESCAPE = re.compile(r"\\(?=[\\`*_{}\[\]()#+\-.!|<>~])")
_CELL_END = re.compile(r"(?<!\\)\|")


class LineKind(Enum):
    """Names as in CommonMark and GitHub's tables. FENCE opens or closes a code block, CODE is a line within one."""

    TEXT = auto()
    HEADING = auto()
    LIST_ITEM = auto()
    QUOTE = auto()
    CODE = auto()
    FENCE = auto()
    TABLE_ROW = auto()
    TABLE_DELIMITER = auto()
    THEMATIC_BREAK = auto()


class SpanStyle(Enum):
    """MARKUP is to be hidden; the others are words and how they look."""

    MARKUP = auto()
    STRONG = auto()
    EMPHASIS = auto()
    STRIKETHROUGH = auto()
    CODE = auto()
    LINK = auto()


_PAIRED_DELIMITERS = (
    (SpanStyle.STRONG, ("***",), re.compile(r"(?<!\\)(\*{3})(?=[^\s*])(.+?)(?<=[^\s\\])(\*{3})")),
    (SpanStyle.STRONG, ("**", "__"), re.compile(r"(?<!\\)(\*\*|(?<!\w)__)(?=[^\s*_])(.+?)(?<=[^\s\\])(\*\*|__(?!\w))")),
    (SpanStyle.STRIKETHROUGH, ("~~",), re.compile(r"(?<!\\)(~~)(?=\S)(.+?)(?<=\S)(~~)")),
    (SpanStyle.EMPHASIS, (), re.compile(r"(?<![\w*\\])(\*)(?=[^\s*])([^*]+?)(?<=[^\s*\\])(\*)(?![\w*])")),
    (SpanStyle.EMPHASIS, (), re.compile(r"(?<![\w_\\])(_)(?=[^\s_])([^_]+?)(?<=[^\s_\\])(_)(?![\w_])")),
)
"""What is counted for `MAX_DELIMITERS`, and patterns of opening delimiter, content and closing delimiter, in the order
in which they are looked for."""


@dataclass(frozen=True, slots=True)
class MarkdownSpan:
    """Characters `start`:`end` of a line and their style. Where spans overlap, the styles add up."""

    start: int
    end: int
    style: SpanStyle


@dataclass(frozen=True, slots=True)
class MarkdownLine:
    """A line's kind and spans. `level` is a heading's, from 1, or a list item's depth, from 0; `header` marks the first
    row of a table."""

    kind: LineKind
    spans: tuple[MarkdownSpan, ...] = ()
    level: int = 0
    header: bool = False

    @property
    def in_table(self) -> bool:
        return self.kind in (LineKind.TABLE_ROW, LineKind.TABLE_DELIMITER)


@dataclass(frozen=True, slots=True)
class LineContext:
    """What is open above a line: the `fence` of a code block ("" for none), or a table."""

    fence: str = ""
    table: bool = False


def context_after(before: str) -> LineContext:
    """Return the context of the first line after `before`."""
    fence = ""
    for match in FENCE.finditer(before):
        fence = fence_after(fence, match)
    if fence:
        return LineContext(fence)
    first = table_rows_start(before, len(before))
    rows = before[first:].splitlines()
    return LineContext(table=any(_is_delimiter_row(row) for row in rows[1:]))


def table_rows_start(text: str, offset: int) -> int:
    """Return where the line at `offset` begins, or the first of the lines right above that may be rows of its table."""
    start = _line_start(text, offset)
    while start:
        above = _line_start(text, start - 1)
        if "|" not in text[above:start]:
            break
        start = above
    return start


def table_rows_end(text: str, offset: int) -> int:
    """Return where the line at `offset` ends, or the last of the lines right below that may be rows of its table."""
    end = _line_end(text, offset)
    while end < len(text) and "|" in text[end : _line_end(text, end + 1)]:
        end = _line_end(text, end + 1)
    return end


def parse_lines(lines: Iterable[str], context: LineContext = LineContext()) -> Iterator[MarkdownLine]:
    """Yield each line, parsed; `context` is that of the first one."""
    fence = context.fence
    before = MarkdownLine(LineKind.TABLE_ROW) if context.table else None
    for line, following in pairwise(chain(lines, ("",))):
        match = FENCE.match(line)
        changed = fence_after(fence, match) if match else fence
        if changed != fence:
            fence, before = changed, MarkdownLine(LineKind.FENCE, (_markup(0, len(line)),))
        elif fence:
            before = MarkdownLine(LineKind.CODE)
        else:
            before = _parse_line(line, following, before)
        yield before


def cell_spans(line: str) -> list[tuple[int, int]]:
    """Return (start, end) of each cell of a table row, without the bars around it."""
    bars = [match.start() for match in _CELL_END.finditer(line)]
    edges = bars if line.lstrip().startswith("|") else [-1, *bars]
    if not line.rstrip().endswith("|"):
        edges = [*edges, len(line)]
    return [(start + 1, end) for start, end in zip(edges, edges[1:], strict=False)]


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    return found if found >= 0 else len(text)


def _parse_line(line: str, following: str, before: MarkdownLine | None) -> MarkdownLine:
    if len(line) > MAX_LINE_CHARS:
        return MarkdownLine(LineKind.TEXT)
    if heading := _HEADING.match(line):
        delimiters = tuple(_markup(*match.span()) for match in _HEADING.finditer(line))
        return MarkdownLine(LineKind.HEADING, (*delimiters, *_inline_spans(line)), len(heading[1]))
    in_table = before is not None and before.in_table
    if "|" in line and (in_table or _is_delimiter_row(following)):
        if in_table and before is not None and before.header and _is_delimiter_row(line):
            return MarkdownLine(LineKind.TABLE_DELIMITER, (_markup(0, len(line)),))
        bars = tuple(_markup(*match.span()) for match in _CELL_END.finditer(line))
        return MarkdownLine(LineKind.TABLE_ROW, (*bars, *_inline_spans(line)), header=not in_table)
    if _BREAK.match(line):
        return MarkdownLine(LineKind.THEMATIC_BREAK, (_markup(0, len(line)),))
    if item := _ITEM.match(line):
        depth = len(item[1].expandtabs(4)) // 2
        return MarkdownLine(LineKind.LIST_ITEM, tuple(_inline_spans(line, item.end())), min(depth, 6))
    if quote := _QUOTE.match(line):
        return MarkdownLine(LineKind.QUOTE, (_markup(0, quote.end()), *_inline_spans(line, quote.end())))
    return MarkdownLine(LineKind.TEXT, tuple(_inline_spans(line)))


def _markup(start: int, end: int) -> MarkdownSpan:
    return MarkdownSpan(start, end, SpanStyle.MARKUP)


def _is_delimiter_row(line: str) -> bool:
    return "|" in line and _DELIMITER_ROW.match(line) is not None


def _inline_spans(line: str, start: int = 0) -> Iterator[MarkdownSpan]:
    """Yield the spans of a line from `start` on; code first, since no other markup counts inside it."""
    text = " " * start + line[start:]
    for match in _CODE.finditer(text):
        ticks = len(match[1])
        yield _markup(match.start(), match.start() + ticks)
        yield MarkdownSpan(match.start() + ticks, match.end() - ticks, SpanStyle.CODE)
        yield _markup(match.end() - ticks, match.end())
    text = _CODE.sub(lambda match: " " * len(match.group()), text)
    for match in _LINK.finditer(text):
        if match["words"]:
            yield _markup(match.start(), match.start("words"))
            yield MarkdownSpan(*match.span("words"), SpanStyle.LINK)
            yield _markup(match.end("words"), match.end())
    text = _LINK.sub(lambda match: _blank_except(match, "words"), text)
    for style, delimiters, pattern in _PAIRED_DELIMITERS:
        if sum(map(text.count, delimiters)) > MAX_DELIMITERS:
            continue
        for match in pattern.finditer(text):
            yield _markup(*match.span(1))
            yield MarkdownSpan(*match.span(2), style)
            yield _markup(*match.span(3))
        text = pattern.sub(lambda match: f"{' ' * len(match[1])}{match[2]}{' ' * len(match[3])}", text)
    for match in _ESCAPE.finditer(text):
        yield _markup(*match.span())


def _blank_except(match: re.Match[str], group: str) -> str:
    """Return the matched text with blanks in place of all but one group."""
    first, last = match.start(group) - match.start(), match.end(group) - match.start()
    return " " * first + match[group] + " " * (match.end() - match.start() - last)
