"""Measures of a search against gold locations: recall, rank, and telling questions with an answer from those without.

A location counts as found if the passages together cover 90 % of it. Every measure is between 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.gold_locations import GoldLocation

FOUND_SHARE = 0.9
PARTLY_SHARE = 0.5
"""Of a long location (a whole section, a part of a program), a passage may show no more than this."""
TOUCHED_SHARE = 0.01
"""Any part at all of a location, which may be longer than any passage."""
RECALL_CUTOFFS = (1, 3, 5, 10)
CHAR_BUDGETS = (3_000, 6_000)
NDCG_CUTOFF = 10
CHARACTERS_CUTOFF = 5
ANY_DOCUMENT_CUTOFF = 3
PAGES_CUTOFF = 10
ALL_DOCUMENTS_CUTOFF = 10


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """The span of a passage that a search found."""

    document_id: int
    start: int
    end: int
    page: int | None


@dataclass(frozen=True, slots=True)
class QuestionMeasures:
    """The measures of one question by name. A measure that does not apply is missing, such as that of pages where none
    is known."""

    values: Mapping[str, float]


def measure_question(
    locations: Sequence[GoldLocation],
    passages: Sequence[FoundSpan],
    passages_in_budget: Mapping[int, Sequence[FoundSpan]],
) -> QuestionMeasures:
    """Compare what a search found, best first, with the gold locations. `passages` were found without a limit on their
    length, `passages_in_budget` within each of `CHAR_BUDGETS`."""
    values: dict[str, float] = {}
    exact = [location for location in locations if location.spans or location.page is not None]
    if exact:
        values |= _rank_measures(exact, passages)
        for budget in CHAR_BUDGETS:
            values |= _budget_measures(exact, passages_in_budget[budget], budget)
        values["mrr"] = reciprocal_rank(exact, passages)
        values[f"ndcg@{NDCG_CUTOFF}"] = ndcg(exact, passages[:NDCG_CUTOFF])
        values[f"characters@{CHARACTERS_CUTOFF}"] = character_recall(exact, passages[:CHARACTERS_CUTOFF])
    values |= _document_measures(locations, passages)
    pages = {(location.document_id, location.page) for location in locations if location.page is not None}
    if pages:
        found = {(passage.document_id, passage.page) for passage in passages[:PAGES_CUTOFF]}
        values[f"page@{PAGES_CUTOFF}"] = len(pages & found) / len(pages)
    return QuestionMeasures(values)


def _rank_measures(locations: Sequence[GoldLocation], passages: Sequence[FoundSpan]) -> dict[str, float]:
    values = {f"recall@{count}": recall(locations, passages[:count]) for count in RECALL_CUTOFFS}
    return values | {"any@3": float(recall(locations, passages[:3]) > 0)}


def _budget_measures(locations: Sequence[GoldLocation], passages: Sequence[FoundSpan], budget: int) -> dict[str, float]:
    shown = truncate_to_budget(passages, budget)
    found = recall(locations, shown)
    return {
        f"recall@{budget}c": found,
        f"any@{budget}c": float(found > 0),
        f"partly@{budget}c": recall(locations, shown, PARTLY_SHARE),
        f"touched@{budget}c": recall(locations, shown, TOUCHED_SHARE),
    }


def _document_measures(locations: Sequence[GoldLocation], passages: Sequence[FoundSpan]) -> dict[str, float]:
    documents = {location.document_id for location in locations}
    first = {passage.document_id for passage in passages[:ANY_DOCUMENT_CUTOFF]}
    more = {passage.document_id for passage in passages[:ALL_DOCUMENTS_CUTOFF]}
    return {
        f"document@{ANY_DOCUMENT_CUTOFF}": float(bool(documents & first)),
        f"documents@{ALL_DOCUMENTS_CUTOFF}": len(documents & more) / len(documents),
    }


def covered_share(location: GoldLocation, passages: Iterable[FoundSpan]) -> float:
    """Return the share of `location` that the passages cover together. If the same words occur several times, the
    occurrence covered best counts."""
    candidates = [passage for passage in passages if passage.document_id == location.document_id]
    if not location.spans:
        return float(any(location.page is None or passage.page == location.page for passage in candidates))
    return max(_covered_chars(start, end, candidates) / max(1, end - start) for start, end in location.spans)


def recall(locations: Sequence[GoldLocation], passages: Sequence[FoundSpan], min_share: float = FOUND_SHARE) -> float:
    """Return the share of the locations of which the passages cover at least `min_share`."""
    return sum(covered_share(location, passages) >= min_share for location in locations) / len(locations)


def character_recall(locations: Sequence[GoldLocation], passages: Sequence[FoundSpan]) -> float:
    """Return the share of the characters of all locations that the passages cover."""
    sizes = [max((end - start for start, end in location.spans), default=1) for location in locations]
    covered = sum(size * covered_share(location, passages) for size, location in zip(sizes, locations, strict=True))
    return covered / sum(sizes)


def reciprocal_rank(locations: Sequence[GoldLocation], passages: Sequence[FoundSpan]) -> float:
    """Return 1 / the rank of the passage with which the first location is found; 0 if none is."""
    for rank in range(1, len(passages) + 1):
        if recall(locations, passages[:rank]):
            return 1 / rank
    return 0.0


def ndcg(locations: Sequence[GoldLocation], passages: Sequence[FoundSpan]) -> float:
    """Return the normalised discounted cumulative gain. Each location counts at the rank at which it is found; the
    ideal ranking finds one with each passage."""
    found_before, gain = 0, 0.0
    for rank in range(1, len(passages) + 1):
        found = sum(covered_share(location, passages[:rank]) >= FOUND_SHARE for location in locations)
        gain += (found - found_before) / math.log2(rank + 1)
        found_before = found
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(NDCG_CUTOFF, len(locations)) + 1))
    return min(1.0, gain / ideal)


def truncate_to_budget(passages: Sequence[FoundSpan], budget: int) -> list[FoundSpan]:
    """Cut the passages after `budget` characters in all."""
    kept: list[FoundSpan] = []
    for passage in passages:
        if budget <= 0:
            break
        end = min(passage.end, passage.start + budget)
        kept.append(FoundSpan(passage.document_id, passage.start, end, passage.page))
        budget -= end - passage.start
    return kept


def roc_auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return the area under the ROC curve: the probability that a positive scores higher than a negative."""
    higher = sum(float(p > n) + 0.5 * float(p == n) for p in positives for n in negatives)
    return higher / (len(positives) * len(negatives))


def mean_measures(measured: Sequence[QuestionMeasures]) -> dict[str, float]:
    """Average each measure over the questions it applies to."""
    names = dict.fromkeys(name for question in measured for name in question.values)
    applicable = {name: [q.values[name] for q in measured if name in q.values] for name in names}
    return {name: sum(values) / len(values) for name, values in applicable.items()}


def _covered_chars(start: int, end: int, passages: Iterable[FoundSpan]) -> int:
    """Count the characters from `start` to `end` that lie in at least one passage."""
    covered, reached = 0, start
    for first, last in sorted((max(start, p.start), min(end, p.end)) for p in passages):
        if last > max(first, reached):
            covered += last - max(first, reached)
            reached = last
    return covered
