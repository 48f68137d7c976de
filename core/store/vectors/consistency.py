"""Compares rows of the vector store with SQLite where no digest shows that the store's file is sound."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import replace

from core.jobs import Job
from core.store.vectors.ledger import EmbedderState, VectorLedger
from core.store.vectors.milvus import VectorStore

STEP_ROWS = 1000
STEPS = 200  # of a store with more rows than these take, as many steps chosen at random (10 ms each, of signs)


def agrees(
    store: VectorStore, ledger: VectorLedger, usable: Callable[[VectorStore, EmbedderState], bool], job: Job
) -> bool:
    """Whether the rows that the store acknowledged are in its usable collections with their vectors: all, or a sample
    of very many. In steps, between which `job` may be stopped."""
    used = [known for fingerprint, _ in ledger.pushed() if (known := ledger.known(fingerprint)) is not None]
    return all(_agrees(store, ledger, embedder, job) for embedder in used if usable(store, embedder))


def _agrees(store: VectorStore, ledger: VectorLedger, embedder: EmbedderState, job: Job) -> bool:
    for after in _begins(embedder.pushed_through):
        job.check()
        rows = ledger.to_push(replace(embedder, pushed_through=after), STEP_ROWS)
        given = slice(bisect_right(rows.ledger_ids, embedder.pushed_through))
        if not store.has_rows(
            embedder.generation, rows.chunk_ids[given], rows.document_ids[given], rows.vectors[given]
        ):
            return False
    return True


def _begins(through: int) -> Iterable[int]:
    """The ledger ids after which the steps begin."""
    begins = range(0, through, STEP_ROWS)
    return begins if len(begins) <= STEPS else sorted(random.sample(begins, STEPS))
