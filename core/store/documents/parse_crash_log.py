"""Which files are being read: what is still noted at the next start was being read when the program ended."""

from __future__ import annotations

from sqlite3 import Connection

from core.store.database import Database


class ParseCrashLog:
    """Of the run that indexes; there is one at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def suspects(self) -> dict[int, int]:
        """Files that were in hand when the program ended, whether by a crash, a power cut or a kill: by document id,
        how often it ended while the file was read alone. Each call counts the last end; call it once a run."""
        with self._database.read() as connection:
            if connection.execute("SELECT 1 FROM in_hand").fetchone() is None:
                return {}
        with self._database.write() as connection:
            connection.execute("DELETE FROM in_hand WHERE document_id IN (SELECT id FROM documents WHERE NOT pending)")
            connection.execute("UPDATE in_hand SET deaths = deaths + alone, alone = 0")
            return dict(connection.execute("SELECT document_id, deaths FROM in_hand").fetchall())

    def begin(self, document_id: int, *, alone: bool) -> None:
        """Note that the file is read from here on, `alone` or among others."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO in_hand (document_id, alone) SELECT id, ? FROM documents WHERE id = ? "
                "ON CONFLICT (document_id) DO UPDATE SET alone = excluded.alone",
                (alone, document_id),
            )

    def end(self, document_id: int) -> None:
        """The file has been dealt with, whatever came of it."""
        with self._database.write() as connection:
            end_parsing(connection, document_id)

    def end_all(self) -> None:
        """The run ended in order, though perhaps stopped: nothing in hand is to blame."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM in_hand WHERE deaths = 0")
            connection.execute("UPDATE in_hand SET alone = 0")


def end_parsing(connection: Connection, document_id: int) -> None:
    """`InHand.put_down` as a part of the transaction that stores what came of it."""
    connection.execute("DELETE FROM in_hand WHERE document_id = ?", (document_id,))
