"""Selects what is shown of ranked passages: grown by fitting neighbours, without repetition, within a limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.retrieval.passage_ranking import RankedPassage
from core.store.documents.passages import PassageSpan

WANTED_CHARS = 1200
MOST_CHARS = 1500
"""Characters; a passage grows up to the first length and never beyond the second."""
FITTING_NEIGHBOUR = 0.3
"""Share of a passage's content score that a neighbour needs to be added to it."""
REPEATED_INSIDE = 0.8
"""Share of a text's word pairs shown before from which it counts as a repetition: in the same document, and elsewhere,
where the same words under another name may be just what tells two documents apart."""
REPEATED_ELSEWHERE = 0.95
FEW_PAIRS = 8
"""Word pairs; a text with fewer is too short to count as a repetition."""
LEAST_ROOM_CHARS = 150
"""With less room left, nothing more is selected."""
FITTING_PASSAGE = 0.75
"""Share of the best score that a passage needs for its document to get a share before others get more."""

Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PassageRun:
    """Adjacent passages of one document, shown as one; `seed` is the one that was found."""

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
    """The best runs, best first: at most `limit`, together at most `max_chars` long. `terms_of` returns a passage's
    terms; it is called only for what may be shown. With `spread`, no document gets a second run while another has a
    fitting passage and none yet, and so on."""
    selector = _Selector(ranked, terms_of)
    chosen: list[PassageRun] = []
    taken: Counter[int] = Counter()
    room = max_chars
    for seed, share in _turns(ranked, limit, spread):
        if len(chosen) >= limit or (room is not None and room < LEAST_ROOM_CHARS):
            break
        if taken[seed.passage.document_id] >= share:
            continue
        run = selector.grow(seed, MOST_CHARS if room is None else min(room, MOST_CHARS))
        if run is None:
            continue
        chosen.append(run)
        taken[seed.passage.document_id] += 1
        if room is not None:
            room -= run.length
    return sorted(chosen, key=lambda run: -run.seed.score) if spread else chosen


def _turns(ranked: Sequence[RankedPassage], limit: int, spread: bool) -> Iterator[tuple[RankedPassage, int]]:
    """The passages in the order in which they may be shown, each with how many runs its document may have by then."""
    if spread and ranked:
        best = max(one.score_without_rank_bonus for one in ranked)
        fitting = [one for one in ranked if one.score_without_rank_bonus >= FITTING_PASSAGE * best]
        counts = Counter(one.passage.document_id for one in fitting)
        for share in range(1, min(limit, max(counts.values(), default=0)) + 1):
            yield from ((one, share) for one in fitting)
    yield from ((one, limit) for one in ranked)


class _Selector:
    """Remembers what was shown."""

    def __init__(self, ranked: Sequence[RankedPassage], terms_of: Callable[[PassageSpan], Sequence[str]]) -> None:
        self._by_position = {(r.passage.document_id, r.passage.ordinal): r for r in ranked}
        self._floor = min((r.content_score for r in ranked), default=0.0)
        self._terms_of = terms_of
        self._used: set[int] = set()
        self._shown: dict[int, set[tuple[str, str]]] = {}
        self._shown_anywhere: set[tuple[str, str]] = set()
        self._pairs: dict[int, Pairs] = {}

    def grow(self, seed: RankedPassage, most_chars: int) -> PassageRun | None:
        """The run around `seed`, recorded as shown; None if it was shown already, repeats, or does not fit."""
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
        side = self._by_position.get((edge.passage.document_id, edge.passage.ordinal + step))
        if side is None or side.passage.id in self._used or side.passage.page != seed.passage.page:
            return None
        if side.content_score - self._floor < FITTING_NEIGHBOUR * (seed.content_score - self._floor) or self._repeats(
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
            passage = self._by_position[document_id, ordinal].passage
            self._used.add(passage.id)
            shown |= self._pairs_of(passage)
            self._shown_anywhere |= self._pairs_of(passage)
