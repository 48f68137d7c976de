"""Computes missing vectors in small batches, each committed before the next, pausing for questions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from sqlite3 import Connection
from typing import TYPE_CHECKING, Protocol

from core.jobs import Job
from core.library.context import distinct_title, embedded_text
from core.library.new_content import TokenCounter
from core.library.throttle import Throttle
from core.store.database import Database
from core.store.documents.damage import from_the_rest
from core.store.documents.texts import spans
from core.store.vectors.embedding_crash_log import EmbeddingCrashLog
from core.store.vectors.ledger import VectorLedger
from models.cancel import CancelToken
from models.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_Row = tuple[int, bytes, int, int, int, str, str, bytes]

BATCH_PASSAGES = 64
SAMPLES = 8  # places in the library from which passages are taken to measure the speed
PUSH_EVERY = 4096  # passages; vectors that the vector store lacks are compared one by one in each search


class PassageEmbedder(TokenCounter, Protocol):
    """The part of an embedding model used here (`models.embedder.Embedder`)."""

    def embed_passages(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors: ...


@dataclass(frozen=True, slots=True)
class _Batch:
    """Passages without a vector, with the hash of each text; every passage up to id `through` has been considered."""

    passage_ids: list[int]
    hashes: list[bytes]
    texts: list[str]
    through: int


def embed_missing(
    database: Database,
    ledger: VectorLedger,
    embedder: PassageEmbedder,
    throttle: Throttle,
    job: Job,
    push: Callable[[], None],
    *,
    on_begin: Callable[[], None] = lambda: None,
    interrupted: Callable[[], bool] = lambda: False,
    unit: str = "passages",
) -> bool:
    """Embed every passage that lacks a vector of this embedder. Calls `on_begin` before the first, if there is one, and
    `push` now and then and at the end. False if `interrupted` before all were done. Passages that were being embedded
    when the program ended come last, one by one, and are left out once that happened too often."""
    fingerprint = embedder.spec.fingerprint
    crash_log = EmbeddingCrashLog(database)
    crash_log.count_crashed(fingerprint)
    run = _EmbeddingRun(database, ledger, embedder, throttle, crash_log, job, on_begin, push, interrupted, unit)
    try:
        return run.embed_all() and run.embed_suspects()
    finally:
        crash_log.end_all(fingerprint)


class _EmbeddingRun:
    def __init__(
        self,
        database: Database,
        ledger: VectorLedger,
        embedder: PassageEmbedder,
        throttle: Throttle,
        crash_log: EmbeddingCrashLog,
        job: Job,
        on_begin: Callable[[], None],
        push: Callable[[], None],
        interrupted: Callable[[], bool],
        unit: str,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._embedder = embedder
        self._fingerprint = embedder.spec.fingerprint
        self._throttle = throttle
        self._crash_log = crash_log
        self._job = job
        self._on_begin = on_begin
        self._push = push
        self._interrupted = interrupted
        self._unit = unit
        self._state = ledger.embedder(embedder.spec.fingerprint, embedder.spec.dimension)

    def embed_all(self) -> bool:
        """Embed all but the suspects."""
        key, through = (self._state.id, self._fingerprint), self._state.embedded_through
        total, done, unpushed = _count_missing(self._database, *key, through), 0, 0
        started_s = time.monotonic()
        self._job.report(Progress(0, total, self._unit), now=True)
        if total:
            self._on_begin()
        while (batch := _next_batch(self._database, *key, through)) is not None:
            self._embed(batch)
            through = batch.through
            done += len(batch.passage_ids)
            left_s = (time.monotonic() - started_s) / done * max(0, total - done)
            self._job.report(Progress(done, max(total, done), self._unit, seconds_left=left_s))
            unpushed += len(batch.passage_ids)
            if unpushed >= PUSH_EVERY:
                self._push()
                unpushed = 0
            if self._interrupted():
                return False
        self._push()
        return True

    def embed_suspects(self) -> bool:
        suspects = self._crash_log.suspects(self._fingerprint)
        for content_hash in suspects:
            batch = _batch_of(self._database, self._state.id, content_hash)
            if batch is not None:
                self._embed(batch, alone=True)
            self._crash_log.cleared(self._fingerprint, content_hash)
            if self._interrupted():
                return False
        if suspects:
            self._push()
        return True

    def _embed(self, batch: _Batch, *, alone: bool = False) -> None:
        """Embed a batch, or only its first text if that is to be embedded `alone`."""
        self._throttle.wait_while_paused(self._job.cancel)
        if alone:
            vectors = self._embed_texts(batch.hashes, batch.texts, alone=True).repeat(len(batch.passage_ids), axis=0)
        else:
            vectors = self._vectors(batch)
        self._ledger.store(self._state, batch.passage_ids, vectors, batch.through)

    def _vectors(self, batch: _Batch) -> Vectors:
        """Vectors of the texts; equal texts (headers of pages, copies of files) are embedded once."""
        import numpy as np

        known = self._ledger.of_contents(self._state, batch.hashes)
        new = {key: text for key, text in zip(batch.hashes, batch.texts, strict=True) if key not in known}
        if new:
            known |= zip(new, self._embed_texts(list(new), list(new.values())), strict=True)
        return np.stack([known[key] for key in batch.hashes])

    def _embed_texts(self, hashes: list[bytes], texts: list[str], *, alone: bool = False) -> Vectors:
        self._crash_log.begin(self._fingerprint, hashes, alone=alone)
        return self._embedder.embed_passages(texts, self._job.cancel)


def estimate_embedding(database: Database, embedder: PassageEmbedder, job: Job) -> tuple[int, float]:
    """How many passages this embedder has to embed and about how many seconds that takes, measured on some of them."""
    fingerprint = embedder.spec.fingerprint
    crash_log = EmbeddingCrashLog(database)
    crash_log.count_crashed(fingerprint)
    known = VectorLedger(database).known(fingerprint)
    embedder_id, through = (known.id, known.embedded_through) if known is not None else (0, 0)
    total = _count_missing(database, embedder_id, fingerprint, through)
    hashes: list[bytes] = []
    texts: list[str] = []
    for at in _evenly_spread_ids(database, through, SAMPLES):
        batch = _next_batch(database, embedder_id, fingerprint, at, BATCH_PASSAGES // SAMPLES)
        hashes += batch.hashes if batch is not None else []
        texts += batch.texts if batch is not None else []
    if not texts:
        return total, 0.0
    crash_log.begin(fingerprint, hashes)
    try:
        embedder.embed_passages(texts[:1], job.cancel)  # its first work is slower
        started_s = time.monotonic()
        embedder.embed_passages(texts, job.cancel)
        return total, (time.monotonic() - started_s) / len(texts) * total
    finally:
        crash_log.end_all(fingerprint)


def _evenly_spread_ids(database: Database, after: int, number: int) -> list[int]:
    """Passage ids spread evenly over those after `after`."""
    with database.read() as connection:
        (last,) = connection.execute("SELECT COALESCE(MAX(id), 0) FROM chunks").fetchone()
    return [after + (last - after) * n // number for n in range(number)]


_UNEMBEDDED = (
    "c.id > ? AND NOT EXISTS (SELECT 1 FROM chunk_vectors v WHERE v.chunk_id = c.id AND v.embedder_id = ?) "
    "AND c.content_hash NOT IN (SELECT content_hash FROM embedding_in_hand WHERE fingerprint = ? AND suspect)"
)
_PASSAGES = (
    'SELECT c.id, c.content_hash, c.document_id, c.start, c."end", c.section, d.title, d.path FROM chunks c '
    "JOIN documents d ON d.id = c.document_id "
)


def _count_missing(database: Database, embedder_id: int, fingerprint: str, through: int) -> int:
    with database.read() as connection:
        row = connection.execute(
            f"SELECT COUNT(*) FROM chunks c WHERE {_UNEMBEDDED}", (through, embedder_id, fingerprint)
        ).fetchone()
    return int(row[0])


def _next_batch(
    database: Database, embedder_id: int, fingerprint: str, through: int, limit: int = BATCH_PASSAGES
) -> _Batch | None:
    def read() -> _Batch | None:
        with database.read() as connection:
            rows = connection.execute(
                f"{_PASSAGES} WHERE {_UNEMBEDDED} ORDER BY c.id LIMIT ?", (through, embedder_id, fingerprint, limit)
            ).fetchall()
            return _Batch(*_columns(rows), _texts(connection, rows), rows[-1][0]) if rows else None

    return from_the_rest(database, read)


def _batch_of(database: Database, embedder_id: int, content_hash: bytes) -> _Batch | None:
    """Every passage without a vector whose embedded text is this one."""

    def read() -> _Batch | None:
        with database.read() as connection:
            rows = connection.execute(
                f"{_PASSAGES} WHERE c.content_hash = ? AND NOT EXISTS "
                "(SELECT 1 FROM chunk_vectors v WHERE v.chunk_id = c.id AND v.embedder_id = ?) ORDER BY c.id",
                (content_hash, embedder_id),
            ).fetchall()
            return _Batch(_columns(rows)[0], [content_hash], _texts(connection, rows[:1]), 0) if rows else None

    return from_the_rest(database, read)


def _columns(rows: Sequence[_Row]) -> tuple[list[int], list[bytes]]:
    return [row[0] for row in rows], [row[1] for row in rows]


def _texts(connection: Connection, rows: Sequence[_Row]) -> list[str]:
    texts: list[str] = []
    for document_id, group in groupby(rows, key=lambda row: row[2]):
        passages = list(group)
        title = distinct_title(Path(os.fsdecode(passages[0][7])), passages[0][6])
        bodies = spans(connection, document_id, [(row[3], row[4]) for row in passages])
        texts += [embedded_text(title, row[5], body) for row, body in zip(passages, bodies, strict=True)]
    return texts
