"""From a question to ranked passages: keywords and meaning, fused, cut to a budget."""

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
from core.retrieval.answerable import PASSAGES, answerability
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
"""Taken from keywords and from meaning each; 30 to 150 measured the same."""
REFINED = 60
FOREIGN_EMBEDDING_WEIGHT = 0.3
"""For other languages in Latin letters: there, an embedding model that knows English alone still sees names."""
FITTING_DOCUMENT = 0.6
"""Of the best document's score, what a document must have to be one of which the latest may be asked."""
LATEST = 0.3
"""What the latest of them gains, of the best document's score."""


@dataclass(frozen=True, slots=True)
class ResultLimit:
    """How much is wanted of what was found: at most so many passages, together at most so many characters."""

    limit: int = 10
    max_chars: int | None = None


class QuestionEmbedder(Protocol):
    """What is needed of an embedding model (`models.embedder.Embedder`)."""

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
        """The best passages for `query`, best first: at most `limit`, together at most `max_chars` characters; only
        from `documents`, if given. Works by keywords alone while there is no embedding model. With `explain`, each
        passage says why it ranks where it does. With `rerank`, the ranking model is asked, if there is one, which takes
        up to some seconds: for a question, not for what is searched while somebody types. `spread` over documents;
        a question that asks across documents is, anyhow. Once `cancel` is set, the ranking model is not waited for."""
        cut = ResultLimit(limit, max_chars)
        (found,) = self.search_with_limits(
            query, (cut,), documents, explain=explain, rerank=rerank, spread=spread, cancel=cancel
        )
        return found

    def search_with_limits(
        self,
        query: str,
        cuts: Sequence[ResultLimit],
        documents: frozenset[int] | None = None,
        *,
        explain: bool = False,
        rerank: bool = False,
        spread: bool = False,
        cancel: CancelToken | None = None,
    ) -> list[SearchResult]:
        """Search and rank once, and give what `search` does for each of `cuts`."""
        started_s = time.perf_counter()
        question = read_question(query)
        meaning = self._embedded_query(query)
        with self._database.read() as connection:
            nearest_found = self._begin_vector_search(meaning, documents)
            shape = self._map.shape(connection)
            searched = shape.document_count if documents is None else _indexed(shape.sizes, documents)
            scores = rank_by_keywords(self._postings.read(connection), question, shape, documents)
            nearest = nearest_found()
            texts = TextReader(connection)
            reader = TermReader(texts)
            by_keywords = scores.top(connection, CANDIDATES)
            ranked = self._ranked(connection, question, scores, by_keywords, nearest, meaning, reader)
            if rerank:
                judged = self._reranking.rerank_scores(
                    truncate_for_embedding(query), lambda n: texts_to_rerank(texts, ranked[:n]), cancel
                )
                ranked = reranked(ranked, judged)
            spread = spread or asks_across(query)
            why = Explainer(scores, by_keywords, [i for i, _ in nearest]) if explain else None
            shown: list[tuple[Passage, ...]] = []
            for cut in cuts:
                chosen = select(
                    ranked, limit=cut.limit, max_chars=cut.max_chars, terms_of=reader.terms_of, spread=spread
                )
                reasons = [why.explain(s.seed, reader.terms_of(s.seed.passage)) if why else None for s in chosen]
                shown.append(shown_passages(connection, texts, chosen, reasons))
        closest = nearest[0][1] if nearest and meaning is not None and meaning.weight == 1 else None
        log.debug("a search took %.0f ms", (time.perf_counter() - started_s) * 1000)

        def sign(passages: Sequence[Passage]) -> float:
            said = [_terms_shown(passage) for passage in passages[:PASSAGES]]
            return answerability(question, scores.weights, said, closest)

        return [SearchResult(query, some, searched, meaning is not None, sign(some)) for some in shown]

    def _embedded_query(self, query: str) -> _EmbeddedQuery | None:
        """The question's vector; None without an embedding model, or where it does not know the script."""
        embedder = self._embedder()
        if embedder is None:
            return None
        trust = 1.0
        if embedder.spec.english_only and not is_english(query):
            trust = FOREIGN_EMBEDDING_WEIGHT if is_latin(query) else 0.0
        return (
            _EmbeddedQuery(embedder.spec.fingerprint, embedder.embed_query(truncate_for_embedding(query)), trust)
            if trust
            else None
        )

    def _begin_vector_search(
        self, meaning: _EmbeddedQuery | None, documents: frozenset[int] | None
    ) -> Callable[[], list[tuple[int, float]]]:
        """The vector store is asked; what is returned waits for its answer."""
        if meaning is None:
            return lambda: []
        return self._vectors.begin_search(meaning.fingerprint, meaning.vector, CANDIDATES, documents)

    def _ranked(
        self,
        connection: Connection,
        question: SearchQuestion,
        scores: KeywordScores,
        by_keywords: Sequence[int],
        nearest: Sequence[tuple[int, float]],
        meaning: _EmbeddedQuery | None,
        reader: TermReader,
    ) -> list[RankedPassage]:
        import numpy as np

        found = dict.fromkeys((*by_keywords, *(i for i, _ in nearest)))
        stored = with_neighbours(connection, stored_passages.passages(connection, found))
        cosines = dict(nearest)
        cosines.update(self._cosines(meaning, [p.id for p in stored if p.id not in cosines]))
        own = scores.passage_score_of(np.array([p.id for p in stored], np.int64))
        shared = scores.document_score_of(np.array([p.document_id for p in stored], np.int64))
        recent = self._recency(connection, question, scores)
        candidates = [
            Candidate(p, float(o), float(s) + recent.get(p.document_id, 0.0), cosines.get(p.id))
            for p, o, s in zip(stored, own, shared, strict=True)
        ]

        def refine(some: Sequence[PassageSpan]) -> Mapping[int, float]:
            reader.read(some)
            sections = {section: frozenset(terms(section)) for section in {p.section for p in some}}
            return {
                p.id: passage_score(reader.terms_of(p), sections[p.section], scores.weights, p.length) for p in some
            }

        about = stored_passages.documents(connection, list({p.document_id for p in stored}))
        paths = {document_id: path for document_id, (path, _) in about.items()}
        trust = meaning.weight * _share_with_vectors(by_keywords, cosines) if meaning is not None else 0.0
        return rank(candidates, scores.best, paths=paths, refine=refine, refined=REFINED, embedding_weight=trust)

    @staticmethod
    def _recency(connection: Connection, question: SearchQuestion, scores: KeywordScores) -> dict[int, float]:
        """What the documents that fit the question gain by being the latest, where it asks for that."""
        if not len(scores.document_scores) or not asks_for_latest(question.text):
            return {}
        fitting = scores.documents[scores.document_scores >= FITTING_DOCUMENT * scores.document_scores.max()]
        about = stored_passages.contexts(connection, [int(i) for i in fitting])
        dates = {i: date_of(os.fsdecode(path).rpartition(os.sep)[2], context) for i, (path, context) in about.items()}
        return {i: LATEST * float(scores.document_scores.max()) * share for i, share in recency(dates).items()}

    def _cosines(self, meaning: _EmbeddedQuery | None, passage_ids: Sequence[int]) -> dict[int, float]:
        ledger = self._vectors.ledger
        state = ledger.known(meaning.fingerprint) if meaning is not None else None
        if meaning is None or state is None or not passage_ids:
            return {}
        return dict(ledger.scores(state, meaning.vector, passage_ids))


@dataclass(frozen=True, slots=True)
class _EmbeddedQuery:
    """The question as a vector, and how far the embedding model is at home in its language (0 to 1)."""

    fingerprint: str
    vector: Vector
    weight: float


def _share_with_vectors(passage_ids: Sequence[int], cosines: Mapping[int, float]) -> float:
    """How many of the passages have a vector: while few have, meaning would put those before all others."""
    return sum(i in cosines for i in passage_ids) / len(passage_ids) if passage_ids else 1.0


def _terms_shown(passage: Passage) -> frozenset[str]:
    """What a passage says, with what stands above it."""
    return frozenset(terms("\n".join((passage.path.stem, passage.title, passage.section, passage.text))))


def _indexed(sizes: NDArray[np.float64], documents: Iterable[int]) -> int:
    return sum(1 for i in documents if 0 <= i < len(sizes) and sizes[i] > 0)
