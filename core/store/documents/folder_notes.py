"""Stores notes on places inside folders: those that could not be opened, and where drives were mounted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from sqlite3 import Connection

from core.domain.documents import Skipped
from core.store.database import Database
from core.store.documents.folders import Subtree, is_within


class Drive(IntEnum):
    """NONE: no longer a drive, its files lie in a folder there now. AWAY: found missing, and so until it is mounted
    again, whatever lies in its place."""

    NONE = 0
    HERE = 1
    AWAY = 2


class FolderNotes:
    """Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def drives(self, part: Subtree) -> dict[bytes, Drive]:
        """Where file systems were mounted when documents of this folder were found on them."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT path, drive FROM folder_notes WHERE folder_id = ? AND drive", (part.folder_id,)
            ).fetchall()
        return {path: Drive(state) for path, state in rows}

    def put_drives(self, part: Subtree, states: Mapping[bytes, Drive]) -> None:
        before = self.drives(part)
        new = {path: state for path, state in states.items() if before.get(path, Drive.NONE) is not state}
        if new:
            with self._database.write() as connection:
                connection.executemany(
                    "INSERT INTO folder_notes (folder_id, path, drive) SELECT id, ?, ? FROM folders WHERE id = ? "
                    "ON CONFLICT DO UPDATE SET drive = excluded.drive",
                    ((path, state, part.folder_id) for path, state in new.items()),
                )
                _drop_empty(connection)

    def put_closed(self, part: Subtree, reasons: Mapping[bytes, str]) -> None:
        """Record exactly these places at or below `subtree` as not to be opened."""
        before = self._reasons(part)
        if before == reasons:
            return
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE folder_notes SET reason = '' WHERE folder_id = ? AND path = ?",
                ((part.folder_id, path) for path in before),
            )
            connection.executemany(
                "INSERT INTO folder_notes (folder_id, path, reason) SELECT id, ?, ? FROM folders WHERE id = ? "
                "ON CONFLICT DO UPDATE SET reason = excluded.reason",
                ((path, reason, part.folder_id) for path, reason in reasons.items()),
            )
            _drop_empty(connection)

    def closed_in(self, part: Subtree) -> frozenset[bytes]:
        """The places at or below `subtree` that could not be opened at the last scan."""
        return frozenset(self._reasons(part))

    def _reasons(self, part: Subtree) -> dict[bytes, str]:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT path, reason FROM folder_notes WHERE folder_id = ? AND reason <> ''", (part.folder_id,)
            ).fetchall()
        return {path: reason for path, reason in rows if is_within(path, part.path)}

    def closed(self) -> list[Skipped]:
        """The places that could not be opened at the last scan, with the reason."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT n.path, n.reason FROM folder_notes n JOIN folders f ON f.id = n.folder_id "
                "WHERE n.reason <> '' AND f.removed_s IS NULL ORDER BY n.path"
            ).fetchall()
        return [Skipped(Path(os.fsdecode(path)), reason) for path, reason in rows]


def _drop_empty(connection: Connection) -> None:
    connection.execute("DELETE FROM folder_notes WHERE reason = '' AND NOT drive")
