"""One query to the vector store: sent at once, answered while the caller does something else.

The store's results are joined with vectors that SQLite has and the store does not yet. Cosines are always computed from
SQLite's vectors, so that rows the store has yet to delete are not found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from core.store.vectors.ledger import EmbedderState, VectorLedger
from core.store.vectors.milvus import VectorStore, is_binary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DELETE_ROWS = 5000
MANY = 200_000
CANDIDATES = 500  # chosen by signs, then ordered exactly; tests/bench/bench_store.py prints the recall
CANDIDATES_OF_MANY = 1000
CANDIDATES_PER_HIT = 12
SPARE = 8  # vectors asked for beside the wanted ones: the furthest may be as near as others that are not found
MOST_ASKED = 16_384  # Milvus gives no more
ROUNDING = 1e-5  # of the store's cosines


class VectorQuery:
    """Used by one thread. Raises `VectorStoreError`."""

    def __init__(
        self,
        store: VectorStore,
        ledger: VectorLedger,
        embedder: EmbedderState,
        vector: Vectors,
        limit: int,
        documents: Collection[int] | None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._embedder = embedder
        self._vector = vector
        self._limit = limit
        self._documents = documents
        gone = len(ledger.to_delete(embedder, DELETE_ROWS))
        self._asked, self._enough = limit + SPARE, limit
        if is_binary(embedder.generation):
            at_least = CANDIDATES if embedder.pushed_through < MANY else CANDIDATES_OF_MANY
            self._asked = max(at_least, CANDIDATES_PER_HIT * limit)
            self._enough = self._asked // 2
        self._asked = min(MOST_ASKED, self._asked + gone)
        self._enough = min(MOST_ASKED, self._enough + gone)
        self._answer = self._ask()

    def found(self) -> list[tuple[int, float]]:
        """The nearest passages as (passage id, cosine), nearest first, equals in the order of their files."""
        ledger, embedder = self._ledger, self._embedder
        hits = dict(ledger.scores(embedder, self._vector, self._likely()))
        after = embedder.pushed_through
        hits.update(ledger.nearest(embedder, self._vector, self._limit, self._documents, after=after))
        return ledger.best(hits.items(), self._limit)

    def _likely(self) -> list[int]:
        """The nearest rows of the store; of equally near ones all or none, since which of them it returns depends on
        the order of insertion."""
        while True:
            found = self._answer()
            if len(found) < self._asked:
                return [chunk_id for chunk_id, _ in found]
            furthest = found[-1][1] + ROUNDING
            clear = [chunk_id for chunk_id, nearness in found if nearness > furthest]
            if len(clear) >= self._enough:
                return clear
            if self._asked == MOST_ASKED:
                return [chunk_id for chunk_id, _ in found]
            self._asked = min(MOST_ASKED, 2 * self._asked)
            self._answer = self._ask()

    def _ask(self) -> Callable[[], list[tuple[int, float]]]:
        return self._store.begin_search(self._embedder.generation, self._vector, self._asked, self._documents)
