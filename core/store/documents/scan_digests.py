"""What each folder looked like when nothing in it was different from what is stored: seen again, it need not be
compared file by file."""

from __future__ import annotations

from core.store.database import Database
from core.store.documents.folders import Subtree

_BEGUN = b""


class ScanDigests:
    """By folder, a digest of all that a walk found in it. The database forgets it as soon as a document of the folder
    comes, goes or gets another path, size, time of change or place in the queue. Called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_unchanged(self, part: Subtree, digest: bytes) -> bool:
        """Whether this was found when nothing was different; never for an empty digest."""
        if not digest:
            return False
        with self._database.read() as connection:
            row = connection.execute("SELECT digest FROM looks WHERE folder_id = ?", (part.folder_id,)).fetchone()
        return row is not None and row[0] == digest

    def begin(self, part: Subtree) -> None:
        """A whole folder is compared from here on; what changes before `end` makes its result worthless."""
        if part.path == part.folder_path:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO looks (folder_id, digest) SELECT id, ? FROM folders WHERE id = ?",
                    (_BEGUN, part.folder_id),
                )

    def end(self, part: Subtree, digest: bytes) -> None:
        """Nothing was different."""
        if digest:
            with self._database.write() as connection:
                connection.execute(
                    "UPDATE looks SET digest = ? WHERE folder_id = ? AND digest = ?", (digest, part.folder_id, _BEGUN)
                )
