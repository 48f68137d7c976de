"""A document's pages, what in its text was read from pictures, and headings, as one column of the database has them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.domain.locations import recognised_ranges

IS_PICTURED = "d.pages LIKE '%\"pictured\":%'"
"""In SQL: of a document `d`, whether pictures among its text were read."""


@dataclass(frozen=True, slots=True)
class StoredPages:
    """Where pages start and what they are called, which were read from pictures, and stretches of other text that
    were. `headings` are those within passages that do not stand under one alone (core.chunking.chunker)."""

    starts: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    recognised: tuple[int, ...] = ()
    pictured: tuple[tuple[int, int], ...] = ()
    headings: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, stored: str) -> StoredPages:
        if not stored:
            return cls()
        values = json.loads(stored)
        return cls(
            tuple(values["starts"]),
            tuple(values.get("labels", ())),
            tuple(values.get("recognised", ())),
            tuple((start, end) for start, end in values.get("pictured", ())),
            tuple((start, path) for start, path in values.get("headings", ())),
        )

    @property
    def stored(self) -> str:
        """As the column holds it; "" where there is nothing to hold."""
        more = {"pictured": self.pictured, "headings": self.headings}
        told = {key: value for key, value in more.items() if value}
        if not self.starts and not told:
            return ""
        return json.dumps({"starts": self.starts, "labels": self.labels, "recognised": self.recognised} | told)

    @property
    def pictures(self) -> int:
        """How many pictures were read: pages, and others among text."""
        return len(self.recognised) + len(self.pictured)

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """From where to where the text was read from pictures."""
        return recognised_ranges(self.starts, self.recognised, self.pictured)
