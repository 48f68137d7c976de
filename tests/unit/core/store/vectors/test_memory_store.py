"""The vector store of an encrypted library finds what Milvus Lite finds, and writes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.jobs import Job
from core.store.database import Database
from core.store.vectors import index as index_module
from core.store.vectors.index import VectorIndex
from core.store.vectors.memory_store import MemoryStore
from core.store.vectors.milvus import new_collection_name
from core.store.vectors.store_file import VectorStoreError

Vectors = NDArray[np.float32]


def unit_vectors(count: int, dimension: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension))
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)
    return unit


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("signs", [False, True])
def test_rows_are_found_as_a_dictionary_of_them_would(signs: bool, seed: int) -> None:
    chance, dimension = random.Random(seed), (24, 64, 100)[seed % 3]
    store, name, rows = MemoryStore(), new_collection_name(signs), {}
    store.create(name, dimension)
    vectors = unit_vectors(3000, dimension, seed)
    for start in range(0, 3000, 500):
        ids = chance.sample(range(2000), 500)
        documents = [i % 7 for i in ids]
        part = vectors[start : start + 500]
        store.insert(name, ids, documents, part, known=True)
        rows.update({i: (d, v) for i, d, v in zip(ids, documents, part, strict=True)})
        gone = chance.sample(range(2500), 300)
        store.delete(name, gone)
        for i in gone:
            rows.pop(i, None)
        assert store.count(name) == len(rows)
    ids = sorted(rows)
    held = [rows[i] for i in ids]
    assert store.has_rows(name, ids, [d for d, _ in held], np.array([v for _, v in held]))
    assert not store.has_rows(name, ids, [d + 1 for d, _ in held], np.array([v for _, v in held]))
    assert not store.has_rows(name, [*ids[1:], 9999], [d for d, _ in held], np.array([v for _, v in held]))
    for wanted in unit_vectors(5, dimension, seed + 100):
        for among in (None, {1, 3}, {99}):
            found = store.search(name, wanted, 10, among)
            allowed = {i: v for i, (d, v) in rows.items() if among is None or d in among}
            near = {
                i: -float(np.count_nonzero((v > 0) != (wanted > 0))) if signs else float(v @ wanted)
                for i, v in allowed.items()
            }
            best = sorted(near.values(), reverse=True)[:10]
            assert [score for _, score in found] == pytest.approx(best, abs=1e-5)
            assert all(near[i] == pytest.approx(score, abs=1e-5) for i, score in found)


def test_collection_that_is_not_there_is_an_error_of_the_store() -> None:
    store = MemoryStore()
    with pytest.raises(VectorStoreError):
        store.count("passages_0")
    store.drop("passages_0")


@pytest.mark.parametrize("binary_from", [20_000, 100])
def test_index_over_it_is_filled_after_each_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, binary_from: int
) -> None:
    monkeypatch.setattr(index_module, "BINARY_FROM", binary_from)
    vectors, key = unit_vectors(1000, 32, 3), bytes(range(32))
    folder = tmp_path / "vectors"
    for opening in range(3):
        with Database(tmp_path / "library.db", key=key) as database:
            index = VectorIndex(database, folder, MemoryStore.open)
            state = index.ledger.embedder("f", 32)
            if opening == 0:
                with database.write() as connection:
                    connection.execute("INSERT INTO folders (id, path, added_s) VALUES (1, x'2f', 0)")
                    connection.execute(
                        "INSERT INTO documents (id, folder_id, path, state, size_bytes, modified_ns) "
                        "VALUES (1, 1, x'61', 'indexed', 0, 0)"
                    )
                    connection.executemany(
                        'INSERT INTO chunks (id, document_id, ordinal, start, "end", section, content_hash) '
                        "VALUES (?, 1, ?, 0, 0, '', x'')",
                        ((i, i) for i in range(1, 1001)),
                    )
                index.ledger.store(state, range(1, 1001), vectors, 1000)
            if opening == 2:
                with database.write() as connection:
                    connection.execute("DELETE FROM chunks WHERE id <= 10")
            index.refresh("f", 32, Job())
            assert index.is_ready("f")
            for number in (3, 500, 999):
                expected = [] if opening == 2 and number < 10 else [number + 1]
                assert [i for i, _ in index.search("f", vectors[number], 1)] == expected or number < 10
            index.close()
    assert not folder.exists() or list(folder.iterdir()) == []
