"""The vector store and the index over it: exact, derived, in step with SQLite, made again whenever it is in doubt."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from core.jobs import Job
from core.store.database import Database
from core.store.vectors import index, query
from core.store.vectors.binary_vectors import binary_vectors_of
from core.store.vectors.index import VectorIndex
from core.store.vectors.ledger import BEING_WRITTEN
from core.store.vectors.milvus import LiteFileStore, is_binary
from core.store.vectors.milvus_windows import LiteFolderStore
from core.store.vectors.open_store import open_store
from core.store.vectors.store_file import VectorStoreError
from models.cancel import CancelToken
from models.faults import Cancelled

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Milvus Lite 2.5 has no build for Windows")
DIMENSION = 32
Vectors = NDArray[np.float32]


def unit_vectors(count: int, seed: int = 1) -> Vectors:
    """Unit vectors, as near as half precision can hold them."""
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


def vectors_on_matters(count: int) -> Vectors:
    """Unit vectors in tens, each ten on one matter: as real passages lie, the nearest ones are clearly nearer (a cosine
    of about 0.8) than all others. Vectors thrown at random have no such neighbours, and signs cannot tell them."""
    chance = np.random.default_rng(1)
    matters = np.repeat(chance.standard_normal((count // 10, DIMENSION)), 10, axis=0)
    vectors = matters + 0.5 * chance.standard_normal((count, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


def servers(folder: Path) -> list[psutil.Process]:
    """The vector store processes that serve a file in `folder`."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        command = process.info["cmdline"] or []
        if process.info["name"] == "milvus" and len(command) > 1 and command[1].startswith(str(folder.resolve())):
            found.append(process)
    return found


class StoredVectors:
    """A database with passages and vectors, and the index over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder / "library.db")
        self.index = VectorIndex(self.database, folder / "vectors")
        self.file = folder / "vectors" / "vectors.db"

    def add(self, vectors: Vectors, document: int = 1) -> list[int]:
        """Passages of `document` with these vectors, as the indexer leaves them; returns their ids."""
        state = self.index.ledger.embedder("f", DIMENSION)
        with self.database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO folders (id, path, added_s) VALUES (1, x'2f', 0)")
            connection.execute(
                "INSERT OR IGNORE INTO documents (id, folder_id, path, state, size_bytes, modified_ns) "
                "VALUES (?, 1, CAST(? AS BLOB), 'indexed', 0, 0)",
                (document, str(document)),
            )
            ids = [
                connection.execute(
                    'INSERT INTO chunks (document_id, ordinal, start, "end", section, content_hash) '
                    "VALUES (?, 0, 0, 0, '', x'')",
                    (document,),
                ).lastrowid
                or 0
                for _ in vectors
            ]
        self.index.ledger.store(state, ids, vectors, ids[-1])
        return ids

    def drop(self, ids: list[int]) -> None:
        with self.database.write() as connection:
            connection.executemany("DELETE FROM chunks WHERE id = ?", ((i,) for i in ids))

    def refresh(self, job: Job | None = None) -> None:
        self.index.refresh("f", DIMENSION, job or Job())

    def nearest(self, vector: Vectors, limit: int = 5, documents: frozenset[int] | None = None) -> list[int]:
        return [chunk_id for chunk_id, _ in self.index.search("f", vector, limit, documents)]

    def served(self) -> bool:
        """Whether Milvus answers, not SQLite in its stead."""
        return self.index.is_ready("f")

    def reopen(self) -> StoredVectors:
        self.close()
        return StoredVectors(self.folder)

    def close(self) -> None:
        self.index.close()
        self.database.close()


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[StoredVectors]:
    stored = StoredVectors(tmp_path)
    yield stored
    stored.close()
    assert servers(tmp_path) == []


def test_a_server_that_starts_slowly_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import milvus_lite.server

    programs = Path(milvus_lite.server.BIN_PATH)
    slow = tmp_path / "slow"
    slow.mkdir()
    starter = slow / "milvus"
    starter.write_text(f'#!/bin/sh\nsleep 2\nLD_LIBRARY_PATH="{programs}" exec "{programs}/milvus" "$@"\n', "utf-8")
    starter.chmod(0o700)
    monkeypatch.setenv("BIN_PATH", str(slow))
    store = open_store(tmp_path / "vectors")
    try:
        assert store.collections() == set()
    finally:
        store.close()


def test_search_is_exact(stored: StoredVectors) -> None:
    vectors = unit_vectors(500)
    ids = stored.add(vectors)
    stored.refresh()
    assert stored.served()
    for row in range(0, 500, 50):
        order = np.argsort(-(vectors @ vectors[row]))[:10]
        found = stored.index.search("f", vectors[row], 10)
        assert [chunk_id for chunk_id, _ in found] == [ids[i] for i in order]
        assert found[0][1] == pytest.approx(1.0, abs=2e-3)


def test_a_search_may_stand_inside_a_read_transaction(stored: StoredVectors) -> None:
    vectors = unit_vectors(20)
    ids = stored.add(vectors)
    stored.refresh()
    stored.close()
    store = open_store(stored.folder / "vectors")
    store.create("passages_left_over", DIMENSION)
    store.close()
    again = StoredVectors(stored.folder)
    with again.database.read():
        assert again.nearest(vectors[3], 1) == [ids[3]]
    again.refresh()
    assert again.served()
    again.close()


def test_search_is_limited_to_documents(stored: StoredVectors) -> None:
    vectors = unit_vectors(60)
    stored.add(vectors[:20], document=1)
    second = stored.add(vectors[20:40], document=2)
    third = stored.add(vectors[40:], document=3)
    stored.refresh()
    assert set(stored.nearest(vectors[0], 60, frozenset({2}))) == set(second)
    assert set(stored.nearest(vectors[0], 60, frozenset({2, 3}))) == {*second, *third}
    assert stored.nearest(vectors[0], 60, frozenset({9})) == []
    assert stored.nearest(vectors[0], 60, frozenset()) == []


def test_before_the_store_is_made_sqlite_answers_the_same(stored: StoredVectors) -> None:
    vectors = unit_vectors(300)
    stored.add(vectors[:200], document=1)
    stored.add(vectors[200:], document=2)
    assert not stored.served()
    before = [stored.nearest(vectors[i], 7) for i in range(20)]
    among = [stored.nearest(vectors[i], 7, frozenset({2})) for i in range(20)]
    stored.refresh()
    assert stored.served()
    assert [stored.nearest(vectors[i], 7) for i in range(20)] == before
    assert [stored.nearest(vectors[i], 7, frozenset({2})) for i in range(20)] == among


def test_deleted_passages_leave_the_store(stored: StoredVectors) -> None:
    vectors = unit_vectors(50)
    ids = stored.add(vectors)
    stored.refresh()
    stored.drop(ids[:10])
    stored.refresh()
    assert stored.served()
    assert set(stored.nearest(vectors[0], 50)) == set(ids[10:])
    with stored.database.read() as connection:
        assert connection.execute("SELECT COUNT(*) FROM vector_deletions").fetchone() == (0,)


def test_nothing_is_written_when_nothing_changed(stored: StoredVectors) -> None:
    stored.add(unit_vectors(50))
    stored.refresh()
    again = stored.reopen()
    before = (again.file.stat().st_mtime_ns, again.index.ledger.generations())
    again.refresh()
    assert again.served()
    assert (again.file.stat().st_mtime_ns, again.index.ledger.generations()) == before
    again.close()


def test_the_store_goes_on_after_opening_again(stored: StoredVectors) -> None:
    vectors = unit_vectors(80)
    ids = stored.add(vectors[:40])
    stored.refresh()
    again = stored.reopen()
    generation = again.index.ledger.generations()
    assert again.nearest(vectors[3], 1) == [ids[3]]
    assert again.served()
    ids += again.add(vectors[40:])
    again.refresh()
    assert again.nearest(vectors[70], 1) == [ids[70]]
    assert again.index.ledger.generations() == generation
    again.close()


@pytest.mark.parametrize("damage", ["deleted", "emptied", "cut", "overwritten", "bits flipped", "an older copy"])
def test_a_store_that_was_damaged_is_made_again(stored: StoredVectors, damage: str) -> None:
    vectors = unit_vectors(2000)
    ids = stored.add(vectors[:1000])
    stored.refresh()
    stored = stored.reopen()
    older = stored.file.read_bytes()
    ids += stored.add(vectors[1000:])
    stored.refresh()
    stored.close()
    _damage(stored.file, damage, older)
    again = StoredVectors(stored.folder)
    try:
        assert [again.nearest(vectors[i], 1) for i in (0, 700, 1999)] == [[ids[0]], [ids[700]], [ids[1999]]]
        again.refresh()
        assert again.served()
        assert [again.nearest(vectors[i], 1) for i in (0, 700, 1999)] == [[ids[0]], [ids[700]], [ids[1999]]]
    finally:
        again.close()


def _damage(file: Path, damage: str, older: bytes) -> None:
    size = file.stat().st_size
    if damage == "deleted":
        file.unlink()
    elif damage == "an older copy":
        file.write_bytes(older)
    else:
        with open(file, "r+b") as opened:
            if damage in ("emptied", "cut"):
                opened.truncate(0 if damage == "emptied" else size // 2)
            elif damage == "overwritten":
                opened.write(random.Random(1).randbytes(size // 4))
            else:
                for place in random.Random(1).sample(range(4096, size), 100):
                    opened.seek(place)
                    opened.write(b"\xff")


def flip_vectors(file: Path, stored: list[bytes], *, count: int = 40) -> None:
    """Flip bits where the file holds these vectors, as a worn disk does: its size and time of change stay the same."""
    before = file.stat()
    data = bytearray(file.read_bytes())
    places = [place for vector in stored if (place := data.find(vector)) >= 0]
    assert len(places) >= count, "the file holds its vectors in another form"
    for place in places[:count]:
        for byte in range(place, place + len(stored[0])):
            data[byte] ^= 0x81
    with open(file, "r+b") as opened:
        opened.write(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("kind", ["whole vectors", "signs"])
@pytest.mark.parametrize("when", ["search first", "refresh first", "after a write that was cut short"])
def test_flipped_bits_in_stored_vectors_are_noticed(
    stored: StoredVectors, monkeypatch: pytest.MonkeyPatch, kind: str, when: str
) -> None:
    if kind == "signs":
        monkeypatch.setattr(index, "BINARY_FROM", 500)
    vectors = vectors_on_matters(2000)
    ids = stored.add(vectors)
    stored.refresh()
    generations = stored.index.ledger.generations()
    assert any(map(is_binary, generations)) == (kind == "signs")
    stored.close()
    raw = binary_vectors_of(vectors) if kind == "signs" else [vector.astype("<f4").tobytes() for vector in vectors]
    flip_vectors(stored.file, raw[100:200])
    again = StoredVectors(stored.folder)
    try:
        if when == "search first":
            assert [again.nearest(vectors[i], 1) for i in range(100, 140)] == [[i] for i in ids[100:140]]
            assert not again.served()
        elif when == "after a write that was cut short":
            os.utime(again.file)
            again.index.ledger.put_stamp(BEING_WRITTEN)
        again.refresh()
        assert again.served()
        assert again.index.ledger.generations() != generations
        assert [again.nearest(vectors[i], 1) for i in range(100, 140)] == [[i] for i in ids[100:140]]
        again = again.reopen()
        generations = again.index.ledger.generations()
        again.refresh()
        assert again.served() and again.index.ledger.generations() == generations
    finally:
        again.close()


def test_a_push_that_was_stopped_is_finished_later(stored: StoredVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PUSH_ROWS", 2000)
    vectors = unit_vectors(5000)
    ids = stored.add(vectors)
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        stored.refresh(Job(lambda progress: cancel.cancel() if progress.done else None, cancel))
    state = stored.index.ledger.known("f")
    assert state is not None
    assert 0 < state.pushed_through < ids[-1]
    assert stored.nearest(vectors[4999], 1) == [ids[4999]]
    stored.refresh()
    assert stored.served()
    assert stored.nearest(vectors[4999], 1) == [ids[4999]]


def test_rows_in_doubt_after_a_kill_are_settled(stored: StoredVectors) -> None:
    """As if the program had ended after Milvus took the rows, before SQLite noted it; one of them is deleted then."""
    vectors = unit_vectors(30)
    ids = stored.add(vectors[:10])
    stored.refresh()
    ids += stored.add(vectors[10:])
    ledger = stored.index.ledger
    state = ledger.embedder("f", DIMENSION)
    rows = ledger.to_push(state, 100)
    ledger.begin_push(state, rows.ledger_ids[-1])
    stored.index.close()
    store = open_store(stored.folder / "vectors")
    store.insert(state.generation, rows.chunk_ids, rows.document_ids, rows.vectors)
    store.close()
    stored.drop(ids[-1:])
    again = StoredVectors(stored.folder)
    again.refresh()
    assert again.served()
    assert sorted(again.nearest(vectors[0], 50)) == ids[:-1]
    assert again.index.ledger.generations() == {state.generation}
    again.close()


def test_a_server_that_dies_costs_one_search_at_most(stored: StoredVectors) -> None:
    vectors = unit_vectors(50)
    ids = stored.add(vectors)
    stored.refresh()
    (server,) = servers(stored.folder)
    server.kill()
    server.wait()
    assert stored.nearest(vectors[7], 1) == [ids[7]]
    stored.refresh()
    assert stored.served()
    assert stored.nearest(vectors[7], 1) == [ids[7]]


def test_closing_ends_the_server(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert len(servers(tmp_path)) == 1
    store.close()
    assert servers(tmp_path) == []


def test_a_second_copy_does_not_get_the_file(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.create("a", DIMENSION)
    code = (
        "import sys; from pathlib import Path; from core.store.vectors.open_store import open_store\n"
        "from core.store.vectors.milvus import VectorStoreError\n"
        "try: open_store(Path(sys.argv[1]))\n"
        "except VectorStoreError: print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "refused"
    assert store.collections() == {"a"}
    store.close()


def test_a_server_left_by_a_killed_copy_is_gone_once_the_next_has_started(tmp_path: Path) -> None:
    code = (
        "import sys, os, signal; from pathlib import Path; from core.store.vectors.open_store import open_store\n"
        "store = open_store(Path(sys.argv[1])); store.create('a', 8)\n"
        "print('up', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.returncode) == ("up", -signal.SIGKILL)
    store = open_store(tmp_path)
    assert len(servers(tmp_path)) == 1
    assert store.collections() == {"a"}
    store.close()
    assert servers(tmp_path) == []


def test_a_store_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "vectors.db").write_bytes(b"garbage" * 5000)
    with pytest.raises(VectorStoreError):
        LiteFileStore.open(tmp_path / "vectors.db")
    assert servers(tmp_path) == []


def test_its_files_are_their_owners_alone(stored: StoredVectors) -> None:
    stored.add(unit_vectors(5))
    stored.refresh()
    assert stored.file.stat().st_mode & 0o777 == 0o600
    assert stored.file.parent.stat().st_mode & 0o777 == 0o700


def test_a_data_directory_may_have_any_name(tmp_path: Path) -> None:
    stored = StoredVectors(tmp_path / "Benutzer äöü 文档 'x'")
    vectors = unit_vectors(5)
    ids = stored.add(vectors)
    stored.refresh()
    assert stored.served()
    assert stored.nearest(vectors[2], 1) == [ids[2]]
    stored.close()


@pytest.mark.parametrize("growing", [False, True])
def test_a_large_library_is_searched_by_signs_first(
    stored: StoredVectors, monkeypatch: pytest.MonkeyPatch, growing: bool
) -> None:
    monkeypatch.setattr(index, "BINARY_FROM", 500)
    vectors = vectors_on_matters(3000)
    ids = stored.add(vectors[:400], document=1)
    if growing:
        stored.refresh()
        assert not any(map(is_binary, stored.index.ledger.generations()))
    ids += stored.add(vectors[400:], document=2)
    stored.refresh()
    assert stored.served()
    assert all(map(is_binary, stored.index.ledger.generations()))
    for row in range(0, 3000, 300):
        cosines = vectors @ vectors[row]
        order = np.argsort(-cosines)[:10]
        found = stored.index.search("f", vectors[row], 10)
        assert [chunk_id for chunk_id, _ in found] == [ids[i] for i in order]
        assert [score for _, score in found] == pytest.approx(cosines[order].tolist(), abs=2e-3)
    assert set(stored.nearest(vectors[0], 400, frozenset({1}))) == set(ids[:400])
    stored.drop(ids[:10])
    stored.refresh()
    again = stored.reopen()
    assert ids[0] not in again.nearest(vectors[0], 100)
    assert again.served()
    again.close()


def test_a_store_without_binary_vectors_is_never_given_any(
    stored: StoredVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the store on Windows, which cannot hold them."""
    monkeypatch.setattr(index, "BINARY_FROM", 10)
    monkeypatch.setattr(LiteFileStore, "supports_binary", LiteFolderStore.supports_binary)
    vectors = unit_vectors(40)
    ids = stored.add(vectors)
    stored.refresh()
    assert stored.served() and stored.nearest(vectors[7], 1) == [ids[7]]
    assert not any(map(is_binary, stored.index.ledger.generations()))


@pytest.mark.parametrize("way", ["whole vectors", "signs", "SQLite"])
def test_of_equal_vectors_those_that_stand_first_are_found_whichever_came_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Enough of them that the store itself has to leave some out."""
    monkeypatch.setattr(index, "BINARY_FROM", 10 if way == "signs" else 10_000)
    monkeypatch.setattr(query, "CANDIDATES", 20)
    vectors = unit_vectors(30)
    documents = {document: vectors[[0, 0, document % 30]] for document in range(1, 61)}
    found: list[list[int]] = []
    for order in (sorted(documents), sorted(documents, reverse=True)):
        stored = StoredVectors(tmp_path / f"{len(found)}")
        owners = {i: document for document in order for i in stored.add(documents[document], document)}
        if way != "SQLite":
            stored.refresh()
        assert stored.served() == (way != "SQLite")
        found.append([owners[i] for i in stored.nearest(vectors[0], 15)])
        stored.close()
    by_path = sorted(documents, key=lambda document: str(document).encode())
    assert found[0] == found[1] == [document for document in by_path for _ in range(2 + (document % 30 == 0))][:15]
