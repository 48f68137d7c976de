"""The folders and single files that the person added. None lies inside another."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from core.domain.documents import Folder
from core.store.database import Database
from core.store.file_rewriting import mark_for_rewriting


@dataclass(frozen=True, slots=True)
class Subtree:
    """A folder or a part of it: the paths equal to `path` or below it."""

    folder_id: int
    folder_path: bytes
    path: bytes


class Folders:
    """Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> tuple[Folder, ...]:
        """The folders in the order they were added; `documents` counts the known files in any state."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT f.id, f.path, (SELECT COUNT(*) FROM documents d WHERE d.folder_id = f.id) "
                "FROM folders f WHERE f.removed_s IS NULL ORDER BY f.id"
            ).fetchall()
        return tuple(Folder(i, Path(os.fsdecode(path)), count) for i, path, count in rows)

    def paths(self) -> tuple[Path, ...]:
        """The paths in the order they were added."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT path FROM folders WHERE removed_s IS NULL ORDER BY id").fetchall()
        return tuple(Path(os.fsdecode(path)) for (path,) in rows)

    def holding(self, path: Path) -> Subtree | None:
        """`path` as a part of its folder in the library; None if it lies in none."""
        wanted = os.fsencode(os.path.abspath(path.expanduser()))
        with self._database.read() as connection:
            known = connection.execute("SELECT id, path FROM folders WHERE removed_s IS NULL").fetchall()
        return next((Subtree(i, folder, wanted) for i, folder in known if is_within(wanted, folder)), None)

    def add(self, path: Path) -> Subtree:
        """The folder for `path`: an existing one that contains it, or a new one that takes over those inside it."""
        wanted = os.fsencode(os.path.abspath(path.expanduser()))
        with self._database.write() as connection:
            known = connection.execute("SELECT id, path FROM folders WHERE removed_s IS NULL").fetchall()
            for folder_id, folder_path in known:
                if is_within(wanted, folder_path):
                    return Subtree(folder_id, folder_path, wanted)
            folder_id = _insert(connection, wanted)
            for inner_id, inner_path in known:
                if is_within(inner_path, wanted):
                    connection.execute("UPDATE documents SET folder_id = ? WHERE folder_id = ?", (folder_id, inner_id))
                    connection.execute("DELETE FROM folders WHERE id = ?", (inner_id,))
        return Subtree(folder_id, wanted, wanted)

    def mark_removed(self, folder_id: int) -> None:
        """Hide the folder: it is no longer listed or indexed, and its documents are deleted next."""
        with self._database.write() as connection:
            connection.execute("UPDATE folders SET removed_s = ? WHERE id = ?", (time.time(), folder_id))

    def marked_removed(self) -> tuple[int, ...]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT id FROM folders WHERE removed_s IS NOT NULL").fetchall()
        return tuple(folder_id for (folder_id,) in rows)

    def forget(self, folder_id: int) -> None:
        """Delete a folder that was marked as removed and has no documents left."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM folders WHERE id = ? AND removed_s IS NOT NULL", (folder_id,))
            mark_for_rewriting(connection)


def is_within(path: bytes, folder: bytes) -> bool:
    """Whether `path` is `folder` or lies below it. Both are absolute and normalised."""
    return path == folder or path.startswith(prefix_of(folder))


def prefix_of(folder: bytes) -> bytes:
    """The prefix of all paths below `folder`."""
    separator = os.fsencode(os.sep)
    return folder if folder.endswith(separator) else folder + separator


def _insert(connection: Connection, path: bytes) -> int:
    connection.execute("DELETE FROM folders WHERE path = ? AND id NOT IN (SELECT folder_id FROM documents)", (path,))
    connection.execute(  # being removed: what is left of it keeps going under a name that no path has
        "UPDATE folders SET path = path || x'00' || CAST(id AS BLOB) WHERE path = ? AND removed_s IS NOT NULL", (path,)
    )
    row = connection.execute("INSERT INTO folders (path, added_s) VALUES (?, ?)", (path, time.time()))
    return int(row.lastrowid or 0)
