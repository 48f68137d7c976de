"""Copies a library file into an encrypted one, or an encrypted one into a plain one. The file itself is not changed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.domain.faults import N_, StorageFault
from core.jobs import Job
from core.store.driver import KEY_BYTES, PAGE_SIZE_BYTES, attach_converted, connect_to_convert, sqlite_errors
from models.faults import Cancelled
from models.progress import Progress

STEPS_BETWEEN_CHECKS = 20_000  # of SQLite's virtual machine: some milliseconds
SPARE_BYTES = 64 << 20
SQLITE_FULL = 13  # https://www.sqlite.org/rescode.html


def copy_converted(path: Path, key: bytes | None, target: Path, target_key: bytes | None, job: Job) -> None:
    """Write all of the file at `path`, which nobody else has open, to `target`, which is on the disk when this returns.

    A `key` is None for a plain file. Afterwards the file at `path` has no journal beside it. `target` is incomplete if
    this raises `StorageFault` or `Cancelled`.
    """
    if target_key is not None and len(target_key) != KEY_BYTES:
        raise ValueError("a library's key has 256 bits")
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with _told(path, job), closing(connect_to_convert(path, key)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()  # moves the journal into the file
        connection.execute("PRAGMA temp_store = MEMORY")  # no document text in temporary files
        attach_converted(connection, target, "converted", target_key)
        connection.execute(f"PRAGMA converted.page_size = {PAGE_SIZE_BYTES}")
        connection.execute("PRAGMA converted.auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA converted.journal_mode = OFF").fetchall()
        connection.execute("PRAGMA converted.synchronous = OFF")
        _report_while_working(connection, path, target, job)
        connection.execute("SELECT sqlcipher_export('converted')").fetchall()
        for name in ("user_version", "application_id"):
            (value,) = connection.execute(f"PRAGMA main.{name}").fetchone()
            connection.execute(f"PRAGMA converted.{name} = {int(value)}")
        _require_equal(connection, path)
        connection.execute("DETACH DATABASE converted")
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _report_while_working(connection: sqlite3.Connection, path: Path, target: Path, job: Job) -> None:
    total = path.stat().st_size

    def proceed() -> int:
        job.report(Progress(min(target.stat().st_size, total), total, "bytes"))
        return 1 if job.cancel.cancelled else 0

    connection.set_progress_handler(proceed, STEPS_BETWEEN_CHECKS)


def _require_equal(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `StorageFault` unless the copy is sound and has as many rows in every table."""
    tables = connection.execute(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND name NOT LIKE 'sqlite_stat%'"
    ).fetchall()
    for (name,) in tables:
        count = f'SELECT COUNT(*) FROM {{}}."{name}"'
        if (
            connection.execute(count.format("main")).fetchone()
            != connection.execute(count.format("converted")).fetchone()
        ):
            raise _not_converted(path)
    if connection.execute("PRAGMA converted.quick_check(1)").fetchall() != [("ok",)]:
        raise _not_converted(path)


@contextmanager
def _told(path: Path, job: Job) -> Iterator[None]:
    """Convert SQLite's errors, and the interruption that a cancelled job causes."""
    try:
        yield
    except sqlite_errors() as error:
        if job.cancel.cancelled:
            raise Cancelled from error
        if (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF == SQLITE_FULL:
            raise no_room(path) from error
        raise _not_converted(path) from error


def no_room(path: Path) -> StorageFault:
    """The fault of a disk without room for a second copy of the file."""
    return StorageFault(
        N_("The disk is full"),
        N_("Turning encryption on or off writes {path} a second time, and there is no room for it."),
        N_("Nothing was changed. Free some space, then try again."),
        path=path,
    )


def _not_converted(path: Path) -> StorageFault:
    return StorageFault(
        N_("The library was not converted"),
        N_("{path} could not be copied whole. The library is as it was."),
        N_("“papermoor doctor” checks whether the file is sound."),
        path=path,
    )
