"""Locates gold answers in documents of the library, by offsets or by looking up their words in the text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.domain.documents import DocumentText
from core.evaluation.questions import GoldAnswer


@dataclass(frozen=True, slots=True)
class GoldLocation:
    """The location of a gold answer. `spans` are offsets in the document's text: several if the same words occur
    several times, any of which answers; none if only the page or the document is known."""

    document_id: int
    spans: tuple[tuple[int, int], ...] = ()
    page: int | None = None


def locate_gold(gold: GoldAnswer, text: DocumentText) -> GoldLocation:
    """Locate `gold` in the document's text. Its offsets are used if the quote is there; if not, or if there are none,
    its words are looked up, on its page if it has one."""
    document_id = text.document.id
    if gold.start is not None and gold.end is not None and _same_letters(text.text[gold.start : gold.end], gold.quote):
        return GoldLocation(document_id, ((gold.start, gold.end),), gold.page)
    if not gold.quote:
        return GoldLocation(document_id, (), gold.page)
    start, end = _page_range(text, gold.page)
    spans = _occurrences(text.text, gold.quote, start, end)
    if not spans and gold.page is None:
        spans = _occurrences(text.text, gold.quote, 0, len(text.text))
    return GoldLocation(document_id, tuple(spans), gold.page)


def document_lookup(documents: Mapping[str, int]) -> Callable[[str], int | None]:
    """Return a function that looks up a document's id by its path. `documents` has ids by path, relative and with
    forward slashes; paths are compared in Unicode's NFC."""
    folded = {unicodedata.normalize("NFC", path): document_id for path, document_id in documents.items()}
    return lambda name: folded.get(unicodedata.normalize("NFC", name))


def _page_range(text: DocumentText, page: int | None) -> tuple[int, int]:
    if page is None or page >= len(text.pages):
        return 0, len(text.text)
    end = text.pages[page + 1] if page + 1 < len(text.pages) else len(text.text)
    return text.pages[page], end


def _same_letters(found: str, quote: str) -> bool:
    return not quote or _letters(found)[0] == _letters(quote)[0]


def _occurrences(text: str, quote: str, start: int, end: int) -> list[tuple[int, int]]:
    letters, offsets = _letters(text[start:end])
    wanted, _ = _letters(quote)
    spans = []
    index = letters.find(wanted) if wanted else -1
    while index >= 0:
        spans.append((start + offsets[index], start + offsets[index + len(wanted) - 1] + 1))
        index = letters.find(wanted, index + len(wanted))
    return spans


def _letters(text: str) -> tuple[str, list[int]]:
    """Return `text` case-folded and without white space, and the offset of each character that is left."""
    letters: list[str] = []
    offsets: list[int] = []
    for offset, raw in enumerate(text):
        for letter in unicodedata.normalize("NFKC", raw).casefold() if not raw.isascii() else raw.lower():
            if not letter.isspace() and letter != "\u00ad":
                letters.append(letter)
                offsets.append(offset)
    return "".join(letters), offsets
