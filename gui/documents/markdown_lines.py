"""What the marks of Markdown mean, line by line: which characters are only marks, and how the others are to look. Pure.

The text itself stays as it is, so that every offset into it holds: marks are made invisible, never taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, pairwise

LONGEST_LINE = 4000  # characters; a longer one is left as it is: what is opened in it may be looked for to its end

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_FENCE_LINE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*$", re.MULTILINE)
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+|(?<=\S)[ \t]+#+[ \t]*$")
_ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTE = re.compile(r" {0,3}(?:>[ \t]?)+")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{1,}:?[ \t]*(?:\|[ \t]*:?-{1,}:?[ \t]*)*\|?[ \t]*$")
_BREAK = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_CODE = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK = re.compile(
    r"!?\[(?P<words>(?:[^\[\]\\]|\\.)*)\]"
    r"\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:[ \t]+[\"'(][^\"')]*[\"')])?\)"
)
_PAIRED = (
    ("strong", re.compile(r"(?<!\\)(\*{3})(?=[^\s*])(.+?)(?<=[^\s\\])(\*{3})")),
    ("strong", re.compile(r"(?<!\\)(\*\*|(?<!\w)__)(?=[^\s*_])(.+?)(?<=[^\s\\])(\*\*|__(?!\w))")),
    ("struck", re.compile(r"(?<!\\)(~~)(?=\S)(.+?)(?<=\S)(~~)")),
    ("emphasis", re.compile(r"(?<![\w*\\])(\*)(?=[^\s*])([^*]+?)(?<=[^\s*\\])(\*)(?![\w*])")),
    ("emphasis", re.compile(r"(?<![\w_\\])(_)(?=[^\s_])([^_]+?)(?<=[^\s_\\])(_)(?![\w_])")),
)
_ESCAPE = re.compile(r"\\(?=[\\`*_{}\[\]()#+\-.!|<>~])")
_CELL_END = re.compile(r"(?<!\\)\|")


class LineKind(Enum):
    """CODE is within a fence, FENCE opens or closes it; RULE divides a table's head from its rows; BREAK is a line
    drawn across."""

    TEXT = auto()
    HEADING = auto()
    ITEM = auto()
    QUOTE = auto()
    CODE = auto()
    FENCE = auto()
    ROW = auto()
    RULE = auto()
    BREAK = auto()


class Look(Enum):
    MARK = auto()
    STRONG = auto()
    EMPHASIS = auto()
    STRUCK = auto()
    CODE = auto()
    LINK = auto()


@dataclass(frozen=True, slots=True)
class MarkdownSpan:
    """Characters `start`:`end` of a line and how they look; of two that overlap both count."""

    start: int
    end: int
    look: Look


@dataclass(frozen=True, slots=True)
class MarkdownLine:
    """`level` is a heading's, from 1, or how deep an item stands, from 0. `head` if it is the first row of a table."""

    kind: LineKind
    spans: tuple[MarkdownSpan, ...] = ()
    level: int = 0
    head: bool = False

    @property
    def in_table(self) -> bool:
        return self.kind in (LineKind.ROW, LineKind.RULE)


@dataclass(frozen=True, slots=True)
class Within:
    """What a text stands in where it begins: the `fence` that was opened above it ("" for none), a table."""

    fence: str = ""
    table: bool = False


def what_holds(before: str) -> Within:
    """What the text after `before` begins within."""
    fence = ""
    for match in _FENCE_LINE.finditer(before):
        fence = _after(fence, match[1], match.group())
    if fence:
        return Within(fence)
    first = start_of_rows(before, len(before))
    rows = before[first:].splitlines()
    return Within(table=any(_is_rule(row) for row in rows[1:]))


def start_of_rows(text: str, at: int) -> int:
    """Where the line begins that `at` lies in, or the first of those right above it that may be rows of its table."""
    start = _line_start(text, at)
    while start:
        above = _line_start(text, start - 1)
        if "|" not in text[above:start]:
            break
        start = above
    return start


def end_of_rows(text: str, at: int) -> int:
    """Where the line ends that `at` lies in, or the last of those right below it that may be rows of its table."""
    end = _line_end(text, at)
    while end < len(text) and "|" in text[end : _line_end(text, end + 1)]:
        end = _line_end(text, end + 1)
    return end


def read_lines(lines: Iterable[str], within: Within = Within()) -> Iterator[MarkdownLine]:
    """Every line with its look; `within` is what the first one stands in."""
    fence = within.fence
    before = MarkdownLine(LineKind.ROW) if within.table else None
    for line, following in pairwise(chain(lines, ("",))):
        match = _FENCE.match(line)
        changed = _after(fence, match[1], line) if match else fence
        if changed != fence:
            fence, before = changed, MarkdownLine(LineKind.FENCE, (MarkdownSpan(0, len(line), Look.MARK),))
        elif fence:
            before = MarkdownLine(LineKind.CODE)
        else:
            before = _read(line, following, before)
        yield before


def cells(line: str) -> list[tuple[int, int]]:
    """Where the cells of a table's row begin and end, less the bars around them."""
    bars = [match.start() for match in _CELL_END.finditer(line)]
    edges = bars if line.lstrip().startswith("|") else [-1, *bars]
    if not line.rstrip().endswith("|"):
        edges = [*edges, len(line)]
    return [(start + 1, end) for start, end in zip(edges, edges[1:], strict=False)]


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return found if found >= 0 else len(text)


def _after(fence: str, mark: str, line: str) -> str:
    if not fence:
        return mark
    closes = mark[0] == fence[0] and len(mark) >= len(fence) and not line.strip().strip(mark[0])
    return "" if closes else fence


def _read(line: str, following: str, before: MarkdownLine | None) -> MarkdownLine:
    if len(line) > LONGEST_LINE:
        return MarkdownLine(LineKind.TEXT)
    if heading := _HEADING.match(line):
        marks = tuple(MarkdownSpan(*match.span(), Look.MARK) for match in _HEADING.finditer(line))
        return MarkdownLine(LineKind.HEADING, (*marks, *_inline(line)), len(heading[1]))
    in_table = before is not None and before.in_table
    if "|" in line and (in_table or _is_rule(following)):
        if in_table and before is not None and before.head and _is_rule(line):
            return MarkdownLine(LineKind.RULE, (MarkdownSpan(0, len(line), Look.MARK),))
        bars = tuple(MarkdownSpan(match.start(), match.end(), Look.MARK) for match in _CELL_END.finditer(line))
        return MarkdownLine(LineKind.ROW, (*bars, *_inline(line)), head=not in_table)
    if _BREAK.match(line):
        return MarkdownLine(LineKind.BREAK, (MarkdownSpan(0, len(line), Look.MARK),))
    if item := _ITEM.match(line):
        depth = len(item[1].expandtabs(4)) // 2
        return MarkdownLine(LineKind.ITEM, tuple(_inline(line, item.end())), min(depth, 6))
    if quote := _QUOTE.match(line):
        return MarkdownLine(LineKind.QUOTE, (MarkdownSpan(0, quote.end(), Look.MARK), *_inline(line, quote.end())))
    return MarkdownLine(LineKind.TEXT, tuple(_inline(line)))


def _is_rule(line: str) -> bool:
    return "|" in line and _TABLE_RULE.match(line) is not None


def _inline(line: str, start: int = 0) -> Iterator[MarkdownSpan]:
    """The spans of a line from `start` on: code first, in which nothing else has a meaning."""
    text = " " * start + line[start:]
    for match in _CODE.finditer(text):
        ticks = len(match[1])
        yield MarkdownSpan(match.start(), match.start() + ticks, Look.MARK)
        yield MarkdownSpan(match.start() + ticks, match.end() - ticks, Look.CODE)
        yield MarkdownSpan(match.end() - ticks, match.end(), Look.MARK)
    text = _CODE.sub(lambda match: " " * len(match.group()), text)
    for match in _LINK.finditer(text):
        if match["words"]:
            yield MarkdownSpan(match.start(), match.start("words"), Look.MARK)
            yield MarkdownSpan(*match.span("words"), Look.LINK)
            yield MarkdownSpan(match.end("words"), match.end(), Look.MARK)
    text = _LINK.sub(lambda match: _only(match, "words"), text)
    for name, pattern in _PAIRED:
        for match in pattern.finditer(text):
            yield MarkdownSpan(*match.span(1), Look.MARK)
            yield MarkdownSpan(*match.span(2), Look[name.upper()])
            yield MarkdownSpan(*match.span(3), Look.MARK)
        text = pattern.sub(lambda match: f"{' ' * len(match[1])}{match[2]}{' ' * len(match[3])}", text)
    for match in _ESCAPE.finditer(text):
        yield MarkdownSpan(*match.span(), Look.MARK)


def _only(match: re.Match[str], group: str) -> str:
    """The match with blanks for all but one group."""
    first, last = match.start(group) - match.start(), match.end(group) - match.start()
    return " " * first + match[group] + " " * (match.end() - match.start() - last)
