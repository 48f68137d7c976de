"""Finds exact words in documents: by the keyword index first, then in the texts themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from core.domain.documents import Passage
from core.domain.heading_paths import section_over
from core.domain.locations import locations_of, overlaps, page_at
from core.store.database import Database
from core.store.documents.damage import from_the_rest
from core.store.documents.heading_paths import headings_throughout
from core.store.documents.sheet_rows import all_of
from core.store.documents.stored_pages import StoredPages
from core.store.documents.texts import whole_text
from core.store.keywords import postings
from core.text import tokenizer

MOST_CHARS = 20_000_000
"""Characters of text read for one search, which takes about a second."""
AROUND_CHARS = 160
"""Characters shown before and after a match."""
MOST_PER_DOCUMENT = 20
"""Matches shown of one document."""


def phrase_pattern(words: str) -> re.Pattern[str]:
    """What finds `words` one after another, ignoring case and white space."""
    return re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """The first matches, each as a passage with its context; `total` counts all in the `documents_read`. More documents
    may match if `documents_unread` is not 0."""

    passages: tuple[Passage, ...]
    total: int
    documents_read: int
    documents_unread: int


class PhraseSearch:
    """Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, words: str, documents: frozenset[int] | None = None, limit: int = 12) -> PhraseMatch:
        """The first `limit` matches of `words` one after another, ignoring case and white space."""
        return from_the_rest(self._database, lambda: self._find(words, documents, limit))

    def _find(self, words: str, documents: frozenset[int] | None, limit: int) -> PhraseMatch:
        pattern = phrase_pattern(words)
        if not words.strip():
            return PhraseMatch((), 0, 0, 0)
        passages: list[Passage] = []
        total = 0
        with self._database.read() as connection:
            candidates = self._documents_with(connection, words, documents)
            chars = read = 0
            while read < len(candidates) and chars < MOST_CHARS:
                text = whole_text(connection, candidates[read])
                matches = list(pattern.finditer(text))
                total += len(matches)
                shown = matches[: min(MOST_PER_DOCUMENT, limit - len(passages))]
                passages += _passages(connection, candidates[read], text, shown, len(passages) + 1) if shown else ()
                read, chars = read + 1, chars + len(text)
        return PhraseMatch(tuple(passages), total, read, len(candidates) - read)

    def _documents_with(self, connection: Connection, words: str, documents: frozenset[int] | None) -> list[int]:
        """Documents with the rarest term of `words`, by path; without a term, all."""
        terms = tokenizer.terms(words)
        rarest = min(terms, key=lambda term: postings.count_with(connection, term), default=None)
        query = "SELECT id FROM documents WHERE state = 'indexed' ORDER BY path"
        known = [i for (i,) in connection.execute(query) if documents is None or i in documents]
        if rarest is None:
            return known
        ids = ",".join(map(str, postings.passages_with(connection, rarest)))
        owners = connection.execute(f"SELECT DISTINCT document_id FROM chunks WHERE id IN ({ids})")
        having_rarest = {i for (i,) in owners}
        return [i for i in known if i in having_rarest]


def _passages(
    connection: Connection, document_id: int, text: str, matches: Sequence[re.Match[str]], rank: int
) -> list[Passage]:
    """The matches in a document's text as passages, ranked from `rank` on."""
    path, title, stored, format = connection.execute(
        "SELECT path, title, pages, format FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    pages = StoredPages.of(document_id, stored)
    ranges = [_around(match, pages.starts) for match in matches]
    headings = headings_throughout(connection, document_id, pages.headings)
    locations = locations_of(
        format, pages.starts, pages.labels, text, ranges, all_of(connection, document_id), headings
    )
    pictures = pages.ranges
    return [
        Passage(
            n, 1.0, document_id, Path(os.fsdecode(path)), title, page_at(pages.starts, match.start()),
            section_over(headings, *match.span()), start, end, text[start:end],
            recognised=overlaps(pictures, start, end), location=location,
        )
        for n, (match, (start, end), location) in enumerate(zip(matches, ranges, locations, strict=True), rank)
    ]  # fmt: skip


def _around(match: re.Match[str], starts: Sequence[int]) -> tuple[int, int]:
    """The match with its context on its page."""
    first, last = _ends(starts, page_at(starts, match.start()), len(match.string))
    start = min(match.start(), max(first, match.start() - AROUND_CHARS))
    end = max(match.end(), min(last, match.end() + AROUND_CHARS))
    return start, end


def _ends(starts: Sequence[int], page: int | None, length: int) -> tuple[int, int]:
    """Where the page begins and ends; without pages, the whole document."""
    if page is None:
        return 0, length
    return starts[page], starts[page + 1] if page + 1 < len(starts) else length
