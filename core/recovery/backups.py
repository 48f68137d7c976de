"""Backups of what cannot be made again from the documents: conversations, surveys, the list of folders, settings.

A backup is a small SQLite file with copies of these tables. It is written when a library is closed after a change.
`Database.delete_backups` deletes them all when something is removed for good, so that none keeps it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from core.store.conversations.message_json import is_readable
from core.store.database import BACKUPS_FOLDER, Database
from core.store.driver import attach, connect, sqlite_errors

log = logging.getLogger(__name__)

KEPT = 3
TABLES = ("folders", "conversations", "messages", "surveys", "survey_rows", "speeds")
_CONDITIONS = {
    "folders": "WHERE removed_s IS NULL",
    "conversations": "WHERE deleted_s IS NULL",
    "messages": "WHERE conversation_id IN (SELECT id FROM main.conversations WHERE deleted_s IS NULL)",
}


class Backups:
    """The backups beside the database of one data directory. Any thread."""

    def __init__(self, data_dir: Path, key: bytes | None = None) -> None:
        self._key = key  # of an encrypted library
        self._folder = data_dir / BACKUPS_FOLDER
        self._settings = data_dir / "settings.toml"

    def all(self) -> list[Path]:
        """Every backup, latest first."""
        return sorted(self._folder.glob("*.db"), reverse=True) if self._folder.is_dir() else []

    def make(self, database: Database) -> None:
        """Write a backup if something has changed since the last one. A disk that refuses it is only logged."""
        try:
            digest = self._digest(database)
            latest = next(iter(self.all()), None)
            if digest == "" or (latest is not None and latest.stem.endswith(digest)):
                return
            self._folder.mkdir(mode=0o700, exist_ok=True)
            stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
            self._write(database, self._folder / f"{stamp}-{digest}.db")
            for old in self.all()[KEPT:]:
                old.unlink()
        except sqlite_errors(OSError) as error:
            log.warning("no backup was made: %s", type(error).__name__)

    def message(self, message_id: int) -> str | None:
        """The stored form of a message in the latest backup in which it can be read; None if there is none."""
        for backup in self.all():
            try:
                with closing(connect(backup, self._key, options="mode=ro")) as source:
                    row = source.execute("SELECT body FROM messages WHERE id = ?", (message_id,)).fetchone()
            except sqlite_errors():
                continue
            if row is not None and is_readable(row[0]):
                return str(row[0])
        return None

    def _digest(self, database: Database) -> str:
        """Identifies the state of what is backed up; "" while there is nothing."""
        digest, rows = hashlib.blake2b(digest_size=8), 0
        with database.read() as connection:
            for table in TABLES[:-1]:
                for row in connection.execute(f"SELECT * FROM main.{table} {_CONDITIONS.get(table, '')}"):
                    digest.update(repr(row).encode("utf-8", "surrogatepass"))
                    rows += 1
        digest.update(self._settings.read_bytes() if self._settings.exists() else b"")
        return digest.hexdigest() if rows else ""

    def _write(self, database: Database, path: Path) -> None:
        partial = path.with_suffix(".part")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(connect(database.path, self._key)) as connection:
            attach(connection, partial, "backup", self._key)
            connection.execute("BEGIN")
            for table in TABLES:
                connection.execute(
                    f"CREATE TABLE backup.{table} AS SELECT * FROM main.{table} {_CONDITIONS.get(table, '')}"
                )
            connection.execute("CREATE TABLE backup.settings (toml TEXT)")
            if self._settings.exists():
                toml = self._settings.read_text(encoding="utf-8", errors="replace")
                connection.execute("INSERT INTO backup.settings VALUES (?)", (toml,))
            connection.execute("COMMIT")
        os.replace(partial, path)


def restore(database: Database, backup: Path, tables: Sequence[str] = TABLES) -> int:
    """Add the rows of `backup` that the database lacks, by their ids; returns how many. Raises an error of
    SQLite if the backup is damaged, too."""
    restored = 0
    with closing(connect(backup, database.key, options="mode=ro")) as source:
        for table in tables:
            names = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
            rows = source.execute(f"SELECT * FROM {table}").fetchall()
            with database.write(durable=True) as connection:
                columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
                columns.discard("document_id")  # of survey rows: their documents may have other ids by now
                kept = [n for n, name in enumerate(names) if name in columns]
                before = connection.total_changes
                connection.executemany(
                    f"INSERT OR IGNORE INTO {table} ({', '.join(names[n] for n in kept)}) "
                    f"VALUES ({', '.join('?' * len(kept))})",
                    ([row[n] for n in kept] for row in rows),
                )
                restored += connection.total_changes - before
    return restored
