"""Encodes a document's pages, its text read from pictures, and its headings into one database column."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.domain.locations import recognised_ranges
from core.store.documents.damage import decoding

IS_PICTURED = "d.pages LIKE '%\"pictured\":%'"
"""SQL condition: text among other text of document `d` was read from pictures."""


@dataclass(frozen=True, slots=True)
class StoredPages:
    """Start offsets and labels of pages, the pages read from pictures, and ranges of other text that were. `headings`
    are those inside passages of several sections (core.chunking.chunker)."""

    starts: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    recognised: tuple[int, ...] = ()
    pictured: tuple[tuple[int, int], ...] = ()
    headings: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, document_id: int, stored: str) -> StoredPages:
        """What is `stored` of a document. Raises `DamagedDocument`."""
        if not stored:
            return cls()
        with decoding(document_id):
            values = json.loads(stored)
            return cls(
                tuple(map(int, values["starts"])),
                tuple(map(str, values.get("labels", ()))),
                tuple(map(int, values.get("recognised", ()))),
                tuple((int(start), int(end)) for start, end in values.get("pictured", ())),
                tuple((int(start), str(path)) for start, path in values.get("headings", ())),
            )

    @property
    def stored(self) -> str:
        """The value of the column, "" if there is nothing to store."""
        more = {"pictured": self.pictured, "headings": self.headings}
        told = {key: value for key, value in more.items() if value}
        if not self.starts and not told:
            return ""
        return json.dumps({"starts": self.starts, "labels": self.labels, "recognised": self.recognised} | told)

    @property
    def pictures(self) -> int:
        """How many pictures were read: pages, and pictures among other text."""
        return len(self.recognised) + len(self.pictured)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The ranges of text read from pictures."""
        return recognised_ranges(self.starts, self.recognised, self.pictured)
