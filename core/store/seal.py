"""A digest of the vector store's file: tells bits that changed while its size and time of change stayed the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.store.database import Database

SEAL_KEY = "vector_store_seal"
BLOCK_BYTES = 1 << 20


class Seal:
    """Of one file. It holds for one stamp (`core.store.vectors.stamp_of`). Called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, stamp: str, file: Path) -> None:
        """The file is as it should be. Reads all of it: about a second for a gigabyte."""
        digest = _digest(file)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (SEAL_KEY, f"{stamp} {digest}")
            )

    def holds(self, stamp: str, file: Path) -> bool | None:
        """Whether the file is still what it was when it was sealed with this stamp; None if it was not."""
        with self._database.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (SEAL_KEY,)).fetchone()
        sealed, _, digest = (row[0] if row else "").partition(" ")
        return digest == _digest(file) if sealed == stamp else None


def _digest(file: Path) -> str:
    """Raises `OSError`."""
    digest = hashlib.blake2b(digest_size=16)
    with file.open("rb") as opened:
        while block := opened.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
