"""What is known of places in folders beside their documents: which could not be looked into, and where drives were."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.store.database import Database
from core.store.folders import Subtree, is_within
from core.values import Skipped


class FolderNotes:
    """Called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def drives(self, part: Subtree) -> frozenset[bytes]:
        """Where file systems of their own were mounted when documents of this folder were found on them."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT path FROM folder_notes WHERE folder_id = ? AND drive", (part.folder_id,))
            return frozenset(path for (path,) in rows)

    def add_drives(self, part: Subtree, paths: Iterable[bytes]) -> None:
        new = set(paths) - self.drives(part)
        if new:
            with self._database.write() as connection:
                connection.executemany(
                    "INSERT INTO folder_notes (folder_id, path, drive) SELECT id, ?, 1 FROM folders WHERE id = ? "
                    "ON CONFLICT DO UPDATE SET drive = 1",
                    ((path, part.folder_id) for path in new),
                )

    def put_closed(self, part: Subtree, reasons: Mapping[bytes, str]) -> None:
        """These places at or below the subtree's path could not be looked into, and no others."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT path, reason FROM folder_notes WHERE folder_id = ? AND reason <> ''", (part.folder_id,)
            ).fetchall()
        before = {path: reason for path, reason in rows if is_within(path, part.path)}
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
            connection.execute("DELETE FROM folder_notes WHERE reason = '' AND NOT drive")

    def closed(self) -> list[Skipped]:
        """The places that could not be looked into the last time, and why."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT n.path, n.reason FROM folder_notes n JOIN folders f ON f.id = n.folder_id "
                "WHERE n.reason <> '' AND f.removed_s IS NULL ORDER BY n.path"
            ).fetchall()
        return [Skipped(Path(os.fsdecode(path)), reason) for path, reason in rows]
