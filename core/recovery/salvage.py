"""Copies every row that can still be read from a damaged database into a new one, which takes its place.

Documents of which anything is missing are read again from their files; conversations and surveys that cannot be read
come from the latest backup. The program may end at any time: the new file gets its name only when it is complete.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.jobs import Job
from core.recovery.backups import TABLES, Backups, restore
from core.recovery.inspection import inspect, mend_in_place
from core.store import key_values
from core.store.database import DAMAGE_MARK, Database
from core.store.driver import connect, integrity_errors, sqlite_errors
from core.store.keywords import index as keyword_index
from models.progress import Progress

log = logging.getLogger(__name__)

ROWS = 500
LONGEST_STEP = 4096  # ids that are left out at once where a page cannot be read
MOST_STEPS = 20_000
PARTIAL_SUFFIX, COMPLETE_SUFFIX, ASIDE_SUFFIX = ".salvage-part", ".salvaged", ".damaged"
ROWID_TABLES = ("folders", "documents", "texts", "chunks", "embedders", "chunk_vectors", "conversations", "messages",
                "surveys")  # fmt: skip
KEYED_TABLES = ("meta", "survey_rows", "speeds", "page_words", "sheet_rows", "folder_notes")  # WITHOUT ROWID
DERIVED_KEYS = ("keywords_version", "keywords_renewed_through", "keywords_renewed_part", "vector_store_stamp")
_ORPHANS = (
    "documents WHERE folder_id NOT IN (SELECT id FROM folders)",
    "texts WHERE document_id NOT IN (SELECT id FROM documents)",
    "chunks WHERE document_id NOT IN (SELECT id FROM documents)",
    "chunk_vectors WHERE chunk_id NOT IN (SELECT id FROM chunks)",
    "chunk_vectors WHERE embedder_id NOT IN (SELECT id FROM embedders)",
    "messages WHERE conversation_id NOT IN (SELECT id FROM conversations)",
    "survey_rows WHERE survey_id NOT IN (SELECT id FROM surveys)",
    "page_words WHERE document_id NOT IN (SELECT id FROM documents)",
    "sheet_rows WHERE document_id NOT IN (SELECT id FROM documents)",
    "folder_notes WHERE folder_id NOT IN (SELECT id FROM folders)",
)
_FORGET_LOST_DOCUMENTS = "UPDATE survey_rows SET document_id = NULL WHERE document_id NOT IN (SELECT id FROM documents)"


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a damaged database: rows copied, rows restored from a backup, documents that are read again."""

    rows: int
    restored: int
    documents: int


def finish_interrupted_salvage(path: Path) -> None:
    """Give a new file that was complete when the program ended the place of the damaged one."""
    complete = _beside(path, COMPLETE_SUFFIX)
    if complete.exists():
        _take_place(path, complete)
    for suffix in ("", "-wal", "-shm"):
        _beside(path, PARTIAL_SUFFIX + suffix).unlink(missing_ok=True)


def salvage(path: Path, backups: Backups, job: Job, key: bytes | None = None) -> Salvaged:
    """Replace the damaged database at `path`, which nobody has open, by a new one with the same `key`. Raises
    `StorageFault` (disk full) and `Cancelled`, with the damaged file still in its place."""
    finish_interrupted_salvage(path)
    partial = _beside(path, PARTIAL_SUFFIX)
    with Database(partial, key=key) as target:
        restored = 0

        def restore_folders() -> None:
            nonlocal restored
            restored += _restore(target, backups, ("folders",))

        rows = _copy_all(path, target, restore_folders, job)
        restored += _restore(target, backups, TABLES)
        _make_consistent(target)
        damage = inspect(target, job)
        mend_in_place(target, damage, backups)
        with target.read() as connection:
            (documents,) = connection.execute("SELECT COUNT(*) FROM documents WHERE pending").fetchone()
        target.checkpoint()
    complete = _beside(path, COMPLETE_SUFFIX)
    os.replace(partial, complete)
    _take_place(path, complete)
    log.warning("a damaged database was replaced: %d rows copied, %d restored", rows, restored)
    return Salvaged(rows, restored, documents)


def delete_aside(path: Path) -> None:
    """Delete the damaged file that was set aside."""
    for suffix in ("", "-wal", "-shm"):
        _beside(path, ASIDE_SUFFIX + suffix).unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _take_place(path: Path, complete: Path) -> None:
    """The damaged file stays beside the new one until something is removed: an expert may get more out of it."""
    delete_aside(path)
    for suffix in ("-wal", "-shm", ""):
        if (old := _beside(path, suffix)).exists():
            os.replace(old, _beside(path, ASIDE_SUFFIX + suffix))
    os.replace(complete, path)
    _beside(path, DAMAGE_MARK).unlink(missing_ok=True)


def _copy_all(path: Path, target: Database, after_folders: Callable[[], None], job: Job) -> int:
    copied = 0
    with suppress(*sqlite_errors()), closing(_open_damaged(path, target.key)) as source:
        for done, table in enumerate((*ROWID_TABLES, *KEYED_TABLES)):
            job.check()
            job.report(Progress(done, len(ROWID_TABLES) + len(KEYED_TABLES), "tables"), now=True)
            with suppress(*sqlite_errors()):  # the table is not known to what is left of the file
                copied += _copy(source, target, table, by_rowid=table in ROWID_TABLES)
            if table == "folders":
                after_folders()  # documents without their folder would be dropped
    return copied


def _open_damaged(path: Path, key: bytes | None) -> sqlite3.Connection:
    """The file with its journal if that can be read, else alone."""
    for options in ("mode=ro", "mode=ro&immutable=1"):
        connection = connect(path, key, options=options)
        try:
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        except sqlite_errors():
            connection.close()
        else:
            return connection
    raise sqlite3.DatabaseError("nothing of it can be read")


def _copy(source: sqlite3.Connection, target: Database, table: str, *, by_rowid: bool) -> int:
    with target.read() as connection:
        wanted = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    known = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    columns = [name for name in wanted if name in known]
    names = ", ".join(f'"{name}"' for name in columns)
    parts = _by_rowid(source, table, names) if by_rowid else _by_key(source, table, names)
    copied = 0
    for rows in parts:
        with target.write() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            before = connection.total_changes
            marks = ", ".join("?" * len(columns))
            for row in rows:
                with suppress(*integrity_errors()):  # a value that damage made impossible
                    connection.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)
            copied += connection.total_changes - before
            if table == "documents":
                _add_lost_folders(connection)
            _delete_orphans(connection, table)
    return copied


def _add_lost_folders(connection: sqlite3.Connection) -> None:
    """Add folders that documents belong to and no backup knows: the innermost that holds them."""
    lost = "SELECT DISTINCT folder_id FROM documents WHERE folder_id NOT IN (SELECT id FROM folders)"
    for (folder_id,) in connection.execute(lost).fetchall():
        paths = connection.execute("SELECT path FROM documents WHERE folder_id = ?", (folder_id,)).fetchall()
        with suppress(ValueError, *integrity_errors()):  # paths of different drives; a folder known under another id
            common = os.path.commonpath([path for (path,) in paths])
            connection.execute("INSERT INTO folders (id, path, added_s) VALUES (?, ?, 0)", (folder_id, common))


def _delete_orphans(connection: sqlite3.Connection, table: str) -> None:
    if table == "survey_rows":
        connection.execute(_FORGET_LOST_DOCUMENTS)
    for orphans in _ORPHANS:
        if orphans.startswith(f"{table} "):
            connection.execute(f"DELETE FROM {orphans}")


def _by_rowid(source: sqlite3.Connection, table: str, names: str) -> Iterator[Sequence[tuple[Any, ...]]]:
    """All rows that can be read, in the order of their ids. Around a page that cannot be, growing ranges of ids are
    left out."""
    last, step, limit = -1, 1, ROWS
    highest = _highest(source, table)
    for _ in range(MOST_STEPS + highest // LONGEST_STEP):
        try:
            rows = source.execute(
                f"SELECT rowid, {names} FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?", (last, limit)
            ).fetchall()
        except sqlite_errors():
            if limit > 1:
                limit = 1
                continue
            last, step = last + step, min(2 * step, LONGEST_STEP)
            if last > highest:
                return
            continue
        if not rows:
            return
        yield [row[1:] for row in rows]
        last, step, limit = rows[-1][0], 1, ROWS if limit == ROWS or len(rows) == 1 else limit


def _highest(source: sqlite3.Connection, table: str) -> int:
    """An id that none of the table's rows is above."""
    for query in (f"SELECT MAX(rowid) FROM {table}", f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'"):
        with suppress(*sqlite_errors()):
            row = source.execute(query).fetchone()
            if row and isinstance(row[0], int):
                return row[0]
    return 1_000_000


def _by_key(source: sqlite3.Connection, table: str, names: str) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows up to the first that cannot be read, and from the end back to the last."""
    keys = [row[1] for row in source.execute(f"PRAGMA table_info({table})") if row[5]]
    for direction in ("ASC", "DESC"):
        order = ", ".join(f'"{key}" {direction}' for key in keys)
        rows: list[tuple[Any, ...]] = []
        try:
            for row in source.execute(f"SELECT {names} FROM {table} ORDER BY {order}"):
                rows.append(row)
        except sqlite_errors():
            yield rows
        else:
            yield rows
            return


def _restore(target: Database, backups: Backups, tables: Sequence[str]) -> int:
    """Add what the latest backup that can be read has and the new database lacks."""
    for backup in backups.all():
        with suppress(*sqlite_errors()):
            return restore(target, backup, tables)
    return 0


def _make_consistent(target: Database) -> None:
    """Everything derived is made anew: keywords, the vector store. Documents without their whole text are queued."""
    with target.write() as connection:
        for orphans in _ORPHANS:
            connection.execute(f"DELETE FROM {orphans}")
        connection.execute(_FORGET_LOST_DOCUMENTS)
        connection.execute(
            "UPDATE embedders SET generation = '', pushed_through = 0, pushing_through = 0, embedded_through = 0"
        )
        connection.execute("DELETE FROM vector_deletions")
        for key in DERIVED_KEYS:
            key_values.drop_value(connection, key)
        key_values.put_value(connection, keyword_index.RENEWED_KEY, "0")
        key_values.put_value(connection, keyword_index.VERSION_KEY, keyword_index.VERSION)
