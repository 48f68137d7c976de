"""The document of each passage and the number of passages of each document, kept in memory for ranking."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING

from core.store.documents import passages
from core.store.keywords import postings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LibraryShape:
    """One state of the library: `owners[passage id]` is the passage's document, `sizes[document id]` its number of
    passages (0 for unused ids)."""

    owners: Ids
    sizes: Numbers
    document_count: int
    passage_count: int

    @property
    def mean_size(self) -> float:
        """Passages per document."""
        return self.passage_count / max(1, self.document_count)


class PassageMap:
    """Any thread. About 12 bytes a passage. Deleted passages stay: no posting names them any more, and their ids are
    never used again. The last shape is kept while its connection sees no change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: Ids | None = None
        self._through = 0
        self._last: tuple[Connection, tuple[int, int], LibraryShape] | None = None

    def shape(self, connection: Connection) -> LibraryShape:
        """The shape of the library as `connection` sees it; call it in the read transaction that uses it."""
        state = postings.database_state(connection)
        last = self._last
        if last is None or last[0] is not connection or last[1] != state:
            last = self._last = (connection, state, self._read(connection))
        return last[2]

    def _read(self, connection: Connection) -> LibraryShape:
        import numpy as np

        documents, counts = passages.passage_counts(connection)
        sizes = np.zeros(int(documents.max(initial=0)) + 1)
        sizes[documents] = counts
        return LibraryShape(self._current(connection), sizes, len(documents), int(counts.sum()))

    def _current(self, connection: Connection) -> Ids:
        import numpy as np

        with self._lock:
            owners = np.zeros(1, np.int64) if self._owners is None else self._owners
            ids, documents = passages.documents_after(connection, self._through)
            if len(ids):
                room = int(ids[-1]) + 1
                if room > len(owners):
                    owners = np.concatenate([owners, np.zeros(max(room - len(owners), len(owners) // 4), np.int64)])
                owners[ids] = documents
                self._through = int(ids[-1])
            self._owners = owners
            return owners
