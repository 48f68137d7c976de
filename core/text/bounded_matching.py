"""difflib's comparison of two sequences with a limit on its work, which grows with the square of what repeats."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Item = TypeVar("_Item", bound=Hashable)


@dataclass(slots=True)
class MatchingWork:
    """How many items and pairs of equal items may still be looked at, about ten million a second. Several comparisons
    may share one."""

    left: int


class BoundedMatcher(difflib.SequenceMatcher[_Item]):
    """A `SequenceMatcher` that finds no further matches once `work` is used up: what is left then counts as replaced,
    and `gave_up` is True. Below the limit its results are those of `SequenceMatcher`."""

    a: Sequence[_Item]  # as difflib calls them
    b2j: dict[_Item, list[int]]

    def __init__(
        self, one: Sequence[_Item], other: Sequence[_Item], work: MatchingWork, *, autojunk: bool = False
    ) -> None:
        self._work = work
        self.gave_up = False
        super().__init__(None, one, other, autojunk)

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> difflib.Match:
        """The longest match of `a[alo:ahi]` and `b[blo:bhi]`; an empty one if there is not enough work left."""
        at = self.b2j.get
        end = len(self.a) if ahi is None else ahi
        needed = end - alo + sum(len(at(self.a[i], ())) for i in range(alo, end))
        if needed > self._work.left:
            self.gave_up = True
            return difflib.Match(alo, blo, 0)
        self._work.left -= needed
        return super().find_longest_match(alo, ahi, blo, bhi)
