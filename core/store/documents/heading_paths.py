"""The heading paths in effect in a document: those of its passages, and those inside passages of several sections."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from core.domain.heading_paths import Headings
from core.store.documents import passages
from core.store.documents.passages import PassageSpan

ALL = 2**31


def headings_of(passages: Iterable[PassageSpan], inner: Headings) -> tuple[tuple[int, str], ...]:
    """Offsets in a document with the heading path in effect from there on, as far as `passages` reach. `inner` are
    those inside passages; the first of each replaces its passage's section."""
    return tuple(sorted(({passage.start: passage.section for passage in passages} | dict(inner)).items()))


def headings_throughout(connection: Connection, document_id: int, inner: Headings) -> tuple[tuple[int, str], ...]:
    return headings_of(passages.neighbours(connection, document_id, 0, ALL), inner)
