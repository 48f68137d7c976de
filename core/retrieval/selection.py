"""From ranked passages to what is shown: grown by fitting neighbours, none repeated, in a budget, spread if asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.retrieval.passage_ranking import RankedPassage
from core.store.documents.passages import PassageSpan

WANTED_CHARS = 1200
MOST_CHARS = 1500
"""A passage grows until it has the first length, and never beyond the second."""
FITTING = 0.3
"""A neighbour is added if its own score is at least this share of that of the passage it is added to."""
REPEATED_INSIDE = 0.8
"""Share of a text's word pairs that were shown before, from which it says nothing new: in the same document, and
elsewhere, where the same words under another name may be just what tells two documents apart."""
REPEATED_ELSEWHERE = 0.95
FEW_PAIRS = 8
LEAST_ROOM = 150
FITTING_PASSAGE = 0.75
"""Of how well the best one fits, what a passage must have for its document to get its share before others get more."""

Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PassageRun:
    """Neighbouring passages of one document, shown as one; `seed` is the one that was found."""

    seed: RankedPassage
    first: PassageSpan
    last: PassageSpan

    @property
    def length(self) -> int:
        return self.last.end - self.first.start


def select(
    ranked: Sequence[RankedPassage],
    *,
    limit: int,
    max_chars: int | None,
    terms_of: Callable[[PassageSpan], Sequence[str]],
    spread: bool = False,
) -> list[PassageRun]:
    """The best stretches, best first: at most `limit`, together at most `max_chars` long. `terms_of` gives a passage's
    terms; it is asked only for what may be shown. With `spread`, no document gets a second one while another has a
    fitting passage and none yet, and so on."""
    selector = _Selector(ranked, terms_of)
    chosen: list[PassageRun] = []
    taken: Counter[int] = Counter()
    room = max_chars
    for seed, share in _turns(ranked, limit, spread):
        if len(chosen) >= limit or (room is not None and room < LEAST_ROOM):
            break
        if taken[seed.passage.document_id] >= share:
            continue
        stretch = selector.grow(seed, MOST_CHARS if room is None else min(room, MOST_CHARS))
        if stretch is None:
            continue
        chosen.append(stretch)
        taken[seed.passage.document_id] += 1
        if room is not None:
            room -= stretch.length
    return sorted(chosen, key=lambda stretch: -stretch.seed.score) if spread else chosen


def _turns(ranked: Sequence[RankedPassage], limit: int, spread: bool) -> Iterator[tuple[RankedPassage, int]]:
    """The passages in the order in which they may be shown, each with how many its document may have by then."""
    if spread and ranked:
        best = max(one.score_without_rank_bonus for one in ranked)
        fitting = [one for one in ranked if one.score_without_rank_bonus >= FITTING_PASSAGE * best]
        counts = Counter(one.passage.document_id for one in fitting)
        for share in range(1, min(limit, max(counts.values(), default=0)) + 1):
            yield from ((one, share) for one in fitting)
    yield from ((one, limit) for one in ranked)


class _Selector:
    """Knows what was shown already."""

    def __init__(self, ranked: Sequence[RankedPassage], terms_of: Callable[[PassageSpan], Sequence[str]]) -> None:
        self._by_place = {(r.passage.document_id, r.passage.ordinal): r for r in ranked}
        self._floor = min((r.content_score for r in ranked), default=0.0)
        self._terms_of = terms_of
        self._used: set[int] = set()
        self._shown: dict[int, set[tuple[str, str]]] = {}
        self._shown_anywhere: set[tuple[str, str]] = set()
        self._pairs: dict[int, Pairs] = {}

    def grow(self, seed: RankedPassage, most_chars: int) -> PassageRun | None:
        """The stretch around `seed`, then counted as shown; None if it was shown, repeats, or does not fit."""
        if seed.passage.id in self._used or seed.passage.length > most_chars or self._repeats(seed.passage):
            return None
        first = last = seed
        while last.passage.end - first.passage.start < WANTED_CHARS:
            sides = (self._neighbour(seed, first, -1), self._neighbour(seed, last, 1))
            fitting = [
                side
                for side in sides
                if side is not None
                and max(last.passage.end, side.passage.end) - min(first.passage.start, side.passage.start) <= most_chars
            ]
            if not fitting:
                break
            best = max(fitting, key=lambda side: (side.content_score, side.passage.ordinal))
            first, last = (best, last) if best.passage.ordinal < first.passage.ordinal else (first, best)
        self._show(seed.passage.document_id, first.passage.ordinal, last.passage.ordinal)
        return PassageRun(seed, first.passage, last.passage)

    def _neighbour(self, seed: RankedPassage, edge: RankedPassage, step: int) -> RankedPassage | None:
        side = self._by_place.get((edge.passage.document_id, edge.passage.ordinal + step))
        if side is None or side.passage.id in self._used or side.passage.page != seed.passage.page:
            return None
        if side.content_score - self._floor < FITTING * (seed.content_score - self._floor) or self._repeats(
            side.passage
        ):
            return None
        return side

    def _repeats(self, passage: PassageSpan) -> bool:
        pairs = self._pairs_of(passage)
        if len(pairs) < FEW_PAIRS:
            return False
        inside = len(pairs & self._shown.get(passage.document_id, set()))
        return inside >= REPEATED_INSIDE * len(pairs) or len(pairs & self._shown_anywhere) >= REPEATED_ELSEWHERE * len(
            pairs
        )

    def _pairs_of(self, passage: PassageSpan) -> Pairs:
        if passage.id not in self._pairs:
            self._pairs[passage.id] = frozenset(pairwise(self._terms_of(passage)))
        return self._pairs[passage.id]

    def _show(self, document_id: int, first: int, last: int) -> None:
        shown = self._shown.setdefault(document_id, set())
        for ordinal in range(first, last + 1):
            passage = self._by_place[document_id, ordinal].passage
            self._used.add(passage.id)
            shown |= self._pairs_of(passage)
            self._shown_anywhere |= self._pairs_of(passage)
