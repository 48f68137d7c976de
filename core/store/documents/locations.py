"""What is stored that tells where in their documents passages stand (core.domain.locations)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from sqlite3 import Connection

from core.domain.documents import Location
from core.domain.locations import LINED, SHEETS, locations_of
from core.store.documents.heading_paths import headings_of
from core.store.documents.passages import PassageSpan
from core.store.documents.sheet_rows import rows_at
from core.store.documents.stored_pages import StoredPages
from core.store.documents.texts import spans

COUNTED_CHARS = 4_000_000
"""Of a document, before a passage, in which lines are counted when it was found by a search; 30 milliseconds."""
_HEAD_CHARS = 4


def locations_of_ranges(
    connection: Connection, document_id: int, places: Sequence[tuple[int, int]], passages: Iterable[PassageSpan] = ()
) -> list[Location]:
    """The spot of each of `places` (start and end) in a document, of which only what is needed is read; `passages` are
    those that lie there."""
    row = connection.execute("SELECT format, pages FROM documents WHERE id = ?", (document_id,)).fetchone()
    format, stored = row or ("", "")
    pages = StoredPages.of(stored)
    text = ""
    if format in LINED:
        near = [start for start, _ in places if start <= COUNTED_CHARS]
        (text,) = spans(connection, document_id, [(0, max(near, default=0) + _HEAD_CHARS)])
    headings = headings_of(passages, pages.headings)
    found = locations_of(format, pages.starts, pages.labels, text, places, headings=headings)
    if format in SHEETS:
        return [
            replace(spot, rows=rows_at(connection, document_id, *place))
            for spot, place in zip(found, places, strict=True)
        ]
    return [
        spot if start <= COUNTED_CHARS else replace(spot, line=None)
        for spot, (start, _) in zip(found, places, strict=True)
    ]
