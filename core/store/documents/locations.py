"""Reads what is stored to locate passages in their documents."""

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
"""Characters of a document before a passage up to which a search counts lines; 30 ms."""
_HEAD_CHARS = 4


def locations_of_ranges(
    connection: Connection, document_id: int, places: Sequence[tuple[int, int]], passages: Iterable[PassageSpan] = ()
) -> list[Location]:
    """The location of each range (start, end) of `places` in a document, reading only what is needed; `passages` are
    those in these ranges."""
    row = connection.execute("SELECT format, pages FROM documents WHERE id = ?", (document_id,)).fetchone()
    format, stored = row or ("", "")
    pages = StoredPages.of(document_id, stored)
    text = ""
    if format in LINED:
        near = [start for start, _ in places if start <= COUNTED_CHARS]
        (text,) = spans(connection, document_id, [(0, max(near, default=0) + _HEAD_CHARS)], beyond=True)
    headings = headings_of(passages, pages.headings)
    found = locations_of(format, pages.starts, pages.labels, text, places, headings=headings)
    if format in SHEETS:
        return [
            replace(location, rows=rows_at(connection, document_id, *place))
            for location, place in zip(found, places, strict=True)
        ]
    return [
        location if start <= COUNTED_CHARS else replace(location, line=None)
        for location, (start, _) in zip(found, places, strict=True)
    ]
