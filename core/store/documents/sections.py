"""Reads a whole document as consecutive sections to be numbered and cited."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

from core.domain.documents import Passage
from core.domain.heading_paths import section_over
from core.domain.locations import overlaps
from core.store.database import Database
from core.store.documents import passages
from core.store.documents.damage import from_the_rest
from core.store.documents.locations import locations_of_ranges
from core.store.documents.passages import PassageSpan
from core.store.documents.texts import whole_text

SECTION_CHARS = 2400
"""Characters; a section holds whole passages of one page up to this length."""
ALL = 2**31


class Sections:
    """Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, document_id: int) -> tuple[Passage, ...]:
        """The whole text of a document in order; empty if it has left the library."""
        return from_the_rest(self._database, lambda: self._of(document_id))

    def _of(self, document_id: int) -> tuple[Passage, ...]:
        with self._database.read() as connection:
            about = passages.documents(connection, [document_id]).get(document_id)
            stored = passages.neighbours(connection, document_id, 0, ALL)
            if about is None or not stored:
                return ()
            text = whole_text(connection, document_id)
            pictures = passages.recognised(connection, [document_id]).get(document_id, ())
            groups = _groups(stored)
            starts = [0, *(group[0].start for group in groups[1:]), len(text)]
            locations = locations_of_ranges(connection, document_id, list(pairwise(starts)), stored)
        path, title = Path(os.fsdecode(about[0])), about[1]
        return tuple(
            Passage(
                rank,
                1.0,
                document_id,
                path,
                title,
                group[0].page,
                section_over(location.headings, start, end) if location.headings else group[0].section,
                start,
                end,
                text[start:end],
                recognised=overlaps(pictures, start, end),
                location=location,
            )
            for rank, (group, (start, end), location) in enumerate(
                zip(groups, pairwise(starts), locations, strict=True), 1
            )
        )

    def of_all(self, documents: frozenset[int] | None, most_chars: int) -> tuple[tuple[Passage, ...], int]:
        """The sections of `documents` (None: of the library) by path, up to `most_chars` characters, and the number of
        documents that were not begun."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT id FROM documents WHERE state = 'indexed' ORDER BY path").fetchall()
        wanted = [i for (i,) in rows if documents is None or i in documents]
        found: list[Passage] = []
        chars = 0
        for begun, document_id in enumerate(wanted):
            if chars >= most_chars:
                return tuple(found), len(wanted) - begun
            sections = self.of(document_id)
            found += sections
            chars += sum(len(section.text) for section in sections)
        return tuple(found), 0


def _groups(stored: list[PassageSpan]) -> list[list[PassageSpan]]:
    groups: list[list[PassageSpan]] = []
    for passage in stored:
        last = groups[-1] if groups else None
        if last and last[0].page == passage.page and passage.end - last[0].start <= SECTION_CHARS:
            last.append(passage)
        else:
            groups.append([passage])
    return groups
