"""From the lines of PDF pages to blocks: headings by size and weight, paragraphs by the gaps between their lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.ocr.layout import write_words
from core.parsing.ocr_engine import OcrWord

_BULLET = re.compile(
    r"[•▪◦‣●■○□➢➤✓∙\uf0a7\uf0b7\uf076\uf0d8]\s*|[–—-]\s+(?=\S)|(?:\(?(?:[a-zA-Z]|[0-9]{1,2}|[ivx]{1,4})[.)])\s+(?=\S)"
)
_DIGITS = re.compile(r"\d+|\b[ivxlc]{1,6}\b", re.I)
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|página|pagina|p\.)?\s*(?:\d+|[ivxlc]+)(?:\s*(?:of|/|von|de)\s*\d+)?\W*", re.I
)
_FIGURE = re.compile(r"(?!(?:19|20)\d\d[,.:;]?$)[$€£¥]?\(?[$€£¥]?-?\d[\d.,]*\)?%?|[$€£¥]")
_HEADING_CHARS, _BOLD_HEADING_CHARS, _LABEL_CHARS, _HEADING_LINES = 160, 100, 50, 3
_BAND = 0.1
_BAND_LINES = 4
_MAX_HEADING_LEVELS = 4
_LARGER, _SMALLEST = 1.12, 0.8
_HEADING_PITCH = 1.45


@dataclass(frozen=True, slots=True)
class PdfLine:
    """A line as it stands on its page (points, origin at the bottom left, page rotation undone): where it begins and
    ends, the baselines of its first and last character (lines put together at a hyphen span two), the size of its type
    and whether all of it seems bold. `edge` is how near the top or bottom of the page it is, as a share of the page's
    height; `running` lines are the same on many pages."""

    text: str
    left: float
    right: float
    baseline: float
    foot: float
    size: float
    bold: bool = False
    upright: bool = True
    edge: float = 1.0
    running: bool = False


@dataclass(frozen=True, slots=True)
class PdfPage:
    """The lines of a page in PDFium's order, the comments on it, and whether it is a picture of text; `words` are then
    what was recognised in it."""

    lines: tuple[PdfLine, ...] = ()
    comments: tuple[str, ...] = ()
    is_picture: bool = False
    words: tuple[OcrWord, ...] = ()


def repeated_lines(pages: Sequence[PdfPage]) -> frozenset[str]:
    """Running headers and footers: what stands in the margins of many pages, page numbers aside."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_pattern(line.text) for line in _margin_lines(page.lines)})
    enough = max(3, len(pages) // 5)
    return frozenset(pattern for pattern, count in seen.items() if count >= enough)


def _margin_lines(lines: Sequence[PdfLine]) -> list[PdfLine]:
    """The lines near the top and bottom of a page, and a page number that stands first or last wherever that is."""
    near = [line for line in (*lines[:_BAND_LINES], *lines[_BAND_LINES:][-_BAND_LINES:]) if line.edge < _BAND]
    ends = [lines[0], lines[-1]] if len(lines) > 1 else []
    return near + [line for line in ends if line.edge >= _BAND and _PAGE_NUMBER.fullmatch(line.text.strip())]


def _pattern(text: str) -> str:
    return _DIGITS.sub("#", one_line(text).casefold())


class PageWriter:
    """Writes pages of lines into a document as blocks."""

    def __init__(self, out: DocumentBuilder, repeated: frozenset[str]) -> None:
        self._out = out
        self._repeated = repeated
        self._levels: dict[float, int] = {}
        self._body_size = 0.0

    def write(self, pages: Sequence[PdfPage]) -> None:
        """All pages. The title, where none is known yet, is what is set largest on the first page."""
        self._measure(pages)
        for number, page in enumerate(pages):
            self._out.begin_page()
            joined = _joined(self._marked(page.lines))
            levels = [self._heading_level(joined, index) for index in range(len(joined))]
            _drop_lone_lines(joined, levels)
            for start, end in _blocks(joined, levels):
                self._write_block(joined[start:end], levels[start], on_first_page=number == 0)
            if page.words:
                write_words(page.words, self._out)
                self._out.mark_page_as_ocr()
            for comment in page.comments:
                self._out.paragraph(f"[Comment: {comment}]")

    def _measure(self, pages: Sequence[PdfPage]) -> None:
        """The size most text is set in, and which larger sizes are headings of which rank."""
        sizes: Counter[float] = Counter()
        for page in pages:
            for line in page.lines:
                if line.upright:
                    sizes[_rounded(line.size)] += len(line.text)
        if not sizes:
            return
        self._body_size = sizes.most_common(1)[0][0]
        total = sum(sizes.values())
        larger = [s for s, n in sizes.items() if s >= self._body_size * _LARGER and n < total * 0.2]
        for rank, size in enumerate(sorted(larger, reverse=True)):
            self._levels[size] = min(rank + 1, _MAX_HEADING_LEVELS)

    def _marked(self, lines: Sequence[PdfLine]) -> list[PdfLine]:
        """The lines, running headers and footers marked: they say what the page belongs to, but are no headings."""
        running = {id(line) for line in _margin_lines(lines) if _pattern(line.text) in self._repeated}
        return [replace(line, running=True) if id(line) in running else line for line in lines]

    def _heading_level(self, lines: Sequence[PdfLine], index: int) -> int:
        line = lines[index]
        level = self._levels.get(_rounded(line.size), 0)
        if not level and not line.bold:
            return 0
        text = line.text.strip()
        if line.running or not line.upright or len(text) > _HEADING_CHARS or _PAGE_NUMBER.fullmatch(text):
            return 0
        if sum(char.isalpha() for char in text) < max(2, len(text) // 3) or text[0].islower():
            return 0
        if text.endswith((",", ";")) or (text.endswith(".") and len(text) > _LABEL_CHARS):
            return 0
        if _holds_figures(text):
            return 0
        if level:
            return level
        if line.size < self._body_size * _SMALLEST or not text[0].isalnum():
            return 0
        if len(text) > _BOLD_HEADING_CHARS or (text.endswith(":") and len(text) > _LABEL_CHARS):
            return 0
        previous = lines[index - 1] if index else None
        apart = previous is None or previous.bold or _pitch(previous, line) > 1.3 * line.size
        return len(set(self._levels.values())) + 1 if apart or _pitch(previous or line, line) <= 0 else 0

    def _write_block(self, lines: Sequence[PdfLine], level: int, on_first_page: bool) -> None:
        texts = [line.text for line in lines]
        if level and (len(lines) > _HEADING_LINES or sum(map(len, texts)) > _HEADING_CHARS):
            level = 0
        if level:
            heading = " ".join(texts)
            self._out.heading(heading, level)
            if on_first_page and not self._out.title and level == min(self._levels.values(), default=0):
                self._out.title = heading
        elif _BULLET.match(texts[0].lstrip()):
            self._out.list_item("\n".join(texts), 0, "")
        else:
            self._out.paragraph("\n".join(texts))


def _holds_figures(text: str) -> bool:
    """A row of a table or of a list of contents: it ends in a figure that is no year, or holds several."""
    words = text.split()
    figures = [bool(_FIGURE.fullmatch(word)) for word in words[1:]]
    return len(words) > 2 and (figures[-1] or sum(figures) > 1)


def _drop_lone_lines(lines: Sequence[PdfLine], levels: list[int]) -> None:
    """The first or last line of a paragraph in larger type looks like a heading; the line next to it tells."""
    pairs = [(index, index + 1) for index in range(len(lines) - 1)]
    for one, other in pairs + [(b, a) for a, b in reversed(pairs)]:
        upper, lower = lines[min(one, other)], lines[max(one, other)]
        if levels[one] and not levels[other] and upper.size == lower.size and not (upper.bold or lower.bold):
            if not upper.running and not lower.running and 0 < _pitch(upper, lower) <= 1.5 * upper.size:
                levels[one] = 0


def _blocks(lines: Sequence[PdfLine], levels: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Ranges of lines that belong together: one heading, one list item, one paragraph, or rows of a table."""
    start = 0
    for index in range(1, len(lines) + 1):
        if index == len(lines) or _breaks(lines, levels, index):
            yield start, index
            start = index


def _breaks(lines: Sequence[PdfLine], levels: Sequence[int], index: int) -> bool:
    """True where the line at `index` begins a new block: another kind of line, or a gap wider than those beside it."""
    previous, line = lines[index - 1], lines[index]
    if levels[index] != levels[index - 1] or line.running != previous.running or line.upright != previous.upright:
        return True
    if not line.upright:
        return False
    if _BULLET.match(line.text.lstrip()) or abs(line.size - previous.size) > 0.15 * max(line.size, previous.size):
        return True
    pitch = _pitch(previous, line)
    if levels[index] and pitch > _HEADING_PITCH * line.size:
        return True
    if pitch < -0.5 * line.size or pitch > 2.6 * line.size:
        return True
    beside = []
    if index > 1:
        beside.append(_pitch(lines[index - 2], previous))
    if index + 1 < len(lines):
        beside.append(_pitch(line, lines[index + 1]))
    narrowest = min((gap for gap in beside if gap > 0.8 * line.size), default=1.25 * line.size)
    return pitch > 1.25 * narrowest


def _pitch(upper: PdfLine, lower: PdfLine) -> float:
    """From baseline to baseline, downwards."""
    return upper.foot - lower.baseline


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _joined(lines: Iterable[PdfLine]) -> list[PdfLine]:
    """Lines that PDFium tore apart at a raised or lowered character, put together again."""
    result: list[PdfLine] = []
    for line in lines:
        last = result[-1] if result else None
        if last is not None and _same_row(last, line):
            space = "" if line.left - last.right < 0.15 * max(last.size, line.size) else " "
            larger = last if last.size >= line.size else line
            text = last.text.rstrip() + space + line.text.lstrip()
            edge = min(last.edge, line.edge)
            result[-1] = replace(
                larger, text=text, left=last.left, right=line.right, baseline=last.baseline, foot=last.foot, edge=edge
            )
        else:
            result.append(line)
    return result


def _same_row(last: PdfLine, line: PdfLine) -> bool:
    size = max(last.size, line.size)
    if last.running != line.running or not (last.upright and line.upright):
        return False
    return abs(last.foot - line.baseline) < 0.6 * size and -0.3 * size < line.left - last.right < 1.5 * size
