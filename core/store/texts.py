"""The documents' extracted text, in compressed pieces so that a passage of a long one is read without the rest."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from sqlite3 import Connection

PIECE_LENGTH = 32_768  # characters; half a millisecond to read


def put_text(connection: Connection, document_id: int, text: str) -> None:
    """Store `text` as the document's only text."""
    drop_text(connection, document_id)
    pieces = (
        (document_id, start, zlib.compress(text[start : start + PIECE_LENGTH].encode("utf-8", "surrogatepass")))
        for start in range(0, len(text), PIECE_LENGTH)
    )
    connection.executemany("INSERT INTO texts (document_id, start, data) VALUES (?, ?, ?)", pieces)


def drop_text(connection: Connection, document_id: int) -> None:
    connection.execute("DELETE FROM texts WHERE document_id = ?", (document_id,))


def whole_text(connection: Connection, document_id: int) -> str:
    """The document's text, "" if it has none."""
    rows = connection.execute("SELECT data FROM texts WHERE document_id = ? ORDER BY start", (document_id,))
    return "".join(_unpacked(data) for (data,) in rows)


def spans(connection: Connection, document_id: int, wanted: Sequence[tuple[int, int]]) -> list[str]:
    """`text[start:end]` of each (start, end) in `wanted`, reading only the pieces that hold them."""
    pieces: dict[int, str] = {}
    found: list[str] = []
    for start, end in wanted:
        first = start - start % PIECE_LENGTH
        parts: list[str] = []
        for at in range(first, end, PIECE_LENGTH):
            if at not in pieces:
                pieces[at] = _piece(connection, document_id, at)
            parts.append(pieces[at][max(0, start - at) : end - at])
        found.append("".join(parts))
    return found


def _piece(connection: Connection, document_id: int, start: int) -> str:
    row = connection.execute(
        "SELECT data FROM texts WHERE document_id = ? AND start = ?", (document_id, start)
    ).fetchone()
    return _unpacked(row[0]) if row else ""


def _unpacked(data: bytes) -> str:
    return zlib.decompress(data).decode("utf-8", "surrogatepass")
