"""A document's pages, and what in its text was read from pictures, as one column of the database holds them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.spots import recognised_stretches

IS_PICTURED = "d.pages LIKE '%\"pictured\":%'"
"""In SQL: of a document `d`, whether pictures among its text were read."""


@dataclass(frozen=True, slots=True)
class StoredPages:
    """Where pages start and what they are called, which were read from pictures, and stretches of other text that
    were."""

    starts: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    recognised: tuple[int, ...] = ()
    pictured: tuple[tuple[int, int], ...] = ()

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
        )

    @property
    def stored(self) -> str:
        """As the column holds it; "" for a document without pages of which nothing was read from pictures."""
        if not self.starts and not self.pictured:
            return ""
        values = {"starts": self.starts, "labels": self.labels, "recognised": self.recognised}
        return json.dumps(values | ({"pictured": self.pictured} if self.pictured else {}))

    @property
    def pictures(self) -> int:
        """How many pictures were read: pages, and others among text."""
        return len(self.recognised) + len(self.pictured)

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """From where to where the text was read from pictures."""
        return recognised_stretches(self.starts, self.recognised, self.pictured)
