"""Explains the rank of a passage by the numbers it was ranked with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.domain.documents import Explanation, FoundTerm
from core.retrieval.keyword_ranking import KeywordScores
from core.retrieval.passage_ranking import RankedPassage


class Explainer:
    """Explains the passages of one search."""

    def __init__(self, scores: KeywordScores, by_keywords: Sequence[int], by_vectors: Sequence[int]) -> None:
        """`by_keywords` and `by_vectors` are the ids of the passages each search found, best first."""
        self._scores = scores
        self._keyword_ranks = {passage_id: rank for rank, passage_id in enumerate(by_keywords, 1)}
        self._embedding_ranks = {passage_id: rank for rank, passage_id in enumerate(by_vectors, 1)}

    def explain(self, ranked: RankedPassage, terms: Sequence[str]) -> Explanation:
        """Explain a passage; `terms` are those of its text."""
        parts = ranked.parts
        return Explanation(
            parts.passage_score,
            parts.neighbour_score,
            parts.embedding_score,
            parts.document_score,
            self._keyword_ranks.get(ranked.passage.id),
            self._embedding_ranks.get(ranked.passage.id),
            ranked.cosine,
            self._found(ranked.passage.document_id, Counter(terms)),
            parts.rerank_bonus,
            ranked.rerank_score,
            parts.rank_bonus,
        )

    def _found(self, document_id: int, counts: Counter[str]) -> tuple[FoundTerm, ...]:
        """The question's terms that the passage or its document has, the weightiest first."""
        weights = {weight.term: weight.passage_weight for weight in self._scores.weights}
        scale = max(self._scores.best, 1e-9)
        given = self._scores.terms_of(document_id)
        found = [
            FoundTerm(term, counts[term], weights.get(term, 0.0), given.get(term, 0.0) / scale)
            for term in dict.fromkeys((*weights, *given))
            if counts[term] or term in given
        ]
        return tuple(sorted(found, key=lambda one: (-one.weight * min(1, one.count) - one.document_weight, one.term)))
