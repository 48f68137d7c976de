"""Which SQLite opens a file: Python's own for a plain library, SQLCipher's for an encrypted one.

Both are DB-API modules with the same methods, error codes and SQL. SQLCipher is imported only for an encrypted library,
so that nothing changes for the others.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, cast

PAGE_SIZE_BYTES = 8192  # five half-precision vectors of 768 dimensions to a page; with 4096, two and a gap
KEY_BYTES = 32
# AES-256-CBC with HMAC-SHA-256: pages are read in about 0.6 of the time that SQLCipher's own SHA-512 takes. Never
# change them: a file opens with those that it was written with.
CIPHER_SETTINGS = (f"cipher_page_size = {PAGE_SIZE_BYTES}", "cipher_hmac_algorithm = HMAC_SHA256")
PLAIN_MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat2.html, section 1.3


def connect(path: Path, key: bytes | None = None, *, timeout_s: float = 5.0, options: str = "") -> sqlite3.Connection:
    """Open the file at `path` in autocommit mode, for use by any one thread at a time; encrypted under the 256-bit
    `key` if one is given. A wrong key shows at the first statement, as SQLITE_NOTADB. `options` are SQLite's own for
    a file, such as "mode=ro"."""
    name = f"{path.absolute().as_uri()}?{options}" if options else str(path)
    if key is None:
        return sqlite3.connect(
            name, timeout=timeout_s, isolation_level=None, check_same_thread=False, uri=bool(options)
        )
    if len(key) != KEY_BYTES:
        raise ValueError("a library's key has 256 bits")
    connection = _sqlcipher().connect(
        name, timeout=timeout_s, isolation_level=None, check_same_thread=False, uri=bool(options)
    )
    try:
        connection.execute("PRAGMA cipher_log_level = NONE").fetchall()  # it prints to standard error otherwise
        connection.execute(f"PRAGMA key = {key_literal(key)}").fetchall()
        for pragma in CIPHER_SETTINGS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return cast(sqlite3.Connection, connection)


def connect_to_convert(path: Path, key: bytes | None) -> sqlite3.Connection:
    """Open the file at `path`, plain or encrypted, with the SQLite that can attach the other kind."""
    if key is not None:
        return connect(path, key)
    connection = _sqlcipher().connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA cipher_log_level = NONE").fetchall()
    return cast(sqlite3.Connection, connection)


def attach(connection: sqlite3.Connection, path: Path, name: str, key: bytes | None) -> None:
    """Attach the file at `path` as `name` to a connection that `connect` opened with the same `key`."""
    if key is None:
        connection.execute(f"ATTACH DATABASE ? AS {name}", (str(path),))
    else:
        attach_converted(connection, path, name, key)


def attach_converted(connection: sqlite3.Connection, path: Path, name: str, key: bytes | None) -> None:
    """Attach the file at `path`, plain or encrypted, to a connection of SQLCipher."""
    connection.execute(f"ATTACH DATABASE ? AS {name} KEY {key_literal(key)}", (str(path),))
    if key is not None:
        for pragma in CIPHER_SETTINGS:
            connection.execute(f"PRAGMA {name}.{pragma}").fetchall()


def key_literal(key: bytes | None) -> str:
    """The key as SQL: SQLCipher takes these 256 bits as they are, without deriving others from them. An empty one
    stands for a plain file."""
    return "''" if key is None else f"\"x'{key.hex()}'\""


def sqlite_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """The base classes of what either SQLite raises, and `others`."""
    used = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.Error, *others) if used is None else (sqlite3.Error, used.Error, *others)


def integrity_errors() -> tuple[type[Exception], ...]:
    """What either SQLite raises for a row that breaks a rule of its table."""
    used = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.IntegrityError,) if used is None else (sqlite3.IntegrityError, used.IntegrityError)


def is_plain(path: Path) -> bool:
    """Whether the file at `path` is a database that is not encrypted. A missing or empty file is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN_MAGIC)) == PLAIN_MAGIC
    except FileNotFoundError:
        return False


def key_fits(path: Path, key: bytes) -> bool:
    """Whether `key` opens the encrypted file at `path`; any key fits a missing or empty one."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    with closing(connect(path, key)) as connection:
        try:
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        except sqlite_errors() as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
                return False
            raise
    return True


def _sqlcipher() -> Any:
    from sqlcipher3 import dbapi2

    return dbapi2
