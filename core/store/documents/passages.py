"""Reads passages and facts about their documents in bulk, for ranking and for showing passages in context."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING

from core.store.documents.stored_pages import StoredPages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PassageSpan:
    """A passage as stored: offsets into its document's text; `ordinal` counts within the document."""

    id: int
    document_id: int
    ordinal: int
    start: int
    end: int
    page: int | None
    section: str

    @property
    def length(self) -> int:
        return self.end - self.start


def documents_after(connection: Connection, passage_id: int) -> tuple[Ids, Ids]:
    """Ids of the passages after `passage_id`, and of their documents."""
    import numpy as np

    rows = connection.execute("SELECT id, document_id FROM chunks WHERE id > ? ORDER BY id", (passage_id,)).fetchall()
    both = np.array(rows, np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def passage_counts(connection: Connection) -> tuple[Ids, Ids]:
    """Ids of the documents that have passages, and the number of passages of each."""
    import numpy as np

    rows = connection.execute("SELECT id, passage_count FROM documents WHERE passage_count > 0").fetchall()
    both = np.array(rows, np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def passages(connection: Connection, ids: Iterable[int]) -> list[PassageSpan]:
    """The passages with these ids that still exist."""
    wanted = ",".join(str(int(i)) for i in ids)
    rows = connection.execute(
        f'SELECT id, document_id, ordinal, start, "end", page, section FROM chunks WHERE id IN ({wanted})'
    )
    return [PassageSpan(*row) for row in rows]


def neighbours(connection: Connection, document_id: int, first: int, last: int) -> list[PassageSpan]:
    """The passages of a document with ordinals `first` to `last`, in order."""
    rows = connection.execute(
        'SELECT id, document_id, ordinal, start, "end", page, section FROM chunks '
        "WHERE document_id = ? AND ordinal BETWEEN ? AND ? ORDER BY ordinal",
        (document_id, first, last),
    )
    return [PassageSpan(*row) for row in rows]


def passage_runs(connection: Connection, wanted: Iterable[tuple[int, int, int]]) -> list[PassageSpan]:
    """The passages of all these (document id, first ordinal, last ordinal), in no order."""
    values = ",".join(f"({document_id},{first},{last})" for document_id, first, last in wanted)
    if not values:
        return []
    rows = connection.execute(
        f"WITH wanted (document_id, first, last) AS (VALUES {values}) "
        'SELECT c.id, c.document_id, c.ordinal, c.start, c."end", c.page, c.section FROM wanted w '
        "CROSS JOIN chunks c ON c.document_id = w.document_id AND c.ordinal BETWEEN w.first AND w.last"
    )
    return [PassageSpan(*row) for row in rows]


def recognised(connection: Connection, ids: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Ranges of text read from pictures, by the id of the documents that have any."""
    wanted = ",".join(str(int(i)) for i in ids)
    rows = connection.execute(f"SELECT id, pages FROM documents WHERE recognised AND id IN ({wanted})").fetchall()
    return {document_id: StoredPages.of(document_id, stored).ranges for document_id, stored in rows}


def documents(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[bytes, str]]:
    """Path and title of each document by id."""
    wanted = ",".join(str(int(i)) for i in ids)
    rows = connection.execute(f"SELECT id, path, title FROM documents WHERE id IN ({wanted})")
    return {row[0]: (row[1], row[2]) for row in rows}


def contexts(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[bytes, str]]:
    """Path of each document, and what the index knows of it as a whole (name, title, beginning), by id."""
    wanted = ",".join(str(int(i)) for i in ids)
    rows = connection.execute(f"SELECT id, path, context FROM documents WHERE id IN ({wanted})")
    return {row[0]: (row[1], row[2]) for row in rows}
