"""The database: private, migrated step by step, whole or not at all, and its errors in words."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.domain.faults import StorageFault
from core.store import migrations
from core.store.database import DAMAGE_MARK, Database
from core.store.migrations import MIGRATIONS, Migration, backups, statements

ADDED = Migration(MIGRATIONS[-1].number + 1, "CREATE TABLE later (x INTEGER);\nINSERT INTO later VALUES (7);\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database(path) as database:
        yield database


def put(database: Database, key: str, value: str) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value))


def keys(database: Database) -> list[str]:
    with database.read() as connection:
        return [key for (key,) in connection.execute("SELECT key FROM meta ORDER BY key")]


def test_what_is_written_is_there_after_opening_again(path: Path) -> None:
    with Database(path) as database:
        put(database, "a", "1")
    with Database(path) as database:
        assert keys(database) == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_folder_and_files_are_their_owners_alone(path: Path, database: Database) -> None:
    put(database, "a", "1")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="stop"), database.write() as connection:
        connection.execute("INSERT INTO meta (key, value) VALUES ('a', '1')")
        raise ValueError("stop")
    assert keys(database) == []
    put(database, "b", "1")
    assert keys(database) == ["b"]


def test_a_read_sees_one_state_while_another_thread_writes(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute("SELECT COUNT(*) FROM meta").fetchone() == (0,)
        writer = threading.Thread(target=put, args=(database, "a", "1"))
        writer.start()
        writer.join()
        assert connection.execute("SELECT COUNT(*) FROM meta").fetchone() == (0,)
    assert keys(database) == ["a"]


def test_writers_of_several_threads_all_succeed(database: Database) -> None:
    def write(number: int) -> None:
        for i in range(20):
            put(database, f"{number}-{i}", "")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys(database)) == 120


def test_a_write_inside_a_write_is_a_bug(database: Database) -> None:
    with database.write(), pytest.raises(RuntimeError), database.write():
        pass


def test_a_closed_database_is_not_used(path: Path) -> None:
    database = Database(path)
    database.close()
    with pytest.raises(RuntimeError), database.read():
        pass


def test_a_migration_backs_the_file_up_first(path: Path) -> None:
    with Database(path) as database:
        put(database, "a", "1")
    assert backups(path) == []
    with Database(path, (*MIGRATIONS, ADDED)) as database, database.read() as connection:
        assert connection.execute("SELECT x FROM later").fetchall() == [(7,)]
    (backup,) = backups(path)
    with Database(backup) as before:
        assert keys(before) == ["a"]
        with pytest.raises(sqlite3.OperationalError), before.read() as connection:
            connection.execute("SELECT x FROM later")


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    with Database(path) as database:
        put(database, "a", "1")
    broken = Migration(ADDED.number, ADDED.sql + "INSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(sqlite3.OperationalError):
        Database(path, (*MIGRATIONS, broken))
    with Database(path, (*MIGRATIONS, ADDED)) as database:
        assert keys(database) == ["a"]


def test_only_the_latest_backups_are_kept(path: Path) -> None:
    later = [Migration(MIGRATIONS[-1].number + n, f"CREATE TABLE t{n} (x);\n") for n in range(1, 5)]
    Database(path).close()
    for n in range(1, 5):
        Database(path, (*MIGRATIONS, *later[:n])).close()
    assert [backup.name for backup in backups(path)] == [
        f"library.db.before-{MIGRATIONS[-1].number + n}" for n in (3, 4)
    ]
    assert len(backups(path)) == migrations.BACKUPS_KEPT


def test_a_newer_file_is_refused_in_words(path: Path) -> None:
    Database(path, (*MIGRATIONS, ADDED)).close()
    with pytest.raises(StorageFault, match="newer version") as refused:
        Database(path)
    assert str(path.parent) in str(refused.value)


def test_a_damaged_file_is_said_to_be_damaged(path: Path) -> None:
    Database(path).close()
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageFault, match="damaged") as refused:
        Database(path)
    assert "Start Papermoor again" in str(refused.value)
    assert path.with_name(path.name + DAMAGE_MARK).exists(), "the next opening replaces it"
    assert path.read_bytes().startswith(b"not a database")


def test_pages_damaged_later_are_met_as_a_fault(path: Path) -> None:
    with Database(path) as database:
        for i in range(2000):
            put(database, f"key {i}", "value" * 20)
        database.checkpoint()
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (size - 8192))
    with pytest.raises(StorageFault, match="damaged"), Database(path) as database:
        keys(database)


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written_is_a_fault(path: Path) -> None:
    Database(path).close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    with pytest.raises(StorageFault, match="permission"):
        Database(path)


def test_a_full_disk_is_one_sentence_and_nothing_is_lost(path: Path, database: Database) -> None:
    put(database, "a", "1")
    with database.read() as connection:
        connection.execute("PRAGMA max_page_count = 40")  # what SQLite meets when the disk has no more room
    with pytest.raises(StorageFault, match="no room left"):
        for i in range(100):
            put(database, f"b{i}", "x" * 8000)
    assert "a" in keys(database)
    with database.read() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_deleted_text_leaves_the_disk(path: Path, database: Database) -> None:
    put(database, "secret", "Zanzibar-4711")
    database.checkpoint()
    assert b"Zanzibar-4711" in path.read_bytes()
    with database.write() as connection:
        connection.execute("DELETE FROM meta")
    database.checkpoint()
    assert b"Zanzibar-4711" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_statements_are_split_as_sqlite_does() -> None:
    sql = "CREATE TABLE a (x);\n-- a; comment\nCREATE TRIGGER t AFTER DELETE ON a BEGIN\n DELETE FROM a;\nEND;\n"
    assert len(statements(sql)) == 2


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="Linux tells which files are open")
def test_a_database_that_does_not_open_is_let_go(path: Path) -> None:
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9999")
    with pytest.raises(StorageFault) as kept:
        Database(path)
    held = {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}
    assert kept.value.title and str(path) not in held
