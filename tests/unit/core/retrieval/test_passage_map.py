"""The shape of the library in memory follows what this and other connections write."""

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


def on_another_connection(do: Callable[[], None]) -> None:
    """Run `do` on another thread, which has a connection of its own."""
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def shape_of(database: Database, passage_map: PassageMap) -> LibraryShape:
    with database.read() as connection:
        return passage_map.shape(connection)


def summary(shape: LibraryShape) -> tuple[int, int, list[float]]:
    return shape.document_count, shape.passage_count, shape.sizes.tolist()


def test_the_shape_of_an_unchanged_library_is_kept(database: Database) -> None:
    add(database, 1, 2)
    passage_map = PassageMap()
    assert shape_of(database, passage_map) is shape_of(database, passage_map)


def test_what_this_connection_wrote_is_seen(database: Database) -> None:
    passage_map = PassageMap()
    assert summary(shape_of(database, passage_map)) == (0, 0, [0])
    add(database, 1, 2)
    assert summary(shape_of(database, passage_map)) == (1, 2, [0, 2])
    drop(database, 1)
    assert summary(shape_of(database, passage_map)) == (0, 0, [0])


def test_what_another_connection_wrote_is_seen(database: Database) -> None:
    passage_map = PassageMap()
    add(database, 1, 2)
    assert summary(shape_of(database, passage_map)) == (1, 2, [0, 2])
    on_another_connection(lambda: add(database, 3, 1))
    assert summary(shape := shape_of(database, passage_map)) == (2, 3, [0, 2, 0, 1])
    assert shape.owners[:4].tolist() == [0, 1, 1, 3]
    on_another_connection(lambda: drop(database, 1))
    assert summary(shape_of(database, passage_map)) == (1, 1, [0, 0, 0, 1])


def test_a_snapshot_keeps_its_shape_while_others_write(database: Database) -> None:
    add(database, 1, 2)
    passage_map = PassageMap()
    with database.read() as connection:
        before = summary(passage_map.shape(connection))
        on_another_connection(lambda: add(database, 2, 1))
        shapes: list[LibraryShape] = []
        on_another_connection(lambda: shapes.append(shape_of(database, passage_map)))
        assert summary(shapes[0]) == (2, 3, [0, 2, 1])
        assert summary(passage_map.shape(connection)) == before
    assert summary(shape_of(database, passage_map)) == (2, 3, [0, 2, 1])
