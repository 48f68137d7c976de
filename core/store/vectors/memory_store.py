"""The vector store of an encrypted library: in memory, for Milvus Lite's file cannot be encrypted.

It is filled from the vectors in SQLite after each opening and writes nothing to the disk. Whole vectors take 4 bytes a
number, binary ones a bit: for 100,000 passages of 384 dimensions, which are binary, 6 MB with their ids.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.store.vectors.milvus import VectorStore, is_binary
from core.store.vectors.store_file import VectorStoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Ids = NDArray[np.int64]

FIRST_ROWS = 1024
WORD_BYTES = 8


@dataclass(slots=True)
class _Collection:
    """Rows in arrays that grow by half; `place` says in which row a passage is."""

    dimension: int
    binary: bool
    ids: Ids
    documents: Ids
    vectors: NDArray[Any]  # float32 [n, dimension], or the bits as uint64 [n, words]
    used: int = 0
    place: dict[int, int] = field(default_factory=dict)


class MemoryStore(VectorStore):
    """Searches exactly, as Milvus Lite does. Any thread may search; one thread at a time writes."""

    def __init__(self) -> None:
        super().__init__(None)
        self._collections: dict[str, _Collection] = {}
        self._lock = threading.Lock()
        self._stamp = f"memory/{uuid.uuid4().hex}"  # no other opening's: what it held is gone with it

    @classmethod
    def open(cls, folder: Path) -> MemoryStore:
        """An empty store. `folder`, where stores of other kinds have their files, is not used."""
        return cls()

    def collections(self) -> set[str]:
        return set(self._collections)

    def create(self, collection: str, dimension: int) -> None:
        import numpy as np

        binary = is_binary(collection)
        width, kind = (-(-dimension // 64), np.uint64) if binary else (dimension, np.float32)
        with self._lock:
            self._collections[collection] = _Collection(
                dimension, binary, np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, width), kind)
            )

    def drop(self, collection: str) -> None:
        with self._lock:
            self._collections.pop(collection, None)

    def load(self, collection: str) -> None:
        """It is in memory already."""

    def insert(
        self, collection: str, ids: Sequence[int], documents: Sequence[int], vectors: Vectors, *, known: bool = False
    ) -> None:
        rows = self._rows(collection)
        stored = _words(vectors) if rows.binary else vectors
        with self._lock:
            _make_room(rows, len(ids))
            for passage in ids:
                if passage not in rows.place:
                    rows.place[passage] = rows.used
                    rows.used += 1
            at = [rows.place[passage] for passage in ids]
            rows.ids[at], rows.documents[at], rows.vectors[at] = ids, documents, stored

    def delete(self, collection: str, ids: Sequence[int]) -> None:
        rows = self._rows(collection)
        with self._lock:
            for passage in ids:
                row = rows.place.pop(passage, None)
                if row is None:
                    continue
                rows.used -= 1
                last = rows.used  # takes the place of the deleted one
                if row != last:
                    for column in (rows.ids, rows.documents, rows.vectors):
                        column[row] = column[last]
                    rows.place[int(rows.ids[row])] = row

    def count(self, collection: str) -> int:
        return self._rows(collection).used

    def has_rows(self, collection: str, ids: Sequence[int], documents: Sequence[int], vectors: Vectors) -> bool:
        import numpy as np

        rows = self._rows(collection)
        with self._lock:
            places = [rows.place.get(passage) for passage in ids]
            found = [place for place in places if place is not None]
            if len(found) != len(ids):
                return False
            wanted = _words(vectors) if rows.binary and len(vectors) else vectors
            same = rows.documents[found].tolist() == list(documents)
            return same and (not found or bool(np.array_equal(rows.vectors[found], wanted)))

    def begin_search(
        self, collection: str, vector: Vectors, limit: int, documents: Collection[int] | None = None
    ) -> Callable[[], list[tuple[int, float]]]:
        import numpy as np

        rows = self._rows(collection)

        def answer() -> list[tuple[int, float]]:
            with self._lock:
                ids, vectors = rows.ids[: rows.used], rows.vectors[: rows.used]
                if documents is not None:
                    kept = np.flatnonzero(
                        np.isin(rows.documents[: rows.used], np.fromiter(documents, np.int64, len(documents)))
                    )
                    ids, vectors = ids[kept], vectors[kept]
                if rows.binary:
                    near = _hamming(vectors, _words(vector[None, :])[0])
                else:  # not by BLAS: its threads wait for each other where others compute, too
                    near = np.einsum("ij,j->i", vectors, vector)
                best = _nearest(near, limit)
                return list(zip(ids[best].tolist(), near[best].astype(float).tolist(), strict=True))

        return answer

    def stamp(self) -> str:
        return self._stamp

    def close(self) -> None:
        with self._lock:
            self._collections.clear()

    def _rows(self, collection: str) -> _Collection:
        rows = self._collections.get(collection)
        if rows is None:
            raise VectorStoreError("it has no such collection")
        return rows


def _make_room(rows: _Collection, more: int) -> None:
    import numpy as np

    needed, there = rows.used + more, len(rows.ids)
    if needed <= there:
        return
    size = max(FIRST_ROWS, needed, there + there // 2)
    ids, documents = np.empty(size, np.int64), np.empty(size, np.int64)
    vectors = np.empty((size, rows.vectors.shape[1]), rows.vectors.dtype)
    for new, old in ((ids, rows.ids), (documents, rows.documents), (vectors, rows.vectors)):
        new[: rows.used] = old[: rows.used]
    rows.ids, rows.documents, rows.vectors = ids, documents, vectors


def _words(vectors: Vectors) -> NDArray[np.uint64]:
    """One bit per number, set where it is positive, as words of 64 bits: shape [n, words]."""
    import numpy as np

    signs = np.packbits(vectors > 0, axis=1)
    padded = np.zeros((len(signs), -(-signs.shape[1] // WORD_BYTES) * WORD_BYTES), np.uint8)
    padded[:, : signs.shape[1]] = signs
    return padded.view(np.uint64)


def _hamming(vectors: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.float32]:
    """The negative Hamming distance of each row: the nearer, the larger."""
    import numpy as np

    distance = np.zeros(len(vectors), np.int32)
    for word in range(vectors.shape[1]):
        distance += np.bitwise_count(vectors[:, word] ^ wanted[word])
    return -distance.astype(np.float32)


def _nearest(near: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
    """Indices of the `limit` largest, largest first."""
    import numpy as np

    if len(near) > limit:
        chosen = np.argpartition(near, len(near) - limit)[len(near) - limit :]
    else:
        chosen = np.arange(len(near))
    order: NDArray[np.int64] = chosen[np.argsort(-near[chosen], kind="stable")]
    return order
