"""Digests of folder listings at the last time nothing had changed, so that an equal listing need not be compared file
by file."""

from __future__ import annotations

from core.store.database import Database
from core.store.documents.folders import Subtree

_BEGUN = b""


class ScanDigests:
    """A digest of a folder's listing, in scan order, by folder. The database deletes it when a document of the folder
    is added, removed or changes its path, size, time of change or place in the queue. Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_unchanged(self, part: Subtree, digest: bytes) -> bool:
        """Whether this listing was found when nothing had changed; never for an empty digest."""
        if not digest:
            return False
        with self._database.read() as connection:
            row = connection.execute("SELECT digest FROM looks WHERE folder_id = ?", (part.folder_id,)).fetchone()
        return row is not None and row[0] == digest

    def begin(self, part: Subtree) -> None:
        """Begin comparing a whole folder; a change before `end` invalidates the result."""
        if part.path == part.folder_path:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO looks (folder_id, digest) SELECT id, ? FROM folders WHERE id = ?",
                    (_BEGUN, part.folder_id),
                )

    def end(self, part: Subtree, digest: bytes) -> None:
        """Record that nothing had changed."""
        if digest:
            with self._database.write() as connection:
                connection.execute(
                    "UPDATE looks SET digest = ? WHERE folder_id = ? AND digest = ?", (digest, part.folder_id, _BEGUN)
                )
