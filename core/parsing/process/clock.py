"""The time that a worker has for a file, from the request to the outcome, whatever it sends meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.parsing.limits import ParseLimits

POLL_S = 0.1
"""How often the time and memory of a worker are checked."""
_MAX_SLOWDOWN = 6  # a process that gets little of the processor is stopped after this many times its limit
_ABSENCE_S = 1.0  # a longer time between two checks is the parent's, which did other things


class ParseClock:
    """Counts the time of one file. Progress messages extend it, each within a limit: a number of pages once and only up
    to `ParseLimits.longest_s`, pictures as many times as OCR may read any. A process that other programs kept from the
    processor is given longer, up to `_MAX_SLOWDOWN` times as long, and for the whole file up to as many
    times `ParseLimits.longest_s`. `cpu_s` tells what it has used of it."""

    def __init__(self, limits: ParseLimits, cpu_s: Callable[[], float]) -> None:
        self._limits = limits
        self._cpu_s = cpu_s
        self._size_bytes = 0
        self._pages = 0
        self._pictures_left = 0
        self._is_cutting = False
        self._started_s = self._started_cpu_s = self._allowed_s = self._deadline = self._checked_s = self._spare_s = 0.0

    def start(self, size_bytes: int, extra_s: float, reads_pictures: bool) -> None:
        """The request to parse a file of `size_bytes` is being sent; `extra_s` is for the process to start."""
        self._size_bytes, self._pages = size_bytes, 0
        self._is_cutting = False
        self._pictures_left = self._limits.ocr_pages if reads_pictures else 0
        self._spare_s = _MAX_SLOWDOWN * max(self._limits.longest_s, extra_s)
        self._checked_s = time.monotonic()
        self._restart(self._limits.seconds(0, size_bytes) + extra_s)

    def note_ready(self) -> None:
        """The process has started."""
        self._restart(self._limits.seconds(0, self._size_bytes))

    def note_pages(self, pages: int) -> None:
        """The file has this many pages. Counts until the first picture is read."""
        if pages > self._pages:
            self._pages = pages
            self._allow(self._limits.seconds(pages, self._size_bytes))

    def note_picture(self) -> None:
        """A picture is about to be read."""
        if self._pictures_left:
            self._pictures_left -= 1
            self._restart(self._limits.ocr_page_s + self._limits.seconds(0, self._size_bytes))
            self._pages = self._limits.pages

    def note_text(self, characters: int) -> None:
        """The text has been read and is being cut into passages. Counts once."""
        if not self._is_cutting:
            self._is_cutting = True
            self._pictures_left, self._pages = 0, self._limits.pages
            self._restart(self._limits.cutting_seconds(characters))

    def is_over(self) -> bool:
        """Whether the file has had its time."""
        now = time.monotonic()
        absence_s, self._checked_s = now - self._checked_s, now
        if absence_s > _ABSENCE_S:
            self._started_s += absence_s
            self._deadline += absence_s
        if now <= self._deadline:
            return False
        left_s = self._allowed_s - (self._cpu_s() - self._started_cpu_s)
        if left_s < POLL_S or now > self._started_s + _MAX_SLOWDOWN * self._allowed_s or left_s > self._spare_s:
            return True
        self._spare_s -= left_s
        self._deadline = now + left_s
        return False

    def _restart(self, allowed_s: float) -> None:
        self._started_s, self._started_cpu_s = time.monotonic(), self._cpu_s()
        self._allow(allowed_s)

    def _allow(self, allowed_s: float) -> None:
        """Set the time limit, counted from the last start of the clock."""
        self._allowed_s = allowed_s
        self._deadline = self._started_s + allowed_s
