"""Turns the words of a picture into blocks: finds columns, rows, paragraphs and headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from core.parsing.document import DocumentBuilder
from core.parsing.ocr_engine import OcrWord

_GUTTER, _GAP, _WIDE_GAP = 0.6, 0.8, 3.0  # width of a strip between columns, heights of gaps; in line heights
_MIN_COLUMN_ROWS, _MIN_COLUMN_CHARS = 5, 15  # of a column of prose
_MAX_SPLITS = 24  # into regions, one inside the other
_PARAGRAPH_PITCH = 1.45  # a row farther from the row above begins a paragraph; in median pitches
_HEADING_HEIGHT, _TITLE_HEIGHT = 1.35, 1.8  # in line heights
_SURE_CONFIDENCE = 0.6  # signs without letters or digits below it are dropped
_HEADING_CHARS = 100


@dataclass(slots=True)
class TextRow:
    """Words side by side, from left to right."""

    words: list[OcrWord]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return max(word.right for word in self.words)

    @property
    def middle(self) -> float:
        return median(word.middle for word in self.words)

    @property
    def height(self) -> float:
        """The height of its tallest letters: a short word may have none."""
        return max(word.height for word in self.words)


def write_words(words: Sequence[OcrWord], out: DocumentBuilder, *, headings: bool = True) -> None:
    """Write the words of a page in reading order. Without `headings`, rows of large type are paragraphs too."""
    words = [word for word in words if any(map(str.isalnum, word.text)) or word.confidence > _SURE_CONFIDENCE]
    sideways = [word for word in words if len(word.text) > 3 and word.height > 2 * word.width]
    words = [word for word in words if word not in sideways]
    if words:
        _write_upright(words, out, headings)
    out.paragraph(" ".join(word.text for word in sideways))


def _write_upright(words: Sequence[OcrWord], out: DocumentBuilder, headings: bool) -> None:
    height = _line_height(words)
    for region in _regions(list(words), height, _MAX_SPLITS):
        _write_region(_rows(region, height), height, out, headings)


def _write_region(rows: Sequence[TextRow], height: float, out: DocumentBuilder, headings: bool) -> None:
    paragraph: list[TextRow] = []
    pitch = _median_pitch(rows) or 1.5 * height
    for index, row in enumerate(rows):
        level = _heading_level(row, height) if headings else 0
        begins = not index or row.middle - rows[index - 1].middle > _PARAGRAPH_PITCH * pitch
        if level or (begins and paragraph):
            _write_paragraph(paragraph, out)
            paragraph = []
        if level:
            out.heading(row.text, level)
        else:
            paragraph.append(row)
    _write_paragraph(paragraph, out)


def _write_paragraph(rows: Sequence[TextRow], out: DocumentBuilder) -> None:
    text = ""
    for row in rows:
        if len(text) > 1 and text[-1] == "-" and text[-2].isalpha() and row.text[0].islower():
            text = text[:-1] + row.text  # a word hyphenated at the end of the line
        else:
            text = f"{text}\n{row.text}"
    out.paragraph(text)


def _line_height(words: Sequence[OcrWord]) -> float:
    """The median height of words that are long enough to have tall letters."""
    heights = [word.height for word in words if len(word.text) > 3] or [word.height for word in words]
    return max(1.0, median(heights))


def _median_pitch(rows: Sequence[TextRow]) -> float:
    pitches = [lower.middle - upper.middle for upper, lower in zip(rows, rows[1:], strict=False)]
    return median(pitches) if pitches else 0.0


def _regions(words: list[OcrWord], height: float, splits: int) -> list[list[OcrWord]]:
    """Split a page into regions that are read from top to bottom, in reading order.

    A page is split at a wide gap, else between columns of prose, else at any gap, as long as the parts may have
    columns. Columns of numbers are not split: the rows of a table belong together."""
    if splits <= 0 or len(words) < 2 * _MIN_COLUMN_ROWS:
        return [words]
    wide = _widest_gap(words, _WIDE_GAP * height)
    split = None if wide else _gutter(words, height)
    if split is not None:
        left = [word for word in words if word.left < split]
        right = [word for word in words if word.left >= split]
        return _regions(left, height, splits - 1) + _regions(right, height, splits - 1)
    gap = wide or _widest_gap(words, _GAP * height)
    if gap is None:
        return [words]
    upper = _regions([word for word in words if word.middle < gap], height, splits - 1)
    lower = _regions([word for word in words if word.middle >= gap], height, splits - 1)
    return [words] if len(upper) == len(lower) == 1 and not wide else upper + lower


def _gutter(words: Sequence[OcrWord], height: float) -> float | None:
    """Where the white strip between two columns of prose ends; None if there is none."""
    right_edge = 0.0
    for word in sorted(words, key=lambda word: word.left):
        if right_edge and word.left - right_edge > _GUTTER * height:
            left = [other for other in words if other.left < word.left]
            right = [other for other in words if other.left >= word.left]
            if _is_prose(left, height) and _is_prose(right, height):
                return word.left
        right_edge = max(right_edge, word.right)
    return None


def _is_prose(words: Sequence[OcrWord], height: float) -> bool:
    rows = _rows(words, height)
    if len(rows) < _MIN_COLUMN_ROWS:
        return False
    left, right = min(row.left for row in rows), max(row.right for row in rows)
    full = median(row.right - row.left for row in rows) > 0.5 * (right - left)
    letters = sum(char.isalpha() for row in rows for char in row.text)
    digits = sum(char.isdigit() for row in rows for char in row.text)
    return full and median(len(row.text) for row in rows) >= _MIN_COLUMN_CHARS and digits < 0.3 * letters


def _widest_gap(words: Sequence[OcrWord], least: float) -> float | None:
    """The middle of the highest white band across all words; None if none is higher than `least`."""
    highest, middle, foot = least, None, 0.0
    for word in sorted(words, key=lambda word: word.top):
        if foot and word.top - foot > highest:
            highest, middle = word.top - foot, (word.top + foot) / 2
        foot = max(foot, word.top + word.height)
    return middle


def _rows(words: Sequence[OcrWord], height: float) -> list[TextRow]:
    """Group words into rows. Each word joins the row whose last word is beside it, so that a page may be skewed."""
    rows: list[TextRow] = []
    for word in sorted(words, key=lambda word: word.left):
        beside = [row for row in rows if abs(row.words[-1].middle - word.middle) < 0.5 * height]
        fitting = [row for row in beside if row.words[-1].right - word.left < 0.5 * height]
        if fitting:
            min(fitting, key=lambda row: abs(row.words[-1].middle - word.middle)).words.append(word)
        else:
            rows.append(TextRow([word]))
    return sorted(rows, key=lambda row: row.middle)


def _heading_level(row: TextRow, height: float) -> int:
    text = row.text
    if not 6 < len(text) <= _HEADING_CHARS or 2 * sum(map(str.isalpha, text)) < len(text) or row.height > 6 * height:
        return 0
    tall = median(word.height for word in row.words)
    return 1 if tall > _TITLE_HEIGHT * height else 2 if tall > _HEADING_HEIGHT * height else 0
