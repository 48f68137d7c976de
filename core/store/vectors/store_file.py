"""The file of Milvus Lite 2.5 while its program does not run: recognised, deleted, rewritten without deleted rows."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

FILE_NAME = "vectors.db"


class VectorStoreError(Exception):
    """The vector store is missing, damaged or does not answer. Never shown to a person: callers go on without it."""


def stamp_of(folder: Path) -> str:
    """The stamp of the store in `folder` without opening it; "" if there is none."""
    try:
        status = (folder / FILE_NAME).stat()
    except OSError:
        return ""
    return f"{status.st_size}/{status.st_mtime_ns}/{status.st_ino}"


def wipe(folder: Path) -> None:
    """Delete a closed store's files."""
    for path in folder.glob("*vectors*.db*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def scrub(folder: Path) -> bool:
    """Rewrite the closed store's file without the bytes of deleted rows. False, with nothing done, if the store keeps
    no such file. Raises `VectorStoreError`; the old file is then as it was."""
    path = folder / FILE_NAME
    if not path.exists():
        return False
    partial = path.with_name(FILE_NAME + ".part")
    try:
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(path.absolute().as_uri() + "?mode=rw", uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(partial),))
        partial.chmod(0o600)
        os.replace(partial, path)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):  # a full disk needs the room
            partial.unlink(missing_ok=True)
        raise VectorStoreError(repr(error)) from error
    return True
