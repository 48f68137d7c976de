"""Migrates the schema step by step, each in one transaction, after copying an existing file."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.domain.faults import N_, StorageFault
from core.store import schema
from core.store.driver import connect

log = logging.getLogger(__name__)

BACKUPS_KEPT = 2


@dataclass(frozen=True, slots=True)
class Migration:
    """Takes the schema from version `number - 1` to `number`. Never change a released one; add another."""

    number: int
    sql: str


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, schema.LIBRARY),
    Migration(2, schema.SURVEYS),
    Migration(3, schema.SCOPES_AND_SPEEDS),
    Migration(4, schema.IN_HAND),
    Migration(5, schema.PICTURES),
    Migration(6, schema.PAGE_WORDS),
    Migration(7, schema.SHEET_ROWS),
    Migration(8, schema.LOOKS),
    Migration(9, schema.EMBEDDING_IN_HAND),
    Migration(10, schema.FOLDER_NOTES),
    Migration(11, schema.RECOGNISED_IN),
    Migration(12, schema.TO_ERASE),
    Migration(13, schema.TERMS_DIGEST),
    # The next one goes here.
)


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration], key: bytes | None = None
) -> None:
    """Migrate the file at `path`, open as `connection`, to the last version; its copy is encrypted under the same
    `key`. Raises `StorageFault` if it is newer."""
    found, last = _version(connection), migrations[-1].number
    if found > last:
        raise StorageFault(
            N_("Made by a newer Papermoor"),
            N_("The library in {folder} was written by a newer version of Papermoor than this one."),
            N_("Install the newer version, or choose another data folder with --data-dir."),
            folder=path.parent,
        )
    if found == last:
        return
    if found > 0:
        _back_up(connection, path, found, key)
    for migration in migrations:
        if migration.number > found:
            _apply(connection, migration)


def backups(path: Path) -> list[Path]:
    """The backups of the database at `path`, oldest schema first."""
    pattern = re.compile(re.escape(path.name) + r"\.before-(\d+)")
    found = [(int(m[1]), p) for p in path.parent.iterdir() if (m := pattern.fullmatch(p.name))]
    return [p for _, p in sorted(found)]


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    connection.execute("PRAGMA foreign_keys = OFF")  # has no effect inside a transaction
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == migration.number - 1:  # another process may have been here first
            for statement in statements(migration.sql):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {migration.number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("PRAGMA foreign_keys = ON")
    log.info("schema version %d", migration.number)


def statements(sql: str) -> list[str]:
    """The single statements of `sql`, complete by SQLite's own rule (a trigger contains semicolons)."""
    found: list[str] = []
    begun = ""
    for line in sql.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found


def _back_up(connection: sqlite3.Connection, path: Path, version: int, key: bytes | None) -> None:
    """Copy the file beside itself, under its final name once complete, and delete all but two older copies."""
    final = path.with_name(f"{path.name}.before-{version + 1}")
    partial = final.with_name(final.name + ".part")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        with closing(connect(partial, key)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        os.replace(partial, final)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    for old in backups(path)[:-BACKUPS_KEPT]:
        old.unlink(missing_ok=True)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
