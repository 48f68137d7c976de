"""Makes the vectors that are missing, in small batches, each committed before the next; gives way to questions."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.jobs import Job
from core.library.attention import Attention
from core.library.context import embedded_text, own_title
from core.library.reading import TokenCounter
from core.store.database import Database
from core.store.texts import spans
from core.store.vector_ledger import VectorLedger
from models.cancel import CancelToken
from models.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

log = logging.getLogger(__name__)

BATCH_PASSAGES = 64
SAMPLES = 8
PUSH_EVERY = 4096  # vectors that the store does not have yet are searched one by one


class PassageEmbedder(TokenCounter, Protocol):
    """What is needed of an embedding model (`models.embedder.Embedder`)."""

    def embed_passages(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors: ...


@dataclass(frozen=True, slots=True)
class _Batch:
    """Passages without a vector; every one up to chunk id `through` has been looked at."""

    chunk_ids: list[int]
    texts: list[str]
    through: int


def embed_missing(
    database: Database,
    ledger: VectorLedger,
    embedder: PassageEmbedder,
    attention: Attention,
    job: Job,
    push: Callable[[], None],
    *,
    interrupted: Callable[[], bool] = lambda: False,
    unit: str = "passages",
) -> bool:
    """Embed every passage that has no vector of this embedder; `push` is called now and then, and at the end. False if
    `interrupted` before all were done."""
    state = ledger.embedder(embedder.spec.fingerprint, embedder.spec.dimension)
    total = _missing(database, state.id, state.embedded_through)
    through, done, unpushed = state.embedded_through, 0, 0
    started_s = time.monotonic()
    job.report(Progress(0, total, unit), now=True)
    while (batch := _next_batch(database, state.id, through)) is not None:
        attention.give_way(job.cancel)
        vectors = embedder.embed_passages(batch.texts, job.cancel)
        ledger.store(state, batch.chunk_ids, vectors, batch.through)
        through = batch.through
        done += len(batch.chunk_ids)
        left_s = (time.monotonic() - started_s) / done * max(0, total - done)
        job.report(Progress(done, max(total, done), unit, seconds_left=left_s))
        unpushed += len(batch.chunk_ids)
        if unpushed >= PUSH_EVERY:
            push()
            unpushed = 0
        if interrupted():
            return False
    push()
    return True


def measured_s(database: Database, embedder: PassageEmbedder, job: Job) -> tuple[int, float]:
    """How many passages this embedder has yet to embed, and about how many seconds that takes: some of them are
    embedded to see."""
    known = VectorLedger(database).known(embedder.spec.fingerprint)
    embedder_id, through = (known.id, known.embedded_through) if known is not None else (0, 0)
    total = _missing(database, embedder_id, through)
    texts: list[str] = []
    for at in _spread(database, through, SAMPLES):
        batch = _next_batch(database, embedder_id, at, BATCH_PASSAGES // SAMPLES)
        texts += batch.texts if batch is not None else []
    if not texts:
        return total, 0.0
    embedder.embed_passages(texts[:1], job.cancel)  # its first work is slower
    started_s = time.monotonic()
    embedder.embed_passages(texts, job.cancel)
    return total, (time.monotonic() - started_s) / len(texts) * total


def _spread(database: Database, after: int, number: int) -> list[int]:
    """Chunk ids spread over those beyond `after`."""
    with database.read() as connection:
        (last,) = connection.execute("SELECT COALESCE(MAX(id), 0) FROM chunks").fetchone()
    return [after + (last - after) * n // number for n in range(number)]


def _missing(database: Database, embedder_id: int, through: int) -> int:
    with database.read() as connection:
        row = connection.execute(
            "SELECT COUNT(*) FROM chunks c WHERE c.id > ? AND NOT EXISTS "
            "(SELECT 1 FROM chunk_vectors v WHERE v.chunk_id = c.id AND v.embedder_id = ?)",
            (through, embedder_id),
        ).fetchone()
    return int(row[0])


def _next_batch(database: Database, embedder_id: int, through: int, limit: int = BATCH_PASSAGES) -> _Batch | None:
    with database.read() as connection:
        rows = connection.execute(
            'SELECT c.id, c.document_id, c.start, c."end", c.section, d.title, d.path FROM chunks c '
            "JOIN documents d ON d.id = c.document_id WHERE c.id > ? AND NOT EXISTS "
            "(SELECT 1 FROM chunk_vectors v WHERE v.chunk_id = c.id AND v.embedder_id = ?) ORDER BY c.id LIMIT ?",
            (through, embedder_id, limit),
        ).fetchall()
        if not rows:
            return None
        texts: list[str] = []
        for document_id, group in groupby(rows, key=lambda row: int(row[1])):
            passages = list(group)
            title = own_title(Path(os.fsdecode(passages[0][6])), passages[0][5])
            bodies = spans(connection, document_id, [(row[2], row[3]) for row in passages])
            texts += [embedded_text(title, row[4], body) for row, body in zip(passages, bodies, strict=True)]
    return _Batch([row[0] for row in rows], texts, rows[-1][0])
