"""From a question to ranked passages: keywords and meaning, fused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.retrieval import analysis
from core.store import keywords
from core.store.database import Database
from core.store.texts import spans
from core.store.vector_index import VectorIndex
from core.values import Passage, SearchResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.embedder import EmbedderSpec

CANDIDATES = 50
RRF_K = 60


class QuestionEmbedder(Protocol):
    """What is needed of an embedding model (`models.embedder.Embedder`)."""

    @property
    def spec(self) -> EmbedderSpec: ...

    def embed_query(self, text: str) -> NDArray[np.float32]: ...


class Retriever:
    """Any thread."""

    def __init__(
        self, database: Database, vectors: VectorIndex, embedder: Callable[[], QuestionEmbedder | None]
    ) -> None:
        self._database = database
        self._vectors = vectors
        self._embedder = embedder

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        max_chars: int | None = None,
        documents: frozenset[int] | None = None,
    ) -> SearchResult:
        """The best passages for `query`."""
        embedder = self._embedder()
        scores: dict[int, float] = {}
        with self._database.read() as connection:
            expression = keywords.any_of(analysis.terms(query))
            found = keywords.search(connection, expression, CANDIDATES, documents=documents)
        for rank, (chunk_id, _) in enumerate(found):
            scores[chunk_id] = scores.get(chunk_id, 0.0) + 1 / (RRF_K + rank)
        if embedder is not None:
            vector = embedder.embed_query(query)
            nearest = self._vectors.search(embedder.spec.fingerprint, vector, CANDIDATES, documents)
            for rank, (chunk_id, _) in enumerate(nearest):
                scores[chunk_id] = scores.get(chunk_id, 0.0) + 1 / (RRF_K + rank)
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        passages: list[Passage] = []
        room = max_chars
        with self._database.read() as connection:
            (count,) = connection.execute("SELECT COUNT(*) FROM documents WHERE state = 'indexed'").fetchone()
            for chunk_id, score in ranked[:limit]:
                row = connection.execute(
                    'SELECT c.document_id, d.path, d.title, c.page, c.section, c.start, c."end" FROM chunks c '
                    "JOIN documents d ON d.id = c.document_id WHERE c.id = ?",
                    (chunk_id,),
                ).fetchone()
                if row is None:
                    continue
                (text,) = spans(connection, row[0], [(row[5], row[6])])
                if room is not None and len(text) > room:
                    break
                if room is not None:
                    room -= len(text)
                passages.append(
                    Passage(
                        len(passages) + 1,
                        score,
                        row[0],
                        Path(os.fsdecode(row[1])),
                        row[2],
                        row[3],
                        row[4],
                        row[5],
                        row[6],
                        text,
                    )
                )
        return SearchResult(query, tuple(passages), count, embedder is not None)
