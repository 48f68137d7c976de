"""The library's shape in memory: it follows what this and other connections write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.retrieval.passage_map import LibraryShape, PassageMap
from core.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "library.db") as database:
        with database.write() as connection:
            connection.execute("INSERT INTO folders (id, path, added_s) VALUES (1, x'2f', 0)")
        yield database


def add(database: Database, document: int, passages: int) -> None:
    with database.write() as connection:
        connection.execute(
            "INSERT INTO documents (id, folder_id, path, state, size_bytes, modified_ns, passage_count) "
            "VALUES (?, 1, CAST(? AS BLOB), 'indexed', 1, 1, ?)",
            (document, f"/{document}", passages),
        )
        connection.executemany(
            'INSERT INTO chunks (document_id, ordinal, start, "end", section, content_hash) '
            "VALUES (?, ?, 0, 1, '', x'00')",
            ((document, ordinal) for ordinal in range(passages)),
        )


def drop(database: Database, document: int) -> None:
    with database.write() as connection:
        connection.execute("DELETE FROM documents WHERE id = ?", (document,))


def elsewhere(do: Callable[[], None]) -> None:
    """On another thread, and so by another connection."""
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def shape_of(database: Database, kept: PassageMap) -> LibraryShape:
    with database.read() as connection:
        return kept.shape(connection)


def seen(shape: LibraryShape) -> tuple[int, int, list[float]]:
    return shape.document_count, shape.passage_count, shape.sizes.tolist()


def test_the_shape_of_an_unchanged_library_is_kept(database: Database) -> None:
    add(database, 1, 2)
    kept = PassageMap()
    assert shape_of(database, kept) is shape_of(database, kept)


def test_what_this_connection_wrote_is_seen(database: Database) -> None:
    kept = PassageMap()
    assert seen(shape_of(database, kept)) == (0, 0, [0])
    add(database, 1, 2)
    assert seen(shape_of(database, kept)) == (1, 2, [0, 2])
    drop(database, 1)
    assert seen(shape_of(database, kept)) == (0, 0, [0])


def test_what_another_connection_wrote_is_seen(database: Database) -> None:
    kept = PassageMap()
    add(database, 1, 2)
    assert seen(shape_of(database, kept)) == (1, 2, [0, 2])
    elsewhere(lambda: add(database, 3, 1))
    assert seen(shape := shape_of(database, kept)) == (2, 3, [0, 2, 0, 1])
    assert shape.owners[:4].tolist() == [0, 1, 1, 3]
    elsewhere(lambda: drop(database, 1))
    assert seen(shape_of(database, kept)) == (1, 1, [0, 0, 0, 1])


def test_a_snapshot_keeps_its_shape_while_others_write(database: Database) -> None:
    add(database, 1, 2)
    kept = PassageMap()
    with database.read() as connection:
        before = seen(kept.shape(connection))
        elsewhere(lambda: add(database, 2, 1))
        there: list[LibraryShape] = []
        elsewhere(lambda: there.append(shape_of(database, kept)))
        assert seen(there[0]) == (2, 3, [0, 2, 1])
        assert seen(kept.shape(connection)) == before
    assert seen(shape_of(database, kept)) == (2, 3, [0, 2, 1])
