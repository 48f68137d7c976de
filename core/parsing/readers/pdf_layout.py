"""Turns the lines of PDF pages into blocks: headings by type size and weight, paragraphs by the gaps between lines."""

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
_NUMBER = re.compile(r"(?!(?:19|20)\d\d[,.:;]?$)[$€£¥]?\(?[$€£¥]?-?\d[\d.,]*\)?%?|[$€£¥]")  # no year
_HEADING_CHARS, _BOLD_HEADING_CHARS, _LABEL_CHARS, _HEADING_LINES = 160, 100, 50, 3  # at most
_MARGIN = 0.1  # of a page's height
_MARGIN_LINES = 4  # at most, at the top and at the bottom
_MAX_SIZE_LEVELS = 4  # of headings told by their size
_HEADING_SIZE, _BOLD_HEADING_SIZE = 1.12, 0.8  # at least, in sizes of the body text
_HEADING_SHARE = 0.2  # a larger size in which more of the text is set is no heading
_HEADING_PITCH = 1.45  # lines of a heading farther apart are two headings; in type sizes


@dataclass(frozen=True, slots=True)
class PdfLine:
    """A line of a page, in points from the bottom left, page rotation undone. `baseline` and `foot` are the baselines
    of its first and last character (a line joined at a hyphen has two), `size` that of its type; `bold` if both ends
    are. `edge` is the distance from the top or bottom of the page, whichever is nearer, as a share of the page's
    height; `running` lines recur on many pages."""

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
    """The lines of a page in PDFium's order, the comments on it, and whether its text can only be read by OCR; `words`
    are then those that OCR has read."""

    lines: tuple[PdfLine, ...] = ()
    comments: tuple[str, ...] = ()
    is_scanned: bool = False
    words: tuple[OcrWord, ...] = ()


def running_lines(pages: Sequence[PdfPage]) -> frozenset[str]:
    """Return the running headers and footers: lines in the margins of many pages, in the form of `_without_numbers`."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_without_numbers(line.text) for line in _margin_lines(page.lines)})
    enough = max(3, len(pages) // 5)
    return frozenset(line for line, count in seen.items() if count >= enough)


def _margin_lines(lines: Sequence[PdfLine]) -> list[PdfLine]:
    """The lines near the top and bottom of a page, and a first or last line that is a page number, wherever it is."""
    outer = (*lines[:_MARGIN_LINES], *lines[_MARGIN_LINES:][-_MARGIN_LINES:])
    near = [line for line in outer if line.edge < _MARGIN]
    ends = [lines[0], lines[-1]] if len(lines) > 1 else []
    return near + [line for line in ends if line.edge >= _MARGIN and _PAGE_NUMBER.fullmatch(line.text.strip())]


def _without_numbers(text: str) -> str:
    """The text with "#" for each number, so that headers with page numbers are alike."""
    return _DIGITS.sub("#", one_line(text).casefold())


class PageWriter:
    """Writes pages of lines as blocks. `running` are the document's `running_lines`."""

    def __init__(self, out: DocumentBuilder, running: frozenset[str]) -> None:
        self._out = out
        self._running = running
        self._levels: dict[float, int] = {}
        self._body_size = 0.0

    def write(self, pages: Sequence[PdfPage]) -> None:
        """Write all pages. If the document has no title yet, it is the largest heading of the first page."""
        self._measure_sizes(pages)
        for number, page in enumerate(pages):
            self._out.begin_page()
            joined = _joined(self._with_running_marked(page.lines))
            levels = [self._heading_level(joined, index) for index in range(len(joined))]
            _demote_paragraph_lines(joined, levels)
            for start, end in _blocks(joined, levels):
                self._write_block(joined[start:end], levels[start], on_first_page=number == 0)
            if page.words:
                write_words(page.words, self._out)
                self._out.mark_page_as_ocr()
            for comment in page.comments:
                self._out.paragraph(f"[Comment: {comment}]")

    def _measure_sizes(self, pages: Sequence[PdfPage]) -> None:
        """Find the size of most text, and the levels of headings by larger sizes."""
        sizes: Counter[float] = Counter()
        for page in pages:
            for line in page.lines:
                if line.upright:
                    sizes[_rounded(line.size)] += len(line.text)
        if not sizes:
            return
        self._body_size = sizes.most_common(1)[0][0]
        total = sum(sizes.values())
        larger = [s for s, n in sizes.items() if s >= self._body_size * _HEADING_SIZE and n < total * _HEADING_SHARE]
        for level, size in enumerate(sorted(larger, reverse=True), 1):
            self._levels[size] = min(level, _MAX_SIZE_LEVELS)

    def _with_running_marked(self, lines: Sequence[PdfLine]) -> list[PdfLine]:
        """Return the lines with running headers and footers marked: they stay text, but are no headings."""
        running = {id(line) for line in _margin_lines(lines) if _without_numbers(line.text) in self._running}
        return [replace(line, running=True) if id(line) in running else line for line in lines]

    def _heading_level(self, lines: Sequence[PdfLine], index: int) -> int:
        """Return the level of the line at `index` if it is a heading, else 0: larger type, or bold and apart from the
        line above."""
        line = lines[index]
        level = self._levels.get(_rounded(line.size), 0)
        if (not level and not line.bold) or not _may_be_heading(line):
            return 0
        if level:
            return level
        text = line.text.strip()
        if line.size < self._body_size * _BOLD_HEADING_SIZE or not text[0].isalnum():
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


def _may_be_heading(line: PdfLine) -> bool:
    """Return whether the text of a line has the form of a heading."""
    text = line.text.strip()
    if line.running or not line.upright or len(text) > _HEADING_CHARS or _PAGE_NUMBER.fullmatch(text):
        return False
    if sum(char.isalpha() for char in text) < max(2, len(text) // 3) or text[0].islower():
        return False
    if text.endswith((",", ";")) or (text.endswith(".") and len(text) > _LABEL_CHARS):
        return False
    return not _is_row_of_numbers(text)


def _is_row_of_numbers(text: str) -> bool:
    """Return whether a line is a row of a table or of a table of contents: it ends in a number that is no year, or
    holds several."""
    words = text.split()
    numbers = [bool(_NUMBER.fullmatch(word)) for word in words[1:]]
    return len(words) > 2 and (numbers[-1] or sum(numbers) > 1)


def _demote_paragraph_lines(lines: Sequence[PdfLine], levels: list[int]) -> None:
    """Reset the level of the first or last line of a paragraph in larger type, if the line next to it is no heading."""
    pairs = [(index, index + 1) for index in range(len(lines) - 1)]
    for one, other in pairs + [(b, a) for a, b in reversed(pairs)]:
        upper, lower = lines[min(one, other)], lines[max(one, other)]
        if levels[one] and not levels[other] and upper.size == lower.size and not (upper.bold or lower.bold):
            if not upper.running and not lower.running and 0 < _pitch(upper, lower) <= 1.5 * upper.size:
                levels[one] = 0


def _blocks(lines: Sequence[PdfLine], levels: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Yield the ranges of lines that belong together: a heading, a list item, a paragraph, or rows of a table."""
    start = 0
    for index in range(1, len(lines) + 1):
        if index == len(lines) or _breaks(lines, levels, index):
            yield start, index
            start = index


def _breaks(lines: Sequence[PdfLine], levels: Sequence[int], index: int) -> bool:
    """Return whether the line at `index` begins a block: it differs from the line above, or the gap above is wider than
    the gaps near it."""
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
    near = []
    if index > 1:
        near.append(_pitch(lines[index - 2], previous))
    if index + 1 < len(lines):
        near.append(_pitch(line, lines[index + 1]))
    narrowest = min((gap for gap in near if gap > 0.8 * line.size), default=1.25 * line.size)
    return pitch > 1.25 * narrowest


def _pitch(upper: PdfLine, lower: PdfLine) -> float:
    """Return the distance from baseline to baseline, downwards."""
    return upper.foot - lower.baseline


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _joined(lines: Iterable[PdfLine]) -> list[PdfLine]:
    """Join the lines that PDFium has split at a raised or lowered character."""
    result: list[PdfLine] = []
    for line in lines:
        last = result[-1] if result else None
        if last is not None and _is_same_row(last, line):
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


def _is_same_row(last: PdfLine, line: PdfLine) -> bool:
    size = max(last.size, line.size)
    if last.running != line.running or not (last.upright and line.upright):
        return False
    return abs(last.foot - line.baseline) < 0.6 * size and -0.3 * size < line.left - last.right < 1.5 * size
