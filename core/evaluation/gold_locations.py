"""Where in the library's documents the known places are: their words looked up in what was read from the files."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.domain.documents import DocumentText
from core.evaluation.questions import GoldAnswer


@dataclass(frozen=True, slots=True)
class GoldLocation:
    """A known place in a document of the library: `spans` are offsets into its text, more than one where the same words
    stand in several places and any of them answers; none where only the page, or only the document, is known."""

    document_id: int
    spans: tuple[tuple[int, int], ...] = ()
    page: int | None = None


def locate_gold(gold: GoldAnswer, text: DocumentText) -> GoldLocation:
    """Offsets are believed where the quote stands there; else its words are looked for, on its page if it has one."""
    document_id = text.document.id
    if gold.start is not None and gold.end is not None and (_same_letters(text.text[gold.start : gold.end], gold.quote)):
        return GoldLocation(document_id, ((gold.start, gold.end),), gold.page)
    if not gold.quote:
        return GoldLocation(document_id, (), gold.page)
    first, last = _page_span(text, gold.page)
    spans = _occurrences(text.text, gold.quote, first, last)
    if not spans and gold.page is None:
        spans = _occurrences(text.text, gold.quote, 0, len(text.text))
    return GoldLocation(document_id, tuple(spans), gold.page)


def document_lookup(documents: Mapping[str, int]) -> Callable[[str], int | None]:
    """Looks up a document by its path below the folder; `documents` has ids by such paths, with forward slashes."""
    folded = {unicodedata.normalize("NFC", path): document_id for path, document_id in documents.items()}
    return lambda name: folded.get(unicodedata.normalize("NFC", name))


def _page_span(text: DocumentText, page: int | None) -> tuple[int, int]:
    if page is None or page >= len(text.pages):
        return 0, len(text.text)
    end = text.pages[page + 1] if page + 1 < len(text.pages) else len(text.text)
    return text.pages[page], end


def _same_letters(found: str, quote: str) -> bool:
    return not quote or _letters(found)[0] == _letters(quote)[0]


def _occurrences(text: str, quote: str, first: int, last: int) -> list[tuple[int, int]]:
    letters, offsets = _letters(text[first:last])
    wanted, _ = _letters(quote)
    spans = []
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        spans.append((first + offsets[at], first + offsets[at + len(wanted) - 1] + 1))
        at = letters.find(wanted, at + len(wanted))
    return spans


def _letters(text: str) -> tuple[str, list[int]]:
    """`text` folded, without white space, and the offset of each of its letters."""
    letters: list[str] = []
    offsets: list[int] = []
    for offset, raw in enumerate(text):
        for letter in unicodedata.normalize("NFKC", raw).casefold() if not raw.isascii() else raw.lower():
            if not letter.isspace() and letter != "\u00ad":
                letters.append(letter)
                offsets.append(offset)
    return "".join(letters), offsets
