"""The part of a long text that is shown, and its offsets as Qt's positions (UTF-16, line ends of one character)."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

CONTEXT_CHARS = 12_000  # around what a window is opened for
STEP_CHARS = 12_000
MAX_CHARS = 120_000
LINE_BREAK_WITHIN_CHARS = 600
"""How far from its ends a window looks for a line break to begin or end at."""


@dataclass(frozen=True, slots=True)
class TextWindow:
    """`text[low:high]` is shown. A window begins and ends at line breaks where they are near."""

    text: str
    low: int
    high: int

    @classmethod
    def around(cls, text: str, start: int, end: int) -> TextWindow:
        """The window with `start` and as much up to `end` as fits, and some text around."""
        low = _line_start(text, start - CONTEXT_CHARS)
        high = _line_end(text, min(max(end, start), start + MAX_CHARS // 2) + CONTEXT_CHARS)
        return cls(text, low, high)

    def extended_up(self) -> TextWindow:
        """The window with more text above; what is then too far below is dropped."""
        low = _line_start(self.text, self.low - STEP_CHARS)
        return TextWindow(self.text, low, min(self.high, _line_end(self.text, low + MAX_CHARS)))

    def extended_down(self) -> TextWindow:
        """The window with more text below; what is then too far above is dropped."""
        high = _line_end(self.text, self.high + STEP_CHARS)
        return TextWindow(self.text, max(self.low, _line_start(self.text, high - MAX_CHARS)), high)

    def slice(self, low: int, high: int) -> str:
        """`text[low:high]` as Qt counts it."""
        return as_qt_text(self.text[low:high])

    @property
    def at_top(self) -> bool:
        return self.low == 0

    @property
    def at_bottom(self) -> bool:
        return self.high >= len(self.text)

    def position(self, offset: int) -> int:
        """The position in this window of an offset into the text."""
        offset = min(max(offset, self.low), self.high)
        return qt_length(self.text[self.low : offset])

    def page_positions(self, pages: Sequence[int]) -> list[tuple[int, int]]:
        """Return (position, 0-based page) of the page in which this window begins, at 0, and of each page that begins
        in it. `pages` are the pages' start offsets."""
        first = bisect.bisect_right(pages, self.low) - 1
        found = [(0, max(0, first))] if pages else []
        offset, position = self.low, 0
        for page in range(max(0, first + 1), len(pages)):
            if pages[page] >= self.high:
                break
            position += qt_length(self.text[offset : pages[page]])
            offset = pages[page]
            found.append((position, page))
        return found


def as_qt_text(text: str) -> str:
    """`text` with a line feed for each line end, as Qt stores it."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def qt_length(text: str) -> int:
    """How many positions `text` takes in Qt: one for a line end, two for a character beyond the basic plane."""
    count = len(text) - text.count("\r\n")
    return count if text.isascii() else count + sum(1 for char in text if char > "\uffff")


def find_quote(text: str, quote: str, start: int) -> tuple[int, int] | None:
    """Return (start, end) of `quote`: at `start` if the text is as it was, else where it is found nearest to it; None
    if it is not found."""
    if not quote or text[start : start + len(quote)] == quote:
        return start, start + len(quote)
    found = [offset for offset in (text.find(quote, start), text.rfind(quote, 0, start)) if offset >= 0]
    if not found:
        return None
    nearest = min(found, key=lambda offset: abs(offset - start))
    return nearest, nearest + len(quote)


def _line_start(text: str, offset: int) -> int:
    if offset <= 0:
        return 0
    found = text.rfind("\n", max(0, offset - LINE_BREAK_WITHIN_CHARS), offset)
    return found + 1 if found >= 0 else offset


def _line_end(text: str, offset: int) -> int:
    if offset >= len(text):
        return len(text)
    found = text.find("\n", offset, offset + LINE_BREAK_WITHIN_CHARS)
    return found if found >= 0 else offset
