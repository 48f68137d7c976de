"""Heading paths: which is in effect where in a text, and which one names a range of several sections."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

SECTION_SEPARATOR = " › "

Headings = Sequence[tuple[int, str]]
"""The heading path in effect at each offset, joined by `SECTION_SEPARATOR`, in order."""


def headings_within(headings: Headings, start: int, end: int) -> tuple[tuple[int, str], ...]:
    """The heading paths in effect between `start` and `end`, the first from `start` on, without repetitions; empty
    where none is known."""
    first = max(0, bisect_right(headings, start, key=lambda heading: heading[0]) - 1)
    found: list[tuple[int, str]] = []
    for index in range(first, len(headings)):  # no copy of the rest: asked for every piece of a long document
        at, path = headings[index]
        if found and at >= end:
            break
        if not found or found[-1][1] != path:
            found.append((max(at, start), path))
    return tuple(found)


def section_over(headings: Headings, start: int, end: int) -> str:
    """The heading path of most of the text from `start` to `end`; where none covers half of it, their common
    beginning."""
    within = headings_within(headings, start, end)
    if len(within) < 2:
        return within[0][1] if within else ""
    share: Counter[str] = Counter()
    for (at, path), until in zip(within, [*(at for at, _ in within[1:]), end], strict=True):
        share[path] += until - at
    name, most = share.most_common(1)[0]
    if most >= 0.5 * (end - start):
        return name
    paths = [path.split(SECTION_SEPARATOR) for path in share]
    shared = takewhile(lambda steps: len(set(steps)) == 1, zip(*paths, strict=False))
    return SECTION_SEPARATOR.join(steps[0] for steps in shared) or name
