"""Measures of what a search found: how much of the known places, how early, and how well it knows that it found none.

A place counts as found when 90 % of it is covered by the passages together. Every measure is from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.gold_locations import GoldLocation

FOUND_SHARE = 0.9
PARTLY_SHARE = 0.5
"""Of a long place (a whole section, a part of a program) this much may be all that a passage shows of it."""
TOUCHED_SHARE = 0.01
"""Of a place longer than any passage: that something of it is shown."""
RECALL_CUTOFFS = (1, 3, 5, 10)
CHAR_BUDGETS = (3_000, 6_000)
NDCG_CUTOFF = 10
CHARACTERS_CUTOFF = 5
ANY_DOCUMENT_CUTOFF = 3
PAGES_CUTOFF = 10
ALL_DOCUMENTS_CUTOFF = 10


@dataclass(frozen=True, slots=True)
class PassageSpan:
    """What a measure needs of a passage."""

    document_id: int
    start: int
    end: int
    page: int | None


@dataclass(frozen=True, slots=True)
class QuestionMeasures:
    """What one question found, measure by measure. A measure that does not apply (pages, where none is known) is not
    among them."""

    values: Mapping[str, float]


def measure_question(places: Sequence[GoldLocation], passages: Sequence[PassageSpan], within: Mapping[int, Sequence[PassageSpan]]) -> QuestionMeasures:
    """`passages` are the best without a limit of length, best first; `within` what was found for each of `BUDGETS`."""
    values: dict[str, float] = {}
    if any(place.spans or place.page is not None for place in places):
        exact = [place for place in places if place.spans or place.page is not None]
        for count in RECALL_CUTOFFS:
            values[f"recall@{count}"] = recall(exact, passages[:count])
        values["any@3"] = float(recall(exact, passages[:3]) > 0)
        for budget in CHAR_BUDGETS:
            found = truncate_to_budget(within[budget], budget)
            values[f"recall@{budget}c"] = recall(exact, found)
            values[f"any@{budget}c"] = float(recall(exact, found) > 0)
            values[f"partly@{budget}c"] = recall(exact, found, PARTLY_SHARE)
            values[f"touched@{budget}c"] = recall(exact, found, TOUCHED_SHARE)
        values["mrr"] = reciprocal_rank(exact, passages)
        values[f"ndcg@{NDCG_CUTOFF}"] = ndcg(exact, passages[:NDCG_CUTOFF])
        values[f"characters@{CHARACTERS_CUTOFF}"] = character_recall(exact, passages[:CHARACTERS_CUTOFF])
    documents = {place.document_id for place in places}
    values[f"document@{ANY_DOCUMENT_CUTOFF}"] = float(any(p.document_id in documents for p in passages[:ANY_DOCUMENT_CUTOFF]))
    first = {p.document_id for p in passages[:ALL_DOCUMENTS_CUTOFF]}
    values[f"documents@{ALL_DOCUMENTS_CUTOFF}"] = len(documents & first) / len(documents)
    pages = {(place.document_id, place.page) for place in places if place.page is not None}
    if pages:
        seen = {(p.document_id, p.page) for p in passages[:PAGES_CUTOFF]}
        values[f"page@{PAGES_CUTOFF}"] = len(pages & seen) / len(pages)
    return QuestionMeasures(values)


def covered_share(place: GoldLocation, passages: Iterable[PassageSpan]) -> float:
    """The share of the place that the passages hold together; of places with the same words, the best."""
    there = [p for p in passages if p.document_id == place.document_id]
    if not place.spans:
        return float(any(place.page is None or p.page == place.page for p in there))
    return max(_covered_chars(start, end, there) / max(1, end - start) for start, end in place.spans)


def recall(places: Sequence[GoldLocation], passages: Sequence[PassageSpan], share: float = FOUND_SHARE) -> float:
    return sum(covered_share(place, passages) >= share for place in places) / len(places)


def character_recall(places: Sequence[GoldLocation], passages: Sequence[PassageSpan]) -> float:
    """Of all characters of all places, the share that is covered."""
    sizes = [max((end - start for start, end in place.spans), default=1) for place in places]
    held = sum(size * covered_share(place, passages) for size, place in zip(sizes, places, strict=True))
    return held / sum(sizes)


def reciprocal_rank(places: Sequence[GoldLocation], passages: Sequence[PassageSpan]) -> float:
    """1 / the rank of the passage with which the first place is found."""
    for rank in range(1, len(passages) + 1):
        if recall(places, passages[:rank]):
            return 1 / rank
    return 0.0


def ndcg(places: Sequence[GoldLocation], passages: Sequence[PassageSpan]) -> float:
    """nDCG: each place counts at the rank with which it is found; at best one place for each passage."""
    found, gain = 0, 0.0
    for rank in range(1, len(passages) + 1):
        now = sum(covered_share(place, passages[:rank]) >= FOUND_SHARE for place in places)
        gain += (now - found) / math.log2(rank + 1)
        found = now
    return min(1.0, gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(NDCG_CUTOFF, len(places)) + 1)))


def truncate_to_budget(passages: Sequence[PassageSpan], budget: int) -> list[PassageSpan]:
    """The passages as far as the first `budget` characters go; the last one is cut."""
    kept: list[PassageSpan] = []
    for passage in passages:
        if budget <= 0:
            break
        end = min(passage.end, passage.start + budget)
        kept.append(PassageSpan(passage.document_id, passage.start, end, passage.page))
        budget -= end - passage.start
    return kept


def roc_auc(answered: Sequence[float], unanswered: Sequence[float]) -> float:
    """The chance that a question with an answer is told from one without: the area under the ROC curve."""
    higher = sum(float(a > u) + 0.5 * float(a == u) for a in answered for u in unanswered)
    return higher / (len(answered) * len(unanswered))


def mean_measures(outcomes: Sequence[QuestionMeasures]) -> dict[str, float]:
    """Each measure's mean over the questions it applies to, in the order of the first."""
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.values)
    having = {name: [o.values[name] for o in outcomes if name in o.values] for name in names}
    return {name: sum(values) / len(values) for name, values in having.items()}


def _covered_chars(start: int, end: int, passages: Iterable[PassageSpan]) -> int:
    """Characters of the stretch that lie in at least one passage."""
    covered, reached = 0, start
    for first, last in sorted((max(start, p.start), min(end, p.end)) for p in passages):
        if last > max(first, reached):
            covered += last - max(first, reached)
            reached = last
    return covered
