"""Records which passages are being embedded: those still recorded at the next start were being embedded when the
program ended.

Passages are identified by the hash of what is embedded, so that the same words in another document are recognised too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Connection

from core.store.database import Database

DEATHS = 2  # of the whole program, while a passage was embedded alone, after which it is left out

_SPENT = """
DELETE FROM embedding_in_hand WHERE NOT EXISTS (
    SELECT 1 FROM chunks c WHERE c.content_hash = embedding_in_hand.content_hash AND NOT EXISTS (
        SELECT 1 FROM chunk_vectors v JOIN embedders e ON e.id = v.embedder_id
        WHERE v.chunk_id = c.id AND e.fingerprint = embedding_in_hand.fingerprint))
"""


class EmbeddingCrashLog:
    """The crash log of the run that embeds, of which there is one at a time for an embedder. `fingerprint` identifies
    the embedder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_crashed(self, fingerprint: str) -> None:
        """Mark as suspect the passages that were being embedded when the program ended (a crash, a power cut or a
        kill), and count that end against one embedded alone. Call it once a run."""
        with self._database.read() as connection:
            if connection.execute("SELECT 1 FROM embedding_in_hand").fetchone() is None:
                return
        with self._database.write() as connection:
            connection.execute(_SPENT)
            connection.execute(
                "UPDATE embedding_in_hand SET suspect = 1, deaths = deaths + alone, alone = 0 WHERE fingerprint = ?",
                (fingerprint,),
            )

    def suspects(self, fingerprint: str) -> list[bytes]:
        """Passages to try once more, each alone, the least suspect first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT content_hash FROM embedding_in_hand WHERE fingerprint = ? AND suspect AND deaths < ? "
                "ORDER BY deaths, content_hash",
                (fingerprint, DEATHS),
            ).fetchall()
        return [content_hash for (content_hash,) in rows]

    def begin(self, fingerprint: str, hashes: Iterable[bytes], *, alone: bool = False) -> None:
        """Record that embedding of these begins, `alone` or together, in place of those before."""
        with self._database.write() as connection:
            _put_down(connection, fingerprint)
            connection.executemany(
                "INSERT INTO embedding_in_hand (fingerprint, content_hash, alone) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET alone = excluded.alone",
                ((fingerprint, content_hash, alone) for content_hash in hashes),
            )

    def cleared(self, fingerprint: str, content_hash: bytes) -> None:
        """Record that a passage was embedded alone without a crash."""
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM embedding_in_hand WHERE fingerprint = ? AND content_hash = ?", (fingerprint, content_hash)
            )

    def end_all(self, fingerprint: str) -> None:
        """Record that the run ended in order, perhaps stopped: no passage is to blame."""
        with self._database.write() as connection:
            _put_down(connection, fingerprint)

    def try_again(self, document_ids: Iterable[int]) -> None:
        """Forget everything about the passages of these documents, so that the next run tries them."""
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE embedding_in_hand SET deaths = 0 WHERE content_hash IN "
                "(SELECT content_hash FROM chunks WHERE document_id = ?)",
                ((document_id,) for document_id in document_ids),
            )

    def left_out(self) -> list[tuple[int, Path, int]]:
        """The documents with passages that are not tried any more: id, path, number of passages."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT d.id, d.path, COUNT(DISTINCT c.id) FROM embedding_in_hand h "
                "JOIN chunks c ON c.content_hash = h.content_hash JOIN documents d ON d.id = c.document_id "
                "WHERE h.suspect AND h.deaths >= ? GROUP BY d.id",
                (DEATHS,),
            ).fetchall()
        return [(document_id, Path(os.fsdecode(path)), number) for document_id, path, number in rows]

    def forget(self, fingerprint: str) -> None:
        """Forget everything about this embedder."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM embedding_in_hand WHERE fingerprint = ?", (fingerprint,))


def _put_down(connection: Connection, fingerprint: str) -> None:
    connection.execute("DELETE FROM embedding_in_hand WHERE fingerprint = ? AND NOT suspect", (fingerprint,))
    connection.execute("UPDATE embedding_in_hand SET alone = 0 WHERE fingerprint = ? AND alone", (fingerprint,))
