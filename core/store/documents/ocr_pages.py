"""Records in which languages scanned pages were recognised, so that pages recognised in others can be read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.store import key_values
from core.store.database import Database

LANGUAGES_KEY = "recognition_languages"
SPEED_KEY = "recognition_page_s"
USUAL_PAGE_S = 1.5  # of a page in one language, before any was read on this computer
_OTHERS = "(recognised OR problem = 'nothing_recognised') AND state <> 'waiting' AND recognised_in <> ?"


@dataclass(frozen=True, slots=True)
class PagesToReadAgain:
    """How many pages would be read again, and the expected time."""

    documents: int
    pages: int
    seconds: float


class OcrPages:
    """Languages are joined as Tesseract does ("deu+fra"). Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def decided(self) -> str | None:
        """The languages for which it was last decided what becomes of pages read in others; None before the first
        time."""
        return self._meta(LANGUAGES_KEY)

    def decide(self, languages: str) -> None:
        self._put_meta(LANGUAGES_KEY, languages)

    def in_others(self, languages: str) -> PagesToReadAgain:
        """The scanned pages that were recognised in other languages than these."""
        with self._database.read() as connection:
            documents, pages = connection.execute(
                f"SELECT COUNT(*), COALESCE(SUM(MAX(recognised, 1)), 0) FROM documents WHERE {_OTHERS}", (languages,)
            ).fetchone()
        page_s = float(self._meta(SPEED_KEY) or USUAL_PAGE_S)
        return PagesToReadAgain(documents, pages, pages * page_s * len(languages.split("+")))

    def read_again(self, languages: str) -> None:
        """Queue those pages for OCR; what is stored of them stays until then."""
        with self._database.write() as connection:
            connection.execute(f"UPDATE documents SET pictures = MAX(recognised, 1) WHERE {_OTHERS}", (languages,))

    def note_speed(self, pages: int, languages: Sequence[str], seconds: float) -> None:
        """Record how long so many pages took in these languages."""
        if pages and languages:
            self._put_meta(SPEED_KEY, f"{seconds / pages / len(languages):.3f}")

    def _meta(self, key: str) -> str | None:
        with self._database.read() as connection:
            return key_values.value_of(connection, key)

    def _put_meta(self, key: str, value: str) -> None:
        with self._database.write() as connection:
            key_values.put_value(connection, key, value)
