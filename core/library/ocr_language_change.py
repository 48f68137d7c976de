"""Changes the OCR languages: pages read before are read again only if the person agrees, knowing how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.store.database import Database
from core.store.documents.ocr_pages import OcrPages, PagesToReadAgain


@dataclass(frozen=True, slots=True)
class OcrLanguageQuestion:
    """Shall pages recognised in other languages be read again in `languages` ("deu+fra")?"""

    languages: str
    pages_to_read_again: PagesToReadAgain


class OcrLanguageChange:
    """Called from worker threads. `languages` returns the current ones, none while OCR is off. A decision holds until
    other languages are chosen, in the settings or by installing data for them."""

    def __init__(self, database: Database, languages: Callable[[], tuple[str, ...]]) -> None:
        self._pages = OcrPages(database)
        self._languages = languages

    def question(self) -> OcrLanguageQuestion | None:
        """The question to ask; None if there is none."""
        languages, decided = "+".join(self._languages()), self._pages.decided()
        if not languages or languages == decided:
            return None
        again = self._pages.in_others(languages)
        if decided is None or not again.documents:
            self._pages.decide(languages)
            return None
        return OcrLanguageQuestion(languages, again)

    def agree(self, question: OcrLanguageQuestion) -> None:
        """Agree: the next run of `Library.index` reads them again."""
        self._pages.read_again(question.languages)
        self._pages.decide(question.languages)

    def decline(self, question: OcrLanguageQuestion) -> None:
        """Keep them as they are; pages from now on are read in the new languages."""
        self._pages.decide(question.languages)
