"""Where terms and passages are, read in bulk for ranking: postings of the keyword index, passages, their texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING

from core.store.stored_pages import StoredPages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

TEXT_COLUMN = "body"
CONTEXT_COLUMN = "context"
_HOLDING = "FROM keywords WHERE keywords MATCH ? AND rowid > ?"


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as it is stored; `ordinal` counts the passages of its document."""

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


def count_holding(connection: Connection, term: str, column: str = TEXT_COLUMN, *, after: int = 0) -> int:
    """How many passages with ids beyond `after` hold `term` in `column`."""
    row = connection.execute(f"SELECT COUNT(*) {_HOLDING}", (_expression(term, column), after))
    return int(row.fetchone()[0])


def counts_holding(connection: Connection, term: str) -> dict[str, int]:
    """How many passages hold `term` in each of both columns: two or three times as fast as counting them one by one."""
    rows = connection.execute("SELECT col, doc FROM temp.keyword_counts WHERE term = ?", (term,))
    return {TEXT_COLUMN: 0, CONTEXT_COLUMN: 0} | dict(rows.fetchall())


def holding(connection: Connection, term: str, column: str = TEXT_COLUMN, *, after: int = 0) -> Ids:
    """The ids of these passages, ascending."""
    import numpy as np

    row = connection.execute(f"SELECT GROUP_CONCAT(rowid, ' ') {_HOLDING}", (_expression(term, column), after))
    (ids,) = row.fetchone()
    return np.fromstring(ids, dtype=np.int64, sep=" ") if ids else np.empty(0, np.int64)


def _expression(term: str, column: str) -> str:
    return f'{column} : "{term}"'


def documents_after(connection: Connection, passage_id: int) -> tuple[Ids, Ids]:
    """Ids of the passages beyond `passage_id` and of their documents."""
    import numpy as np

    rows = connection.execute("SELECT id, document_id FROM chunks WHERE id > ? ORDER BY id", (passage_id,)).fetchall()
    both = np.array(rows, np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def state(connection: Connection) -> tuple[int, int]:
    """Differs wherever what `connection` reads may differ: what others committed and what it wrote itself. To be asked
    inside a read transaction; two connections' states have nothing to do with each other."""
    row = connection.execute("PRAGMA data_version").fetchone()
    return int(row[0]), connection.total_changes


def passage_counts(connection: Connection) -> tuple[Ids, Ids]:
    """Ids of the documents that have passages, and how many each has."""
    import numpy as np

    rows = connection.execute("SELECT id, passage_count FROM documents WHERE passage_count > 0").fetchall()
    both = np.array(rows, np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def passages(connection: Connection, ids: Iterable[int]) -> list[StoredPassage]:
    """The passages with these ids that are still there."""
    wanted = ",".join(str(int(i)) for i in ids)
    rows = connection.execute(
        f'SELECT id, document_id, ordinal, start, "end", page, section FROM chunks WHERE id IN ({wanted})'
    )
    return [StoredPassage(*row) for row in rows]


def neighbours(connection: Connection, document_id: int, first: int, last: int) -> list[StoredPassage]:
    """The passages of a document with ordinals from `first` to `last`, in order."""
    rows = connection.execute(
        'SELECT id, document_id, ordinal, start, "end", page, section FROM chunks '
        "WHERE document_id = ? AND ordinal BETWEEN ? AND ? ORDER BY ordinal",
        (document_id, first, last),
    )
    return [StoredPassage(*row) for row in rows]


def stretches(connection: Connection, wanted: Iterable[tuple[int, int, int]]) -> list[StoredPassage]:
    """The passages of all these (document id, first ordinal, last ordinal), in no order."""
    values = ",".join(f"({document_id},{first},{last})" for document_id, first, last in wanted)
    if not values:
        return []
    rows = connection.execute(
        f"WITH wanted (document_id, first, last) AS (VALUES {values}) "
        'SELECT c.id, c.document_id, c.ordinal, c.start, c."end", c.page, c.section FROM wanted w '
        "CROSS JOIN chunks c ON c.document_id = w.document_id AND c.ordinal BETWEEN w.first AND w.last"
    )
    return [StoredPassage(*row) for row in rows]


def recognised(connection: Connection, ids: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """From where to where the text was read from pictures, by the ids of those of these documents that have such."""
    wanted = ",".join(str(int(i)) for i in ids)
    rows = connection.execute(f"SELECT id, pages FROM documents WHERE recognised AND id IN ({wanted})").fetchall()
    return {document_id: StoredPages.of(stored).stretches for document_id, stored in rows}


def documents(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[bytes, str]]:
    """Path and title of each document, by id."""
    wanted = ",".join(str(int(i)) for i in ids)
    rows = connection.execute(f"SELECT id, path, title FROM documents WHERE id IN ({wanted})")
    return {row[0]: (row[1], row[2]) for row in rows}


def contexts(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[bytes, str]]:
    """Path of each document and what the index knows of it as a whole (name, title, beginning), by id."""
    wanted = ",".join(str(int(i)) for i in ids)
    rows = connection.execute(f"SELECT id, path, context FROM documents WHERE id IN ({wanted})")
    return {row[0]: (row[1], row[2]) for row in rows}
