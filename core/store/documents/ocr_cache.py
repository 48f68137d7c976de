"""Caches words recognised in the pictures of a document that is not finished, so that an interrupted run goes on at the
next picture."""

from __future__ import annotations

from sqlite3 import Connection

from core.store import key_values
from core.store.database import Database

LANGUAGES_KEY = "page_words_languages"


class OcrCache:
    """Recognised words by document and page, as the parser wrote them; dropped once the document is stored. Any
    thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold_to(self, languages: str) -> None:
        """Forget what was recognised in other languages than these."""
        with self._database.read() as connection:
            if key_values.value_of(connection, LANGUAGES_KEY) == languages:
                return
        with self._database.write() as connection:
            connection.execute("DELETE FROM page_words")
            key_values.put_value(connection, LANGUAGES_KEY, languages)

    def of(self, document_id: int) -> dict[int, str]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT page, words FROM page_words WHERE document_id = ?", (document_id,))
            return dict(rows.fetchall())

    def keep(self, document_id: int, page: int, words: str) -> None:
        """Drop what belongs to documents that have left the library."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO page_words (document_id, page, words) "
                "SELECT id, ?, ? FROM documents WHERE id = ?",
                (page, words, document_id),
            )


def forget_pages(connection: Connection, document_id: int) -> None:
    connection.execute("DELETE FROM page_words WHERE document_id = ?", (document_id,))
