"""Other languages for text recognition: pages that were read before are read again only if the person says so, knowing
how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.store.database import Database
from core.store.documents.ocr_pages import OcrPages, PagesToReadAgain


@dataclass(frozen=True, slots=True)
class OcrLanguageQuestion:
    """Shall scanned pages that were read in other languages be read again in `languages` ("deu+fra")?"""

    languages: str
    again: PagesToReadAgain


class OcrLanguageChange:
    """Called from workers. `languages` gives those that are chosen now, none while recognition is switched off. What is
    decided holds until others are chosen, by the settings or because data for them was installed."""

    def __init__(self, database: Database, languages: Callable[[], tuple[str, ...]]) -> None:
        self._pages = OcrPages(database)
        self._languages = languages

    def question(self) -> OcrLanguageQuestion | None:
        """What has to be asked; None if nothing has."""
        languages, decided = "+".join(self._languages()), self._pages.decided()
        if not languages or languages == decided:
            return None
        again = self._pages.in_others(languages)
        if decided is None or not again.documents:
            self._pages.decide(languages)
            return None
        return OcrLanguageQuestion(languages, again)

    def agree(self, question: OcrLanguageQuestion) -> None:
        """Have the next run of `Library.index` read them again."""
        self._pages.read_again(question.languages)
        self._pages.decide(question.languages)

    def decline(self, question: OcrLanguageQuestion) -> None:
        """They stay as they are; pages that come from now on are read in the new languages."""
        self._pages.decide(question.languages)
