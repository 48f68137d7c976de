"""From the lines of PDF pages to blocks: headings by size and weight, paragraphs by gaps, running headers once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.parsing.document import BlockKind, DocumentBuilder, one_line

_BULLET = re.compile(
    r"[•▪◦‣●■○□➢➤✓·∙]\s*|[\uf0a7\uf0b7\uf076\uf0d8]\s*|[–—-]\s+(?=\S)|(?:\(?[a-z0-9]{1,2}[.)])\s+(?=\S)"
)
_DIGITS = re.compile(r"\d+|\b[ivxlc]{1,6}\b", re.I)
_HEADING_CHARS = 160
_BOLD_WEIGHT = 600
_BAND = 0.1
_BAND_LINES = 4
_MAX_HEADING_LEVELS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands on its page (points, origin at the bottom left, page rotation undone). `size` is its font's,
    `weight` is 400 for normal type, 700 for bold, -1 if unknown; `edge` is how near the top or bottom of the page
    it is, as a share of the page's height."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    weight: int
    edge: float = 1.0

    @property
    def height(self) -> float:
        return max(self.top - self.bottom, 1.0)


def repeated_lines(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    """Running headers and footers: what stands in the margins of many pages, page numbers aside."""
    seen: Counter[str] = Counter()
    for lines in pages:
        seen.update({_pattern(line.text) for line in _margin_lines(lines)})
    enough = max(3, len(pages) // 5)
    return frozenset(pattern for pattern, count in seen.items() if count >= enough)


def _margin_lines(lines: Sequence[Line]) -> list[Line]:
    return [line for line in (*lines[:_BAND_LINES], *lines[_BAND_LINES:][-_BAND_LINES:]) if line.edge < _BAND]


def _pattern(text: str) -> str:
    return _DIGITS.sub("#", one_line(text).casefold())


class PageWriter:
    """Writes pages of lines into a document as blocks."""

    def __init__(self, out: DocumentBuilder, repeated: frozenset[str]) -> None:
        self._out = out
        self._repeated = repeated
        self._shown: set[str] = set()
        self._levels: dict[float, int] = {}
        self._body_size = 0.0
        self._pending: list[str] = []
        self._kind = BlockKind.PARAGRAPH
        self._level = 0

    def write(self, pages: Sequence[Sequence[Line]]) -> None:
        self._measure(pages)
        for lines in pages:
            self._out.page()
            self._page(_joined(self._without_repeated(lines)))

    def _measure(self, pages: Sequence[Sequence[Line]]) -> None:
        """The size most text is set in, and which larger sizes are headings of which rank."""
        sizes: Counter[float] = Counter()
        for lines in pages:
            for line in lines:
                sizes[_rounded(line.size)] += len(line.text)
        if sizes:
            self._body_size = sizes.most_common(1)[0][0]
        total = sum(sizes.values())
        larger = [s for s, n in sizes.items() if s >= self._body_size * 1.12 and n < total * 0.2]
        for rank, size in enumerate(sorted(larger, reverse=True)):
            self._levels[size] = min(rank + 1, _MAX_HEADING_LEVELS)

    def _without_repeated(self, lines: Sequence[Line]) -> list[Line]:
        margin = {id(line) for line in _margin_lines(lines)}
        kept = []
        for line in lines:
            pattern = _pattern(line.text) if id(line) in margin else ""
            if pattern and pattern in self._repeated:
                if pattern in self._shown:
                    continue
                self._shown.add(pattern)
            kept.append(line)
        return kept

    def _page(self, lines: Sequence[Line]) -> None:
        previous: Line | None = None
        for line in lines:
            level = self._heading_level(line, previous)
            bullet = not level and _BULLET.match(line.text.lstrip())
            if previous is None or level != self._level or bullet or self._breaks(previous, line):
                self._flush()
                self._level = level
                self._kind = BlockKind.HEADING if level else BlockKind.LIST_ITEM if bullet else BlockKind.PARAGRAPH
            self._pending.append(line.text)
            previous = line
        self._flush()

    def _heading_level(self, line: Line, previous: Line | None) -> int:
        text = line.text.strip()
        if len(text) > _HEADING_CHARS or sum(char.isalpha() for char in text) < max(2, len(text) // 3):
            return 0
        level = self._levels.get(_rounded(line.size), 0)
        if level:
            return level
        is_bold = line.weight >= _BOLD_WEIGHT and line.size >= self._body_size * 0.95
        if not is_bold or len(text) > 100 or text.endswith((".", ",", ";", ":")) or not text[0].isalnum():
            return 0
        apart = previous is None or line.top > previous.top or previous.bottom - line.top > 0.5 * line.height
        return len(set(self._levels.values())) + 1 if apart or self._level else 0

    def _breaks(self, previous: Line, line: Line) -> bool:
        """True where `line` begins a new paragraph after `previous`."""
        if line.bottom > previous.top or abs(line.size - previous.size) > 0.15 * self._body_size:
            return True
        gap = previous.bottom - line.top
        return gap > 0.9 * min(line.height, previous.height) or gap < -2.0 * previous.height

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if not pending:
            return
        if self._kind is BlockKind.HEADING:
            self._out.heading(" ".join(pending), self._level)
        elif self._kind is BlockKind.LIST_ITEM:
            self._out.list_item("\n".join(pending), 0, "")
        else:
            self._out.paragraph("\n".join(pending))


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _joined(lines: Iterable[Line]) -> list[Line]:
    """Lines that PDFium tore apart at a raised or lowered character, put together again."""
    result: list[Line] = []
    for line in lines:
        last = result[-1] if result else None
        if last is not None and _same_row(last, line):
            space = "" if line.left - last.right < 0.15 * max(last.size, line.size) else " "
            larger = last if last.size >= line.size else line
            result[-1] = replace(
                larger,
                text=last.text.rstrip() + space + line.text.lstrip(),
                left=last.left,
                right=line.right,
                edge=min(last.edge, line.edge),
            )
        else:
            result.append(line)
    return result


def _same_row(last: Line, line: Line) -> bool:
    overlap = min(last.top, line.top) - max(last.bottom, line.bottom)
    if overlap < 0.4 * min(last.height, line.height):
        return False
    gap = line.left - last.right
    return -0.3 * last.size < gap < 1.5 * max(last.size, line.size)
