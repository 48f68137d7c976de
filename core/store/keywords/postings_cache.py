"""Caches postings of terms for as long as the keyword index has no others.

Counting the passages of a common word takes time in proportion to their number, and common words come again and again.
New passages have higher ids than all before, so that only they are read; any other change of the index is counted
(`index.note_change`) and empties the cache.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING

from core.store.keywords import index as keyword_index
from core.store.keywords import postings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

MOST_BYTES = 24 << 20
MOST_TERMS = 20_000


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a term for passages up to `through`: how many have it, and which, if that was read."""

    changes: int
    through: int
    count: int
    ids: Ids | None

    @property
    def size_bytes(self) -> int:
        return 0 if self.ids is None else self.ids.nbytes


class PostingsCache:
    """Any thread. Keeps the terms used last, at most `MOST_BYTES` of postings."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._size_bytes = 0

    def read(self, connection: Connection) -> PostingReader:
        """The postings as seen inside one read transaction."""
        return PostingReader(self, connection)

    def find(self, term: str, column: str) -> _Known | None:
        with self._lock:
            found = self._known.get((term, column))
            if found is not None:
                self._known.move_to_end((term, column))
            return found

    def keep(self, term: str, column: str, known: _Known) -> None:
        with self._lock:
            before = self._known.pop((term, column), None)
            self._size_bytes += known.size_bytes - (before.size_bytes if before else 0)
            self._known[term, column] = known
            while self._known and (self._size_bytes > self._most_bytes or len(self._known) > MOST_TERMS):
                _, gone = self._known.popitem(last=False)
                self._size_bytes -= gone.size_bytes


class PostingReader:
    """The postings as one transaction sees them."""

    def __init__(self, known: PostingsCache, connection: Connection) -> None:
        self._known = known
        self._connection = connection
        self._changes, self._through = keyword_index.index_state(connection)

    def count(self, term: str, column: str = postings.TEXT_COLUMN) -> int:
        """How many passages have `term` in `column`."""
        known = self._usable(term, column)
        if known is None:
            return self._count_anew(term)[column]
        if known.through == self._through:
            return known.count
        count = known.count + postings.count_with(self._connection, term, column, after=known.through)
        if known.ids is None:
            self._known.keep(term, column, _Known(self._changes, self._through, count, None))
        return count

    def _count_anew(self, term: str) -> dict[str, int]:
        counts = postings.counts_with(self._connection, term)
        for column, count in counts.items():
            if self._usable(term, column) is None:
                self._known.keep(term, column, _Known(self._changes, self._through, count, None))
        return counts

    def passages_with(self, term: str, column: str = postings.TEXT_COLUMN) -> Ids:
        """The ids of these passages, ascending. Do not change the array."""
        import numpy as np

        known = self._usable(term, column)
        ids = known.ids if known else None
        after = known.through if known and ids is not None else 0
        if ids is None or after < self._through:
            new = postings.passages_with(self._connection, term, column, after=after)
            ids = new if ids is None else np.concatenate([ids, new])
            self._known.keep(term, column, _Known(self._changes, self._through, len(ids), ids))
        return ids

    def _usable(self, term: str, column: str) -> _Known | None:
        """What the cache has of the term, if it holds in this transaction: another may see a later state."""
        known = self._known.find(term, column)
        return known if known and known.changes == self._changes and known.through <= self._through else None
