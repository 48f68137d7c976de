"""Retrieves ranked passages for a query: keywords and vectors, fused, limited to what is wanted."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING, Protocol

from core.domain.documents import Passage, SearchResult
from core.retrieval.across import asks_across
from core.retrieval.answerable import PASSAGES_WEIGHED, answerability
from core.retrieval.document_dates import asks_for_latest, date_of, recency
from core.retrieval.explanation import Explainer
from core.retrieval.keyword_ranking import KeywordScores, rank_by_keywords
from core.retrieval.passage_map import PassageMap
from core.retrieval.passage_ranking import Candidate, RankedPassage, passage_score, rank
from core.retrieval.passage_reading import TermReader, shown_passages, texts_to_rerank, with_neighbours
from core.retrieval.question import SearchQuestion, read_question, truncate_for_embedding
from core.retrieval.reranking import PassageReranker, Reranking, reranked
from core.retrieval.selection import select
from core.store.database import Database
from core.store.documents import passages as stored_passages
from core.store.documents.damage import from_the_rest
from core.store.documents.passages import PassageSpan
from core.store.documents.texts import TextReader
from core.store.keywords.postings_cache import PostingsCache
from core.store.vectors.index import VectorIndex
from core.text.language import is_english, is_latin
from core.text.tokenizer import terms
from models.cancel import CancelToken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.embedder import EmbedderSpec

    Vector = NDArray[np.float32]

log = logging.getLogger(__name__)

CANDIDATES = 60
"""Candidates taken from keywords and from vectors each; 30 to 150 measured the same."""
REFINED = 60
"""Candidates whose texts are read for their exact score."""
FOREIGN_EMBEDDING_WEIGHT = 0.3
"""Weight of embeddings for other languages in Latin letters, of which a model that knows only English still sees
names."""
FITTING_DOCUMENT = 0.6
"""Share of the best document's score from which a document is one of those of which the latest may be asked."""
LATEST_BONUS = 0.3
"""Bonus of the latest of them, as a share of the best document's score."""


@dataclass(frozen=True, slots=True)
class ResultLimit:
    """How much is wanted: at most so many passages, together at most so many characters."""

    limit: int = 10
    max_chars: int | None = None


class QuestionEmbedder(Protocol):
    """The part of an embedding model used here (`models.embedder.Embedder`)."""

    @property
    def spec(self) -> EmbedderSpec: ...

    def embed_query(self, text: str) -> Vector: ...


class Retriever:
    """Any thread."""

    def __init__(
        self,
        database: Database,
        vectors: VectorIndex,
        embedder: Callable[[], QuestionEmbedder | None],
        reranker: Callable[[], PassageReranker | None] = lambda: None,
    ) -> None:
        self._database = database
        self._vectors = vectors
        self._embedder = embedder
        self._reranking = Reranking(reranker)
        self._map = PassageMap()
        self._postings = PostingsCache()

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        max_chars: int | None = None,
        documents: frozenset[int] | None = None,
        explain: bool = False,
        rerank: bool = False,
        spread: bool = False,
        cancel: CancelToken | None = None,
    ) -> SearchResult:
        """The best passages for `query`, best first: at most `limit`, together at most `max_chars` characters, only
        from `documents` if given. Uses keywords alone while there is no embedding model. With `explain`, each passage
        says why it ranks where it does. With `rerank`, a reranking model is used if there is one, which takes up to
        some seconds: for a question, not for search as you type. `spread` spreads the passages over documents, as
        questions across documents do anyway. Once `cancel` is set, the reranking model is not waited for."""
        limits = (ResultLimit(limit, max_chars),)
        (found,) = self.search_with_limits(
            query, limits, documents, explain=explain, rerank=rerank, spread=spread, cancel=cancel
        )
        return found

    def search_with_limits(
        self,
        query: str,
        limits: Sequence[ResultLimit],
        documents: frozenset[int] | None = None,
        *,
        explain: bool = False,
        rerank: bool = False,
        spread: bool = False,
        cancel: CancelToken | None = None,
    ) -> list[SearchResult]:
        """Search and rank once, and return what `search` returns for each of the limits."""

        def search() -> list[SearchResult]:
            return self._search(query, limits, documents, explain=explain, rerank=rerank, spread=spread, cancel=cancel)

        return from_the_rest(self._database, search)

    def _search(
        self,
        query: str,
        limits: Sequence[ResultLimit],
        documents: frozenset[int] | None,
        *,
        explain: bool,
        rerank: bool,
        spread: bool,
        cancel: CancelToken | None,
    ) -> list[SearchResult]:
        started_s = time.perf_counter()
        question = read_question(query)
        embedded = self._embedded_query(query)
        with self._database.read() as connection:
            await_nearest = self._begin_vector_search(embedded, documents)
            shape = self._map.shape(connection)
            searched = shape.document_count if documents is None else _indexed(shape.sizes, documents)
            scores = rank_by_keywords(self._postings.read(connection), question, shape, documents)
            nearest = await_nearest()
            texts = TextReader(connection)
            reader = TermReader(texts)
            by_keywords = scores.top(connection, CANDIDATES)
            ranked = self._ranked(connection, question, scores, by_keywords, nearest, embedded, reader)
            if rerank:
                rerank_scores = self._reranking.rerank_scores(
                    truncate_for_embedding(query), lambda n: texts_to_rerank(texts, ranked[:n]), cancel
                )
                ranked = reranked(ranked, rerank_scores)
            spread = spread or asks_across(query)
            explainer = Explainer(scores, by_keywords, [i for i, _ in nearest]) if explain else None
            shown: list[tuple[Passage, ...]] = []
            for at_most in limits:
                runs = select(
                    ranked, limit=at_most.limit, max_chars=at_most.max_chars, terms_of=reader.terms_of, spread=spread
                )
                reasons = [
                    explainer.explain(run.seed, reader.terms_of(run.seed.passage)) if explainer else None
                    for run in runs
                ]
                shown.append(shown_passages(connection, texts, runs, reasons))
        cosine = nearest[0][1] if nearest and embedded is not None and embedded.weight == 1 else None
        log.debug("a search took %.0f ms", (time.perf_counter() - started_s) * 1000)

        def estimate(passages: Sequence[Passage]) -> float:
            terms_shown = [_terms_shown(passage) for passage in passages[:PASSAGES_WEIGHED]]
            return answerability(question, scores.weights, terms_shown, cosine)

        return [SearchResult(query, passages, searched, embedded is not None, estimate(passages)) for passages in shown]

    def _embedded_query(self, query: str) -> _EmbeddedQuery | None:
        """The embedded query; None without an embedding model, or if it does not know the script."""
        embedder = self._embedder()
        if embedder is None:
            return None
        weight = 1.0
        if embedder.spec.english_only and not is_english(query):
            weight = FOREIGN_EMBEDDING_WEIGHT if is_latin(query) else 0.0
        if not weight:
            return None
        return _EmbeddedQuery(embedder.spec.fingerprint, embedder.embed_query(truncate_for_embedding(query)), weight)

    def _begin_vector_search(
        self, query: _EmbeddedQuery | None, documents: frozenset[int] | None
    ) -> Callable[[], list[tuple[int, float]]]:
        """Start the vector search; the returned function waits for its result."""
        if query is None:
            return lambda: []
        return self._vectors.begin_search(query.fingerprint, query.vector, CANDIDATES, documents)

    def _ranked(
        self,
        connection: Connection,
        question: SearchQuestion,
        scores: KeywordScores,
        by_keywords: Sequence[int],
        nearest: Sequence[tuple[int, float]],
        query: _EmbeddedQuery | None,
        reader: TermReader,
    ) -> list[RankedPassage]:
        """Rank what both searches found, and its neighbours."""
        import numpy as np

        found = dict.fromkeys((*by_keywords, *(i for i, _ in nearest)))
        stored = with_neighbours(connection, stored_passages.passages(connection, found))
        cosines = dict(nearest)
        cosines.update(self._cosines(query, [p.id for p in stored if p.id not in cosines]))
        passage_scores = scores.passage_score_of(np.array([p.id for p in stored], np.int64))
        document_scores = scores.document_score_of(np.array([p.document_id for p in stored], np.int64))
        latest_bonus = self._latest_bonus(connection, question, scores)
        candidates = [
            Candidate(p, float(own), float(document) + latest_bonus.get(p.document_id, 0.0), cosines.get(p.id))
            for p, own, document in zip(stored, passage_scores, document_scores, strict=True)
        ]

        def refine(some: Sequence[PassageSpan]) -> Mapping[int, float]:
            reader.read(some)
            sections = {section: frozenset(terms(section)) for section in {p.section for p in some}}
            return {
                p.id: passage_score(reader.terms_of(p), sections[p.section], scores.weights, p.length) for p in some
            }

        about = stored_passages.documents(connection, list({p.document_id for p in stored}))
        paths = {document_id: path for document_id, (path, _) in about.items()}
        weight = query.weight * _share_with_vectors(by_keywords, cosines) if query is not None else 0.0
        return rank(candidates, scores.best, paths=paths, refine=refine, refined=REFINED, embedding_weight=weight)

    @staticmethod
    def _latest_bonus(connection: Connection, question: SearchQuestion, scores: KeywordScores) -> dict[int, float]:
        """Bonus of the documents that fit the question for being the latest, if it asks for that."""
        if not len(scores.document_scores) or not asks_for_latest(question.text):
            return {}
        fitting = scores.document_ids[scores.document_scores >= FITTING_DOCUMENT * scores.document_scores.max()]
        about = stored_passages.contexts(connection, [int(i) for i in fitting])
        dates = {i: date_of(os.fsdecode(path).rpartition(os.sep)[2], context) for i, (path, context) in about.items()}
        return {i: LATEST_BONUS * float(scores.document_scores.max()) * share for i, share in recency(dates).items()}

    def _cosines(self, query: _EmbeddedQuery | None, passage_ids: Sequence[int]) -> dict[int, float]:
        """The cosines of the passages that have a vector, by passage id."""
        ledger = self._vectors.ledger
        state = ledger.known(query.fingerprint) if query is not None else None
        if query is None or state is None or not passage_ids:
            return {}
        return dict(ledger.scores(state, query.vector, passage_ids))


@dataclass(frozen=True, slots=True)
class _EmbeddedQuery:
    """The query's vector, and how well the embedding model knows its language (0 to 1)."""

    fingerprint: str
    vector: Vector
    weight: float


def _share_with_vectors(passage_ids: Sequence[int], cosines: Mapping[int, float]) -> float:
    """Share of the passages that have a vector: while few have, embeddings would put those before all others."""
    return sum(i in cosines for i in passage_ids) / len(passage_ids) if passage_ids else 1.0


def _terms_shown(passage: Passage) -> frozenset[str]:
    """The terms of a passage and of what is shown above it."""
    return frozenset(terms("\n".join((passage.path.stem, passage.title, passage.section, passage.text))))


def _indexed(sizes: NDArray[np.float64], documents: Iterable[int]) -> int:
    """How many of the documents have passages; `sizes` as in `LibraryShape`."""
    return sum(1 for i in documents if 0 <= i < len(sizes) and sizes[i] > 0)
