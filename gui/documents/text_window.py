"""The part of a long text that is shown, and where the text's offsets lie in it. Pure; positions are Qt's (UTF-16)."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

AROUND_CHARS = 12_000
STEP_CHARS = 12_000
MOST_CHARS = 120_000
SNAP_CHARS = 600


@dataclass(frozen=True, slots=True)
class TextWindow:
    """`text[low:high]` is shown. Windows begin and end at line breaks where one is near."""

    text: str
    low: int
    high: int

    @classmethod
    def around(cls, text: str, start: int, end: int) -> TextWindow:
        low = _line_start(text, start - AROUND_CHARS)
        high = _line_end(text, min(max(end, start), start + MOST_CHARS // 2) + AROUND_CHARS)
        return cls(text, low, high)

    def up(self) -> TextWindow:
        """With more above; what lies too far below is let go."""
        low = _line_start(self.text, self.low - STEP_CHARS)
        return TextWindow(self.text, low, min(self.high, _line_end(self.text, low + MOST_CHARS)))

    def down(self) -> TextWindow:
        high = _line_end(self.text, self.high + STEP_CHARS)
        return TextWindow(self.text, max(self.low, _line_start(self.text, high - MOST_CHARS)), high)

    def only(self, low: int, high: int) -> str:
        """`text[low:high]` as Qt shows it."""
        return shown(self.text[low:high])

    @property
    def at_top(self) -> bool:
        return self.low == 0

    @property
    def at_bottom(self) -> bool:
        return self.high >= len(self.text)

    def position(self, offset: int) -> int:
        """Where `offset` of the text lies among Qt's positions in this window."""
        offset = min(max(offset, self.low), self.high)
        return positions(self.text[self.low : offset])

    def page_positions(self, pages: Sequence[int]) -> list[tuple[int, int]]:
        """(position, 0-based page) of each page that begins in this window, and the page it begins within first."""
        first = bisect.bisect_right(pages, self.low) - 1
        found = [(0, max(0, first))] if pages else []
        at, position = self.low, 0
        for page in range(max(0, first + 1), len(pages)):
            if pages[page] >= self.high:
                break
            position += positions(self.text[at : pages[page]])
            at = pages[page]
            found.append((position, page))
        return found


def shown(text: str) -> str:
    """`text` with one line feed for each line end, as Qt counts them."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def positions(text: str) -> int:
    """How many of Qt's positions `text` takes: one for a line end, two for a character beyond the basic plane."""
    count = len(text) - text.count("\r\n")
    return count if text.isascii() else count + sum(1 for char in text if char > "\uffff")


def find_quote(text: str, quote: str, start: int) -> tuple[int, int] | None:
    """Where `quote` stands: at `start` if the document is as it was, else wherever it is found nearest."""
    if not quote or text[start : start + len(quote)] == quote:
        return start, start + len(quote)
    after = text.find(quote, start)
    before = text.rfind(quote, 0, start)
    places = [place for place in (after, before) if place >= 0]
    if not places:
        return None
    nearest = min(places, key=lambda place: abs(place - start))
    return nearest, nearest + len(quote)


def _line_start(text: str, offset: int) -> int:
    if offset <= 0:
        return 0
    found = text.rfind("\n", max(0, offset - SNAP_CHARS), offset)
    return found + 1 if found >= 0 else offset


def _line_end(text: str, offset: int) -> int:
    if offset >= len(text):
        return len(text)
    found = text.find("\n", offset, offset + SNAP_CHARS)
    return found if found >= 0 else offset
