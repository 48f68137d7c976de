"""Finds code within a line of Markdown: what stands between two equal runs of backticks (CommonMark 0.31, section
6.1)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

_RUN = re.compile(r"`++")


def code_spans(line: str) -> Iterator[tuple[int, int, int]]:
    """Yield the start, the end and the number of backticks on each side of each piece of code, in order. A run that
    nothing closes may open code with its last backticks. Linear in the line."""
    runs = [match.span() for match in _RUN.finditer(line)]
    starts: dict[int, list[int]] = {}  # of the runs of each length
    for start, end in runs:
        starts.setdefault(end - start, []).append(start)
    reached = 0
    for start, end in runs:
        if start < reached:
            continue
        for opening in range(start, end):
            size = end - opening
            later = starts.get(size, [])
            at = bisect_right(later, opening)
            if at < len(later):
                reached = later[at] + size
                yield opening, reached, size
                break
