"""From the words of a picture to blocks: columns, rows, paragraphs, headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from core.parsing.document import DocumentBuilder
from core.parsing.recogniser import Word

_GUTTER, _GAP, _WIDE_GAP = 0.6, 0.8, 3.0  # in heights of a line
_COLUMN_ROWS, _COLUMN_CHARS = 5, 15
_DEPTH = 24
_NEW_PARAGRAPH = 1.45
_HEADING, _TITLE = 1.35, 1.8
_HEADING_CHARS = 100


@dataclass(slots=True)
class TextRow:
    """Words beside each other, from left to right."""

    words: list[Word]

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
        """That of its tallest letters: short words may have none."""
        return max(word.height for word in self.words)


def write_words(words: Sequence[Word], out: DocumentBuilder, *, headings: bool = True) -> None:
    """Write the words of a page in reading order, with or without regard to which look like headings."""
    words = [word for word in words if any(map(str.isalnum, word.text)) or word.confidence > 0.6]
    sideways = [word for word in words if len(word.text) > 3 and word.height > 2 * word.width]
    words = [word for word in words if word not in sideways]
    if words:
        _write_upright(words, out, headings)
    out.paragraph(" ".join(word.text for word in sideways))


def _write_upright(words: Sequence[Word], out: DocumentBuilder, headings: bool) -> None:
    height = _usual_height(words)
    paragraph: list[TextRow] = []
    for region in _regions(list(words), height, _DEPTH):
        rows = _rows(region, height)
        pitch = _usual_pitch(rows) or 1.5 * height
        for index, row in enumerate(rows):
            level = _heading_level(row, height) if headings else 0
            apart = not index or row.middle - rows[index - 1].middle > _NEW_PARAGRAPH * pitch
            if level or (apart and paragraph):
                _write(paragraph, out)
                paragraph = []
            if level:
                out.heading(row.text, level)
            else:
                paragraph.append(row)
        _write(paragraph, out)
        paragraph = []


def _write(rows: Sequence[TextRow], out: DocumentBuilder) -> None:
    text = ""
    for row in rows:
        if len(text) > 1 and text[-1] == "-" and text[-2].isalpha() and row.text[0].islower():
            text = text[:-1] + row.text  # a word that was parted at the end of its line
        else:
            text = f"{text}\n{row.text}"
    out.paragraph(text)


def _usual_height(words: Sequence[Word]) -> float:
    """The height of a line: of words long enough to have tall letters."""
    heights = [word.height for word in words if len(word.text) > 3] or [word.height for word in words]
    return max(1.0, median(heights))


def _usual_pitch(rows: Sequence[TextRow]) -> float:
    pitches = [lower.middle - upper.middle for upper, lower in zip(rows, rows[1:], strict=False)]
    return median(pitches) if pitches else 0.0


def _regions(words: list[Word], height: float, depth: int) -> list[list[Word]]:
    """The words of each part of the page that is read from top to bottom, in reading order: a page is parted at a wide
    gap, else between columns of prose, else at any gap, as long as there may be columns in the parts. Columns of
    figures stay together, for there a row belongs together."""
    if depth <= 0 or len(words) < 2 * _COLUMN_ROWS:
        return [words]
    wide = _widest_gap(words, _WIDE_GAP * height)
    split = None if wide else _gutter(words, height)
    if split is not None:
        left = [word for word in words if word.left < split]
        right = [word for word in words if word.left >= split]
        return _regions(left, height, depth - 1) + _regions(right, height, depth - 1)
    gap = wide or _widest_gap(words, _GAP * height)
    if gap is None:
        return [words]
    upper = _regions([word for word in words if word.middle < gap], height, depth - 1)
    lower = _regions([word for word in words if word.middle >= gap], height, depth - 1)
    return [words] if len(upper) == len(lower) == 1 and not wide else upper + lower


def _gutter(words: Sequence[Word], height: float) -> float | None:
    """Where the white strip between two columns of prose ends; None if there is none."""
    reach = 0.0
    for word in sorted(words, key=lambda one: one.left):
        if reach and word.left - reach > _GUTTER * height:
            left = [one for one in words if one.left < word.left]
            right = [one for one in words if one.left >= word.left]
            if _is_prose(left, height) and _is_prose(right, height):
                return word.left
        reach = max(reach, word.right)
    return None


def _is_prose(words: Sequence[Word], height: float) -> bool:
    rows = _rows(words, height)
    if len(rows) < _COLUMN_ROWS:
        return False
    left, right = min(row.left for row in rows), max(row.right for row in rows)
    full = median(row.right - row.left for row in rows) > 0.5 * (right - left)
    letters = sum(char.isalpha() for row in rows for char in row.text)
    digits = sum(char.isdigit() for row in rows for char in row.text)
    return full and median(len(row.text) for row in rows) >= _COLUMN_CHARS and digits < 0.3 * letters


def _widest_gap(words: Sequence[Word], least: float) -> float | None:
    """The middle of the widest white band across all words; None if none is wider than `least`."""
    widest, place, foot = least, None, 0.0
    for word in sorted(words, key=lambda one: one.top):
        if foot and word.top - foot > widest:
            widest, place = word.top - foot, (word.top + foot) / 2
        foot = max(foot, word.top + word.height)
    return place


def _rows(words: Sequence[Word], height: float) -> list[TextRow]:
    """Each word joins the row whose last word is beside it; so a page may lie askew."""
    rows: list[TextRow] = []
    for word in sorted(words, key=lambda one: one.left):
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
    return 1 if tall > _TITLE * height else 2 if tall > _HEADING * height else 0
