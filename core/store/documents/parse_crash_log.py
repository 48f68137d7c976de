"""Records which files are being parsed: those still recorded at the next start were being parsed when the program
ended."""

from __future__ import annotations

from sqlite3 import Connection

from core.store.database import Database


class ParseCrashLog:
    """The crash log of the indexing run, of which there is one at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def suspects(self) -> dict[int, int]:
        """Files that were being parsed when the program ended (a crash, a power cut or a kill): how often it ended
        while the file was parsed alone, by document id. Each call counts the last end, so call it once a run."""
        with self._database.read() as connection:
            if connection.execute("SELECT 1 FROM in_hand").fetchone() is None:
                return {}
        with self._database.write() as connection:
            connection.execute("DELETE FROM in_hand WHERE document_id IN (SELECT id FROM documents WHERE NOT pending)")
            connection.execute("UPDATE in_hand SET deaths = deaths + alone, alone = 0")
            return dict(connection.execute("SELECT document_id, deaths FROM in_hand").fetchall())

    def begin(self, document_id: int, *, alone: bool) -> None:
        """Record that parsing of the file begins, `alone` or with others."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO in_hand (document_id, alone) SELECT id, ? FROM documents WHERE id = ? "
                "ON CONFLICT (document_id) DO UPDATE SET alone = excluded.alone",
                (alone, document_id),
            )

    def end(self, document_id: int) -> None:
        """Record that the file has been dealt with, whatever the outcome."""
        with self._database.write() as connection:
            end_parsing(connection, document_id)

    def end_all(self) -> None:
        """Record that the run ended in order, perhaps stopped: no file is to blame."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM in_hand WHERE deaths = 0")
            connection.execute("UPDATE in_hand SET alone = 0")


def end_parsing(connection: Connection, document_id: int) -> None:
    """`ParseCrashLog.end` as part of the transaction that stores the outcome."""
    connection.execute("DELETE FROM in_hand WHERE document_id = ?", (document_id,))
