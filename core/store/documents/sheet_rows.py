"""Stores where the rows of a spreadsheet are in its text, in short runs, so that those of a range are found quickly."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from core.domain.sheet_cells import SheetRows, packed, unpacked, within
from core.store.documents.damage import decoding
from core.store.documents.texts import spans

_FIELDS = 'start, "end", row, columns'


def put(connection: Connection, document_id: int, rows: Iterable[SheetRows]) -> None:
    """Replace the stored rows of the document."""
    drop(connection, document_id)
    connection.executemany(
        f"INSERT INTO sheet_rows (document_id, {_FIELDS}) VALUES (?, ?, ?, ?, ?)",
        ((document_id, run.start, run.end, run.row, packed(run.columns)) for run in rows),
    )


def drop(connection: Connection, document_id: int) -> None:
    connection.execute("DELETE FROM sheet_rows WHERE document_id = ?", (document_id,))


def all_of(connection: Connection, document_id: int) -> tuple[SheetRows, ...]:
    found = connection.execute(f"SELECT {_FIELDS} FROM sheet_rows WHERE document_id = ? ORDER BY start", (document_id,))
    with decoding(document_id):
        return tuple(_run(*row) for row in found)


def rows_at(connection: Connection, document_id: int, start: int, end: int) -> tuple[SheetRows, ...]:
    """The rows from `start` to `end` of the document's text."""
    found = connection.execute(
        f"SELECT {_FIELDS} FROM sheet_rows WHERE document_id = ? AND start < ? AND start >= "
        "(SELECT COALESCE(MAX(start), 0) FROM sheet_rows WHERE document_id = ? AND start <= ?) ORDER BY start",
        (document_id, end, document_id, start),
    )
    with decoding(document_id):
        runs = [_run(*row) for row in found]
    if not runs:
        return ()
    offset = min(runs[0].start, start)
    (text,) = spans(connection, document_id, [(offset, start)]) if offset < start else ("",)
    return within(runs, start, end, text, offset)


def _run(start: int, end: int, row: int, columns: str) -> SheetRows:
    return SheetRows(start, end, row, unpacked(columns))
