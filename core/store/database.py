"""The SQLite database: a connection a thread, one writer at a time, and its errors as faults."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType

from core.domain.faults import N_, StorageFault
from core.store.driver import PAGE_SIZE_BYTES, connect, sqlite_errors
from core.store.fair_lock import FairLock
from core.store.migrations import MIGRATIONS, Migration, migrate

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 10.0
CACHE_SIZE_BYTES = 8 << 20
ENCRYPTED_CACHE_SIZE_BYTES = 64 << 20  # a page that is read again need not be deciphered again
JOURNAL_LIMIT_BYTES = 64 << 20
NEARLY_FULL_BYTES = 1 << 20
BACKUPS_FOLDER = "backups"  # of what cannot be made again (core.recovery.backups)
DAMAGE_MARK = ".is-damaged"  # after the file's name: a file beside it that says that it is damaged


class DatabaseDamaged(StorageFault):
    """The database's file is damaged: some or all of it cannot be read."""


class Database:
    """Opens, creates or migrates the file at `path`, encrypted if a `key` is given. Any thread.

    Each thread has a connection of its own. Raises `StorageFault` where the file cannot be used; any other
    error of SQLite is a bug.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration] = MIGRATIONS, *, key: bytes | None = None) -> None:
        self.path = path
        self.key = key
        self._local = threading.local()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._registry = threading.Lock()
        self._writer = FairLock()
        self._closed = False
        try:
            with self._told():
                _make_private(path)
                migrate(self._connection(), path, migrations, key)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: everything read inside belongs to one state of the database, inside `write` to that
        transaction."""
        with self._told():
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction, committed whole or not at all. Waits for other writers; must not be nested.

        `durable` waits until the disk holds it, for what cannot be made again, such as a message. Without it a power
        cut may undo the last transactions, whole ones in order.
        """
        with self._told():
            connection = self._connection()
            if connection.in_transaction:
                raise RuntimeError("write() inside a transaction of the same thread")
            with self._writer:
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise

    def checkpoint(self) -> bool:
        """Move the journal into the file and empty it, so that deleted text is not kept there. False if readers have
        needed it for longer than the busy timeout."""
        with self._told(), self._writer:
            (row,) = self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return bool(row[0] == 0)

    def delete_backups(self) -> None:
        """Delete every copy of the file or of parts of it, for they hold what has been removed since."""
        copies = [f"{self.path.name}.before-*", f"{self.path.name}.damaged*", f"{BACKUPS_FOLDER}/*"]
        with self._told():
            for path in (path for pattern in copies for path in self.path.parent.glob(pattern)):
                path.unlink(missing_ok=True)

    def give_back_space(self, pages: int = 2000) -> None:
        """Shrink the file by up to `pages` unused pages."""
        with self._told(), self._writer:
            self._connection().execute(f"PRAGMA incremental_vacuum({pages})").fetchall()

    def rewrite(self) -> None:
        """Write the whole file anew. Others may read meanwhile, not write: about a second for 200 MB. Needs room for
        two more copies. SQLite's temporary file lies in the file's folder and has no name there where that can be."""
        with self._told(), self._writer, closing(_connect(self.path, self.key)) as connection:
            folder = str(self.path.parent).replace("'", "''")
            connection.execute(f"PRAGMA temp_store_directory = '{folder}'")
            try:
                in_file = self.key is None  # an encrypted library has no temporary files
                if in_file and connection.execute("PRAGMA temp_store_directory").fetchone() is not None:
                    connection.execute("PRAGMA temp_store = FILE")
                connection.execute("VACUUM")
            finally:
                connection.execute("PRAGMA temp_store_directory = ''")

    def close(self) -> None:
        """Close every connection. No other thread may be using the database."""
        with self._registry:
            self._closed = True
            connections = list(self._connections.values())
            self._connections.clear()
        for connection in connections:
            connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None and not self._closed:
            return connection
        with self._registry:
            if self._closed:
                raise RuntimeError("the database is closed")
            connection = _connect(self.path, self.key)
            for thread in [t for t in self._connections if not t.is_alive()]:
                self._connections.pop(thread).close()
            self._connections[threading.current_thread()] = connection
        self._local.connection = connection
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite_errors() as error:
            fault = _fault_of(error, self.path)
            if fault is None:
                raise
            raise fault from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            raise _fault_of_os(error, self.path) from error


def _make_private(path: Path) -> None:
    """Create the folder (0700) and the file (0600) if they do not exist; SQLite's journal takes the file's mode."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
    if os.name == "posix":
        path.chmod(0o600)


def _connect(path: Path, key: bytes | None) -> sqlite3.Connection:
    connection = connect(path, key, timeout_s=BUSY_TIMEOUT_S)
    try:
        if path.stat().st_size == 0:  # neither can be changed later, and trying to would take the write lock
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE_BYTES}")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON").fetchall()
        connection.execute("PRAGMA temp_store = MEMORY")  # no document text in temporary files
        cache_bytes = CACHE_SIZE_BYTES if key is None else ENCRYPTED_CACHE_SIZE_BYTES
        connection.execute(f"PRAGMA cache_size = -{cache_bytes // 1024}")
        connection.execute("CREATE VIRTUAL TABLE temp.keyword_counts USING fts5vocab (main, keywords, col)")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _fault_of(error: Exception, path: Path) -> StorageFault | None:
    """The fault for `error`; None if it is a bug of ours."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _disk_full(path)):
        return disk_full(path)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or _is_undecodable(error):
        return damaged(path)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return _not_writable(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageFault(
            N_("The library is in use"),
            N_("Another program has kept {path} locked for longer than {seconds:.0f} seconds."),
            N_("Close other copies of Papermoor and backup programs that hold the file, then try again."),
            path=path,
            seconds=BUSY_TIMEOUT_S,
        )
    if code == sqlite3.SQLITE_IOERR:
        return StorageFault(
            N_("The library cannot be read"),
            N_("The disk reported an error while {path} was read or written."),
            N_("Nothing that was stored before is lost. Check the disk, then start Papermoor again."),
            path=path,
        )
    return None


def _fault_of_os(error: OSError, path: Path) -> StorageFault:
    return disk_full(path) if error.errno in (errno.ENOSPC, errno.EDQUOT) else _not_writable(path)


def disk_full(path: Path) -> StorageFault:
    return StorageFault(
        N_("The disk is full"),
        N_("There is no room left on the disk that holds {folder}. What was stored before is safe."),
        N_("Free some space, then try again."),
        folder=path.parent,
    )


def _not_writable(path: Path) -> StorageFault:
    return StorageFault(
        N_("The library cannot be written"),
        N_("Papermoor has no permission to write {path}."),
        N_("Give yourself write permission for it, or choose another data folder with --data-dir."),
        path=path,
    )


def damaged(path: Path) -> StorageFault:
    """The fault of a damaged file, which is marked: the next opening replaces it by what can be read of it."""
    try:
        os.close(os.open(path.with_name(path.name + DAMAGE_MARK), os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        log.warning("a damaged database could not be marked: %s", error.strerror)
    return DatabaseDamaged(
        N_("The library file is damaged"),
        N_("A part of {path} cannot be read. Your documents are not affected."),
        N_("Start Papermoor again: it then saves what can be read and makes the rest again from your documents."),
        path=path,
    )


def _is_undecodable(error: Exception) -> bool:
    """Whether a text column holds bytes that are no UTF-8, which only damage brings there."""
    return isinstance(error, sqlite_errors()) and str(error).startswith("Could not decode to UTF-8")


def _disk_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < NEARLY_FULL_BYTES
    except OSError:
        return False
