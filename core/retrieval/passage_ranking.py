"""Ranking of the candidates: their texts read, keywords and meaning fused, neighbours taken into account.

Keywords count on an absolute scale, as a share of what a passage with every term would reach, and cosines as they are:
that keeps apart a question whose words stand in the documents from one that is put in other words. The better the
keywords cover the question, the less meaning counts. Normalising both per question, or fusing ranks, loses that, and
measured worse than keywords alone wherever names and numbers decide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.retrieval.keyword_ranking import K1, SATURATION, TermWeight
from core.store.documents.passages import PassageSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

USUAL_LENGTH = 420
"""Characters; the length at which a passage is neither favoured nor disfavoured."""
LENGTH = 0.5
SECTION = 1.0
"""A term in the heading path counts as often as this."""
WINDOW = 20
"""Terms; what stands closer together than this belongs together."""
CLOSENESS = 0.4
EMBEDDING_ALONE = 1.4
"""Weight of a cosine where no keyword is found, and, below, where one passage has them all."""
EMBEDDING_LEAST = 0.3
BEFORE = 0.3
"""How much of the previous passage's score may stand in for a passage's own ("it was developed by ..."), and of the
next one's."""
AFTER = 0.2
BESIDE = 0.3
"""How much of the better neighbour's cosine stands in for a passage's own, where that is better: a short passage goes
on with what the one beside it speaks of. From 0.4 on it draws in neighbours that do not answer."""
RANK_BONUS = 0.15
RANK_BONUS_AFTER = 5
"""Being among the first by words, and by meaning, adds `STANDING / (STANDING_AFTER + place)` each, counted from 0:
what either search is sure of is not lost among many that are fair in both. (The summand of reciprocal rank fusion,
Cormack et al. 2009, which by itself measured worse than the scores' values.)"""
LATER = 0.0043
"""What a passage loses for its place in its document, times log(1 + place): among equals, what introduces a subject
stands before what goes into it. Twice as much loses where documents are collections."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage to rank. `own` and `shared` are its and its document's keyword scores; `cosine` is None where there is
    no vector yet: such a one counts as the usual one does."""

    passage: PassageSpan
    passage_score: float
    document_score: float
    cosine: float | None


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """What a score is the sum of: the passage's own terms, those beside it, its meaning, its document, its standing
    among the candidates and in its document, and what the ranking model's judgement adds. Words and document are shares
    of what a passage with every term would reach."""

    passage_score: float = 0.0
    neighbour_score: float = 0.0
    embedding_score: float = 0.0
    document_score: float = 0.0
    rank_bonus: float = 0.0
    rerank_bonus: float = 0.0


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A candidate with its final score; `own` is what its words and its meaning give. `cosine` as in `Candidate`;
    `judged` is the ranking model's word, 0 to 1, None where it was not asked."""

    passage: PassageSpan
    score: float
    content_score: float
    parts: ScoreParts = ScoreParts()
    cosine: float | None = None
    rerank_score: float | None = None

    @property
    def score_without_rank_bonus(self) -> float:
        """How well it fits, wherever it stands among the others."""
        return self.score - self.parts.rank_bonus


def passage_score(found: Sequence[str], section: frozenset[str], weights: Sequence[TermWeight], length: int) -> float:
    """How well a text fits by itself: BM25 over its terms, and how many of them stand close together."""
    by_term = {weight.term: weight.passage for weight in weights}
    places = [(place, term) for place, term in enumerate(found) if term in by_term]
    counts = Counter([term for _, term in places])
    slope = K1 * (1 - LENGTH + LENGTH * length / USUAL_LENGTH)
    score = 0.0
    for term, weight in by_term.items():
        frequency = counts[term] + (SECTION if term in section else 0.0)
        score += weight * SATURATION * frequency / (frequency + slope)
    return score + CLOSENESS * closest(places, by_term)


def closest(places: Sequence[tuple[int, str]], weights: Mapping[str, float]) -> float:
    """The highest sum of weights of different terms within `WINDOW` terms of the text; `places` are where they stand,
    in order."""
    inside = dict.fromkeys(weights, 0)
    first, current, best = 0, 0.0, 0.0
    for place, term in places:
        inside[term] += 1
        if inside[term] == 1:
            current += weights[term]
        while place - places[first][0] >= WINDOW:
            left = places[first][1]
            inside[left] -= 1
            if not inside[left]:
                current -= weights[left]
            first += 1
        if current > best:
            best = current
    return best


def rank(
    candidates: Sequence[Candidate],
    best: float,
    *,
    paths: Mapping[int, bytes],
    refine: Callable[[Sequence[PassageSpan]], Mapping[int, float]],
    refined: int,
    embedding_weight: float = 1.0,
) -> list[RankedPassage]:
    """All candidates, ranked. Those that rank among the first `refined` by what is known have their own score taken
    from `refine`, which reads their texts. Equals stand in the order of `paths` (by document id): ids would tell which
    file was read first. `trust` says how far the embedding model is at home in the question's
    language, from 0 to 1."""
    if not candidates:
        return []
    fusion = _Fusion(candidates, max(best, 1e-9), embedding_weight)
    own = [c.passage_score for c in candidates]
    first = fusion.fused(own).scores
    places = [(paths.get(c.passage.document_id, b""), c.passage.ordinal) for c in candidates]
    order = sorted(range(len(candidates)), key=lambda i: (-first[i], places[i]))
    better = refine([candidates[i].passage for i in order[:refined]])
    final = fusion.fused([better.get(c.passage.id, o) for c, o in zip(candidates, own, strict=True)])
    order.sort(key=lambda i: (-final.scores[i], places[i]))
    return [final.ranked(candidates[i], i) for i in order]


@dataclass(frozen=True, slots=True)
class _Fused:
    """The scores of all candidates and what they are the sums of, in the order of the candidates."""

    passage_scores: list[float]
    neighbour_scores: list[float]
    embedding_scores: list[float]
    document_scores: list[float]
    rank_bonuses: list[float]
    content_scores: list[float]
    scores: list[float]

    def ranked(self, candidate: Candidate, at: int) -> RankedPassage:
        parts = ScoreParts(
            self.passage_scores[at],
            self.neighbour_scores[at],
            self.embedding_scores[at],
            self.document_scores[at],
            self.rank_bonuses[at],
        )
        return RankedPassage(candidate.passage, self.scores[at], self.content_scores[at], parts, candidate.cosine)


class _Fusion:
    """What stays the same of the candidates while their own scores become known."""

    def __init__(self, candidates: Sequence[Candidate], scale: float, trust: float) -> None:
        import numpy as np

        self._scale = scale
        self._embedding_weight = trust
        places = [(c.passage.document_id, c.passage.ordinal) for c in candidates]
        at = {place: i for i, place in enumerate(places)}
        nobody = len(candidates)  # stands for a neighbour that is no candidate: its score is 0
        self._before = np.array([at.get((document, ordinal - 1), nobody) for document, ordinal in places], np.intp)
        self._after = np.array([at.get((document, ordinal + 1), nobody) for document, ordinal in places], np.intp)
        self._document_scores = np.array([c.document_score for c in candidates])
        known = [c.cosine for c in candidates if c.cosine is not None]
        usual = math.fsum(known) / max(1, len(known))  # exact: the candidates come in the order of their ids
        alone = np.array([c.cosine if c.cosine is not None else usual for c in candidates])
        beside = np.append(alone, -1.0)
        better = np.maximum(beside[self._before], beside[self._after])
        self._cosines = np.maximum(alone, (1 - BESIDE) * alone + BESIDE * better)
        later = LATER * np.log1p([ordinal for _, ordinal in places])
        self._rank_bonuses = trust * _rank_bonuses(alone) - later

    def fused(self, own: Sequence[float]) -> _Fused:
        """The scores with these own scores of the candidates."""
        import numpy as np

        words = np.array([*own, 0.0])
        beside = np.maximum(BEFORE * words[self._before], AFTER * words[self._after])
        words = words[:-1]
        covered = float((words + beside + self._document_scores).max()) / self._scale
        weight = self._embedding_weight * (EMBEDDING_ALONE + (EMBEDDING_LEAST - EMBEDDING_ALONE) * min(1.0, covered))
        columns = words / self._scale, beside / self._scale, weight * self._cosines, self._document_scores / self._scale
        itself = columns[0] + columns[1] + columns[2]
        standing = self._rank_bonuses + _rank_bonuses(words)
        score = itself + columns[3] + standing
        return _Fused(*(column.tolist() for column in (*columns, standing, itself, score)))


def _rank_bonuses(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each gains by its place among them, the highest first; equals share the place of the first of them."""
    import numpy as np

    rising = np.sort(values)
    before = len(values) - np.searchsorted(rising, values, side="right")
    gained: NDArray[np.float64] = RANK_BONUS / (RANK_BONUS_AFTER + before)
    return gained
