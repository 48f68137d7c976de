"""Vectors in SQLite, half-precision, and how far the vector store has followed.

A passage's vector is deleted with the passage (a cascade), and a trigger queues its deletion from the store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.store import key_values, tie_order
from core.store.database import Database
from core.store.file_rewriting import mark_for_rewriting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

STAMP_KEY = "vector_store_stamp"
SCRUB_KEY = "vectors_to_scrub"
FORGET_KEY = "embedder_to_forget"
BEING_WRITTEN = "being written"
SCAN_ROWS = 4096
MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EmbedderState:
    """The state of one embedder's vectors: passages up to `embedded_through` are embedded; the collection named
    `generation` has the ledger ids up to `pushed_through`, perhaps those up to `pushing_through`."""

    id: int
    dimension: int
    generation: str
    embedded_through: int
    pushing_through: int
    pushed_through: int


@dataclass(frozen=True, slots=True)
class VectorRows:
    """Rows to push to the store, ordered by ledger id."""

    ledger_ids: tuple[int, ...]
    chunk_ids: tuple[int, ...]
    document_ids: tuple[int, ...]
    vectors: Vectors


# The first passage that has one: thousands may be equal.
_VECTOR_OF_CONTENT = (
    "SELECT v.vector FROM chunks c CROSS JOIN chunk_vectors v ON v.chunk_id = c.id AND v.embedder_id = ?2 "
    "WHERE c.content_hash = ?1 ORDER BY c.id LIMIT 1"
)


class VectorLedger:
    """Any thread. Vectors are float32 of shape [n, dimension]."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def embedder(self, fingerprint: str, dimension: int) -> EmbedderState:
        """The state of this embedder, created if it is new."""
        state = self.known(fingerprint)
        if state is None:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT OR IGNORE INTO embedders (fingerprint, dimension) VALUES (?, ?)", (fingerprint, dimension)
                )
            state = self.known(fingerprint)
        if state is None or state.dimension != dimension:
            raise ValueError("an embedder's fingerprint stands for one dimension")
        return state

    def known(self, fingerprint: str) -> EmbedderState | None:
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT id, dimension, generation, embedded_through, pushing_through, pushed_through FROM embedders "
                "WHERE fingerprint = ?",
                (fingerprint,),
            ).fetchone()
        return EmbedderState(*row) if row else None

    def store(self, embedder: EmbedderState, chunk_ids: Sequence[int], vectors: Vectors, through: int) -> int:
        """Store the vectors of these passages, except of those that were deleted meanwhile; every passage up to
        `through` then counts as embedded. Returns how many were stored."""
        import numpy as np

        halves = np.ascontiguousarray(vectors, dtype="<f2")
        with self._database.write() as connection:
            before = connection.total_changes
            connection.executemany(
                "INSERT OR IGNORE INTO chunk_vectors (chunk_id, embedder_id, vector) "
                "SELECT id, ?, ? FROM chunks WHERE id = ?",
                ((embedder.id, half.tobytes(), chunk_id) for chunk_id, half in zip(chunk_ids, halves, strict=True)),
            )
            kept = connection.total_changes - before
            connection.execute(
                "UPDATE embedders SET embedded_through = MAX(embedded_through, ?) WHERE id = ?", (through, embedder.id)
            )
        return kept

    def of_contents(self, embedder: EmbedderState, hashes: Sequence[bytes]) -> dict[bytes, Vectors]:
        """Existing vectors of passages whose embedded text has one of these hashes, by hash."""
        with self._database.read() as connection:
            rows = [
                (content_hash, row[0])
                for content_hash in dict.fromkeys(hashes)
                if (row := connection.execute(_VECTOR_OF_CONTENT, (content_hash, embedder.id)).fetchone())
            ]
        if not rows:
            return {}
        return dict(zip((row[0] for row in rows), _unpacked([row[1] for row in rows], embedder.dimension), strict=True))

    def last_to_push(self, embedder: EmbedderState, limit: int) -> int | None:
        """The ledger id of the last of the next `limit` vectors that the store may not have; None if there are none."""
        with self._database.read() as connection:
            (last,) = connection.execute(
                "SELECT MAX(id) FROM "
                "(SELECT id FROM chunk_vectors WHERE id > ? AND embedder_id = ? ORDER BY id LIMIT ?)",
                (embedder.pushed_through, embedder.id, limit),
            ).fetchone()
        return None if last is None else int(last)

    def to_push(self, embedder: EmbedderState, limit: int, through: int = MAX_ID) -> VectorRows:
        """The next vectors that the store may not have, up to the ledger id `through`."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT v.id, v.chunk_id, c.document_id, v.vector FROM chunk_vectors v "
                "JOIN chunks c ON c.id = v.chunk_id WHERE v.id > ? AND v.id <= ? AND v.embedder_id = ? "
                "ORDER BY v.id LIMIT ?",
                (embedder.pushed_through, through, embedder.id, limit),
            ).fetchall()
        return VectorRows(
            tuple(row[0] for row in rows),
            tuple(row[1] for row in rows),
            tuple(row[2] for row in rows),
            _unpacked([row[3] for row in rows], embedder.dimension),
        )

    def to_delete(self, embedder: EmbedderState, limit: int) -> list[tuple[int, int]]:
        """Ledger ids and passage ids of rows that the store must delete."""
        with self._database.read() as connection:
            return connection.execute(
                "SELECT id, chunk_id FROM vector_deletions WHERE embedder_id = ? ORDER BY id LIMIT ?",
                (embedder.id, limit),
            ).fetchall()

    def begin_push(self, embedder: EmbedderState, through: int) -> None:
        """Record, before the store is written, which rows it may have afterwards."""
        with self._database.write() as connection:
            connection.execute("UPDATE embedders SET pushing_through = ? WHERE id = ?", (through, embedder.id))
            key_values.put_value(connection, STAMP_KEY, BEING_WRITTEN)

    def end_push(self, embedder: EmbedderState, through: int, stamp: str) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE embedders SET pushed_through = ? WHERE id = ?", (through, embedder.id))
            key_values.put_value(connection, STAMP_KEY, stamp)

    def end_deletions(self, ledger_ids: Sequence[int], stamp: str) -> None:
        with self._database.write() as connection:
            connection.executemany("DELETE FROM vector_deletions WHERE id = ?", ((i,) for i in ledger_ids))
            key_values.put_value(connection, STAMP_KEY, stamp)
            key_values.put_value(connection, SCRUB_KEY, "1")

    def begin_generation(self, embedder: EmbedderState, name: str) -> None:
        """Record that the store's collection for this embedder is `name`, and empty."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE embedders SET generation = ?, pushed_through = 0, pushing_through = 0 WHERE id = ?",
                (name, embedder.id),
            )
            connection.execute("DELETE FROM vector_deletions WHERE embedder_id = ?", (embedder.id,))

    def pushed(self) -> list[tuple[str, int]]:
        """Fingerprint and dimension of every embedder that has a collection."""
        with self._database.read() as connection:
            return connection.execute("SELECT fingerprint, dimension FROM embedders WHERE generation <> ''").fetchall()

    def generations(self) -> set[str]:
        """The names of all collections in use."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT generation FROM embedders WHERE generation <> ''").fetchall()
        return {name for (name,) in rows}

    def forget_generations(self) -> None:
        """Record that the store was lost with all its collections."""
        with self._database.write() as connection:
            connection.execute("UPDATE embedders SET generation = '', pushed_through = 0, pushing_through = 0")
            connection.execute("DELETE FROM vector_deletions")
            key_values.put_value(connection, STAMP_KEY, "")
            key_values.drop_value(connection, SCRUB_KEY)

    def begin_to_forget(self, fingerprint: str) -> None:
        """Record that this embedder's vectors are to be deleted (`forget_step`) before another takes its place."""
        with self._database.write() as connection:
            key_values.put_value(connection, FORGET_KEY, fingerprint)

    def to_forget(self) -> str:
        """The fingerprint recorded by `begin_to_forget`; "" for none."""
        with self._database.read() as connection:
            return key_values.value_of(connection, FORGET_KEY) or ""

    def forget_step(self, fingerprint: str, limit: int) -> bool:
        """Delete up to `limit` vectors of this embedder, and at last the embedder itself. True while there is more to
        do."""
        state = self.known(fingerprint)
        with self._database.write() as connection:
            if state is not None:
                connection.execute(  # its collection goes as a whole: the store need not be told row by row
                    "UPDATE embedders SET generation = '', pushing_through = 0, pushed_through = 0 WHERE id = ?",
                    (state.id,),
                )
                gone = connection.execute(
                    "DELETE FROM chunk_vectors WHERE id IN "
                    "(SELECT id FROM chunk_vectors WHERE embedder_id = ? ORDER BY id LIMIT ?)",
                    (state.id, limit),
                ).rowcount
                if gone == limit:
                    return True
                connection.execute("DELETE FROM vector_deletions WHERE embedder_id = ?", (state.id,))
                key_values.put_value(connection, SCRUB_KEY, "1")
                mark_for_rewriting(connection)
                connection.execute("DELETE FROM embedders WHERE id = ?", (state.id,))
            key_values.drop_value(connection, FORGET_KEY)
        return False

    def expected(self, embedder: EmbedderState) -> int:
        """How many rows the store must have once what is queued for deletion is gone."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT COUNT(*) FROM chunk_vectors WHERE embedder_id = ? AND id <= ?",
                (embedder.id, embedder.pushed_through),
            ).fetchone()
        return int(row[0])

    def count(self, embedder: EmbedderState) -> int:
        """The number of vectors of this embedder."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT COUNT(*) FROM chunk_vectors WHERE embedder_id = ?", (embedder.id,)
            ).fetchone()
        return int(row[0])

    def stamp(self) -> str:
        """The store's stamp after our last write; `BEING_WRITTEN` if that was interrupted."""
        with self._database.read() as connection:
            return key_values.value_of(connection, STAMP_KEY) or ""

    def mark_for_scrubbing(self) -> None:
        """Record that the store's file has the bytes of rows that were deleted."""
        with self._database.write() as connection:
            key_values.put_value(connection, SCRUB_KEY, "1")

    def needs_scrubbing(self) -> bool:
        with self._database.read() as connection:
            return key_values.value_of(connection, SCRUB_KEY) is not None

    def end_scrubbing(self, stamp: str | None) -> None:
        """Record that the store's file has the bytes of its rows alone; its stamp is now `stamp`, if that is known."""
        with self._database.write() as connection:
            key_values.drop_value(connection, SCRUB_KEY)
            if stamp is not None:
                key_values.put_value(connection, STAMP_KEY, stamp)

    def all_deletions_applied(self) -> bool:
        with self._database.read() as connection:
            waiting = connection.execute(  # a collection without an embedder goes as a whole
                "SELECT 1 FROM vector_deletions d JOIN embedders e ON e.id = d.embedder_id "
                "WHERE e.generation <> '' LIMIT 1"
            )
            return waiting.fetchone() is None

    def put_stamp(self, stamp: str) -> None:
        with self._database.write() as connection:
            key_values.put_value(connection, STAMP_KEY, stamp)

    def scores(self, embedder: EmbedderState, vector: Vectors, chunk_ids: Sequence[int]) -> list[tuple[int, float]]:
        """(passage id, cosine) of these passages, in no order, without those that were deleted."""
        ids = ",".join(str(int(i)) for i in chunk_ids)
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT chunk_id, vector FROM chunk_vectors WHERE chunk_id IN ({ids}) AND embedder_id = ?",
                (embedder.id,),
            ).fetchall()
        scores = _cosines(_unpacked([row[1] for row in rows], embedder.dimension), vector)
        return list(zip([row[0] for row in rows], scores.tolist(), strict=True))

    def best(self, hits: Iterable[tuple[int, float]], limit: int) -> list[tuple[int, float]]:
        """The `limit` nearest of these (passage id, cosine), nearest first, equals in the order of their files."""
        with self._database.read() as connection:
            return tie_order.best(connection, hits, limit)

    def nearest(
        self,
        embedder: EmbedderState,
        vector: Vectors,
        limit: int,
        documents: Collection[int] | None = None,
        *,
        after: int = 0,
    ) -> list[tuple[int, float]]:
        """Search exactly in SQLite, among the vectors with ledger ids after `after`: (passage id, cosine), nearest
        first. Reads all of them (about 0.4 s for 100,000 of 384 dimensions), some at a time."""
        import numpy as np

        among = ""
        if documents is not None:
            ids = ",".join(str(int(i)) for i in documents)
            among = f"AND chunk_id IN (SELECT id FROM chunks WHERE document_id IN ({ids}))"
        hits: list[tuple[int, float]] = []
        least = -np.inf
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT chunk_id, vector FROM chunk_vectors WHERE id > ? AND embedder_id = ? {among}",
                (after, embedder.id),
            )
            while part := rows.fetchmany(SCAN_ROWS):
                scores = _cosines(_unpacked([row[1] for row in part], embedder.dimension), vector)
                hits += ((part[i][0], float(scores[i])) for i in np.flatnonzero(scores >= least))
                if len(hits) > limit:
                    least = np.partition([score for _, score in hits], -limit)[-limit]
                    hits = [hit for hit in hits if hit[1] >= least]
            return tie_order.best(connection, hits, limit)


def _cosines(vectors: Vectors, vector: Vectors) -> Vectors:
    """Cosines one by one: as a product of matrices, the last digits would depend on the other rows."""
    import numpy as np

    cosines: Vectors = np.einsum("ij,j->i", vectors, vector)
    return cosines


def _unpacked(blobs: Sequence[bytes], dimension: int) -> Vectors:
    import numpy as np

    return np.frombuffer(b"".join(blobs), dtype="<f2").reshape(-1, dimension).astype(np.float32)
