"""Ranks candidates: keyword and embedding scores fused, neighbours taken into account.

Keyword scores are on an absolute scale, as a share of what a passage with every term would reach, and cosines are used
as they are; that distinguishes a question whose words are in the documents from one in other words. The better the
keywords cover the question, the less the embedding weighs. Normalising both per question, or fusing ranks, loses that
and measured worse than keywords alone wherever names and numbers decide.
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
"""Characters; passages of this length are neither favoured nor penalised."""
LENGTH_NORMALISATION = 0.5
"""BM25's b for passages."""
SECTION_COUNT = 1.0
"""Count that a term in the heading path adds to its count in the text."""
PROXIMITY_WINDOW = 20
"""Terms; those closer together than this count as close together."""
PROXIMITY_WEIGHT = 0.4
"""Part of the highest sum of weights within `PROXIMITY_WINDOW` that is added to a passage's score."""
EMBEDDING_WEIGHT_WITHOUT_KEYWORDS = 1.4
"""Weight of a cosine where no keyword is found. It falls in a straight line to the weight below, where the best passage
has them all."""
EMBEDDING_WEIGHT_WITH_ALL_KEYWORDS = 0.3
PREVIOUS_SCORE_SHARE = 0.3
"""Share of the previous passage's score that is added to a passage's own ("it was developed by ..."), if that of the
next is not higher."""
NEXT_SCORE_SHARE = 0.2
"""The same for the next passage."""
NEIGHBOUR_COSINE_SHARE = 0.3
"""Share of the better neighbour's cosine in a passage's own, where that is higher: a short passage continues the
subject of the one beside it. From 0.4 on it draws in neighbours that do not answer."""
RANK_BONUS = 0.15
RANK_BONUS_AFTER = 5
"""Ranking among the first by keywords and by vectors adds `RANK_BONUS / (RANK_BONUS_AFTER + rank)` each, ranks from 0,
so that what one search is sure of is not lost among passages that are fair in both. (The term of reciprocal rank
fusion, Cormack et al. 2009, which by itself measured worse than the scores.)"""
POSITION_PENALTY = 0.0043
"""Loss for a passage's position in its document, times log(1 + position): of equals, what introduces a subject comes
before the details. Twice as much loses where documents are collections."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage to rank, with its own and its document's keyword scores. `cosine` is None without a vector; such a
    passage counts as the mean."""

    passage: PassageSpan
    passage_score: float
    document_score: float
    cosine: float | None


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """The parts of a score: the passage's own terms, its neighbours', its embedding, its document, its ranks and
    position, and the reranking model's. Passage and document scores are shares of what a passage with every term would
    reach."""

    passage_score: float = 0.0
    neighbour_score: float = 0.0
    embedding_score: float = 0.0
    document_score: float = 0.0
    rank_bonus: float = 0.0
    rerank_bonus: float = 0.0


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A candidate with its final score; `content_score` is what its words and its embedding give. `cosine` as in
    `Candidate`; `rerank_score`, 0 to 1, is None without a reranking model."""

    passage: PassageSpan
    score: float
    content_score: float
    parts: ScoreParts = ScoreParts()
    cosine: float | None = None
    rerank_score: float | None = None

    @property
    def score_without_rank_bonus(self) -> float:
        """The score without the bonus for ranks and position."""
        return self.score - self.parts.rank_bonus


def passage_score(found: Sequence[str], section: frozenset[str], weights: Sequence[TermWeight], length: int) -> float:
    """How well a text fits by itself: BM25 over its terms, and how many of them are close together. `found` are its
    terms in order, `section` those of its heading path, `length` its characters."""
    by_term = {weight.term: weight.passage_weight for weight in weights}
    positions = [(position, term) for position, term in enumerate(found) if term in by_term]
    counts = Counter([term for _, term in positions])
    slope = K1 * (1 - LENGTH_NORMALISATION + LENGTH_NORMALISATION * length / USUAL_LENGTH)
    score = 0.0
    for term, weight in by_term.items():
        frequency = counts[term] + (SECTION_COUNT if term in section else 0.0)
        score += weight * SATURATION * frequency / (frequency + slope)
    return score + PROXIMITY_WEIGHT * best_window_weight(positions, by_term)


def best_window_weight(positions: Sequence[tuple[int, str]], weights: Mapping[str, float]) -> float:
    """The highest sum of weights of different terms within `PROXIMITY_WINDOW` terms of the text; `positions` are where
    they are, in order."""
    inside = dict.fromkeys(weights, 0)
    first, current, best = 0, 0.0, 0.0
    for position, term in positions:
        inside[term] += 1
        if inside[term] == 1:
            current += weights[term]
        while position - positions[first][0] >= PROXIMITY_WINDOW:
            left = positions[first][1]
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
    """Rank all candidates. Those among the first `refined` get their own score from `refine`, which reads their texts.
    Equals are in the order of `paths` (by document id), since ids would tell which file was indexed first.
    `embedding_weight`, 0 to 1, says how well the embedding model knows the question's language."""
    if not candidates:
        return []
    fusion = _Fusion(candidates, max(best, 1e-9), embedding_weight)
    preliminary = fusion.fused([c.passage_score for c in candidates]).scores
    positions = [(paths.get(c.passage.document_id, b""), c.passage.ordinal) for c in candidates]
    order = sorted(range(len(candidates)), key=lambda i: (-preliminary[i], positions[i]))
    refined_scores = refine([candidates[i].passage for i in order[:refined]])
    final = fusion.fused([refined_scores.get(c.passage.id, c.passage_score) for c in candidates])
    order.sort(key=lambda i: (-final.scores[i], positions[i]))
    return [final.ranked(candidates[i], i) for i in order]


@dataclass(frozen=True, slots=True)
class _Fused:
    """The scores of all candidates and their parts, in the order of the candidates."""

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
    """Fuses scores: holds what does not depend on the passage scores, which are known first roughly, then exactly."""

    def __init__(self, candidates: Sequence[Candidate], scale: float, embedding_weight: float) -> None:
        import numpy as np

        self._scale = scale
        self._embedding_weight = embedding_weight
        positions = [(c.passage.document_id, c.passage.ordinal) for c in candidates]
        index = {position: i for i, position in enumerate(positions)}
        none = len(candidates)  # the index of a neighbour that is no candidate: its score is 0
        self._previous = np.array(
            [index.get((document, ordinal - 1), none) for document, ordinal in positions], np.intp
        )
        self._next = np.array([index.get((document, ordinal + 1), none) for document, ordinal in positions], np.intp)
        self._document_scores = np.array([c.document_score for c in candidates])
        known = [c.cosine for c in candidates if c.cosine is not None]
        mean = math.fsum(known) / max(1, len(known))  # exact: the candidates come in the order of their ids
        cosines = np.array([c.cosine if c.cosine is not None else mean for c in candidates])
        with_none = np.append(cosines, -1.0)
        neighbours = np.maximum(with_none[self._previous], with_none[self._next])
        shared = (1 - NEIGHBOUR_COSINE_SHARE) * cosines + NEIGHBOUR_COSINE_SHARE * neighbours
        self._cosines = np.maximum(cosines, shared)
        penalties = POSITION_PENALTY * np.log1p([ordinal for _, ordinal in positions])
        self._rank_bonuses = embedding_weight * _rank_bonuses(cosines) - penalties

    def fused(self, passage_scores: Sequence[float]) -> _Fused:
        """The scores, given those of the candidates' own terms."""
        import numpy as np

        own = np.array([*passage_scores, 0.0])
        neighbours = np.maximum(PREVIOUS_SCORE_SHARE * own[self._previous], NEXT_SCORE_SHARE * own[self._next])
        own = own[:-1]
        covered = float((own + neighbours + self._document_scores).max()) / self._scale
        weight = self._embedding_weight * _cosine_weight(min(1.0, covered))
        parts = own / self._scale, neighbours / self._scale, weight * self._cosines, self._document_scores / self._scale
        content = parts[0] + parts[1] + parts[2]
        rank_bonuses = self._rank_bonuses + _rank_bonuses(own)
        scores = content + parts[3] + rank_bonuses
        return _Fused(*(column.tolist() for column in (*parts, rank_bonuses, content, scores)))


def _cosine_weight(covered: float) -> float:
    """Weight of a cosine where the best passage has this share, 0 to 1, of what the keywords can give."""
    fall = EMBEDDING_WEIGHT_WITH_ALL_KEYWORDS - EMBEDDING_WEIGHT_WITHOUT_KEYWORDS
    return EMBEDDING_WEIGHT_WITHOUT_KEYWORDS + fall * covered


def _rank_bonuses(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bonus of each value for its rank among them, the highest first; equals share the better rank."""
    import numpy as np

    ascending = np.sort(values)
    ranks = len(values) - np.searchsorted(ascending, values, side="right")
    bonuses: NDArray[np.float64] = RANK_BONUS / (RANK_BONUS_AFTER + ranks)
    return bonuses
