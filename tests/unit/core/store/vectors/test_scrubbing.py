"""Deleted vectors leave the store's file, also after interruptions, on a full disk and while a push is under way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.jobs import Job
from core.store.vectors import index
from core.store.vectors.ledger import VectorLedger
from core.store.vectors.milvus import is_binary
from core.store.vectors.store_file import VectorStoreError
from tests.support.raw_bytes import traces
from tests.unit.core.store.vectors.test_index import DIMENSION, StoredVectors, Vectors, unit_vectors

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Milvus Lite 2.5 has no build for Windows")


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[StoredVectors]:
    stored = StoredVectors(tmp_path)
    yield stored
    stored.close()


def left(stored: StoredVectors, vectors: Vectors) -> list[str]:
    """The vectors, or their signs, that lie in the store's folder."""
    return traces(stored.folder / "vectors", [], list(vectors.astype(np.float16)))


@pytest.mark.parametrize("signs", [False, True])
def test_deleted_vectors_and_signs_leave_the_file(
    stored: StoredVectors, monkeypatch: pytest.MonkeyPatch, signs: bool
) -> None:
    monkeypatch.setattr(index, "BINARY_FROM", 100 if signs else 10_000)
    vectors = unit_vectors(1200)
    ids = stored.add(vectors)
    stored.refresh()
    state = stored.index.ledger.known("f")
    assert state is not None and is_binary(state.generation) == signs and left(stored, vectors[:40])
    stored.drop(ids[:600])
    stored.refresh()
    assert stored.index.scrub() and stored.served()
    assert [n for n in left(stored, vectors[:600]) if not signs] == []
    if signs:  # 32 bits may stand in the file by chance, all 600 do not
        assert len(left(stored, vectors[:600])) < 30


def test_where_the_file_cannot_be_rewritten_it_goes_as_a_whole(
    stored: StoredVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = unit_vectors(50)
    ids = stored.add(vectors)
    stored.refresh()
    stored.drop(ids[:25])
    stored.refresh()
    with monkeypatch.context() as patched:
        patched.setattr(index, "scrub", _disk_full)
        assert stored.index.scrub()
    assert left(stored, vectors) == [] and stored.nearest(vectors[30], 1) == [ids[30]]
    stored.refresh()
    assert stored.served() and stored.nearest(vectors[30], 1) == [ids[30]]


def _disk_full(folder: Path) -> bool:
    raise VectorStoreError("no room")


def test_a_replaced_embedder_whose_collection_was_not_dropped_yet_is_scrubbed(stored: StoredVectors) -> None:
    vectors = unit_vectors(50)
    ids = stored.add(vectors)
    stored.refresh()
    ledger = stored.index.ledger
    other = ledger.embedder("g", DIMENSION)
    ledger.store(other, ids, unit_vectors(50, seed=2), ids[-1])
    stored.index.refresh("g", DIMENSION, Job())
    while ledger.forget_step("f", 1000):
        pass  # and there it was killed: the store was not told
    stored = stored.reopen()
    stored.index.refresh("g", DIMENSION, Job())
    assert stored.index.scrub() and left(stored, vectors) == []
    assert stored.index.is_ready("g")
    stored.close()


def test_deletions_of_an_embedder_that_is_being_forgotten_do_not_hold_scrubbing_up(stored: StoredVectors) -> None:
    vectors = unit_vectors(50)
    ids = stored.add(vectors)
    stored.refresh()
    stored.drop(ids[:10])
    assert stored.index.ledger.forget_step("f", 5)  # the first of several steps
    assert stored.index.scrub()


def test_a_passage_deleted_while_it_is_being_pushed_leaves_the_store(
    stored: StoredVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.add(unit_vectors(5, seed=2))
    stored.refresh()
    assert stored.served()
    vectors = unit_vectors(20)
    ids = stored.add(vectors)
    begin = VectorLedger.begin_push
    with monkeypatch.context() as patched:

        def delete_first(ledger: VectorLedger, state: object, through: int) -> None:
            stored.drop(ids[:10])
            begin(ledger, state, through)  # type: ignore[arg-type]  # passed on as it came

        patched.setattr(VectorLedger, "begin_push", delete_first)
        stored.refresh()
    stored.refresh()
    stored.index.ledger.mark_for_scrubbing()
    assert stored.index.scrub() and left(stored, vectors[:10]) == []
