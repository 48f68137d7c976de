"""Under which headings a document's text stands: its passages' own, and those within passages of several sections."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from core.domain.heading_paths import Headings
from core.store.documents import passages
from core.store.documents.passages import PassageSpan

ALL = 2**31


def headings_of(passages: Iterable[PassageSpan], inner: Headings) -> tuple[tuple[int, str], ...]:
    """From where on which path of headings holds in a document, as far as these passages of it reach. `inner` are those
    within passages, the first of which stands where its passage begins, in the place of the passage's section."""
    return tuple(sorted(({passage.start: passage.section for passage in passages} | dict(inner)).items()))


def headings_throughout(connection: Connection, document_id: int, inner: Headings) -> tuple[tuple[int, str], ...]:
    return headings_of(passages.neighbours(connection, document_id, 0, ALL), inner)
