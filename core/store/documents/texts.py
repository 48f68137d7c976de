"""Stores the documents' extracted text in compressed pieces, so that a passage is read without the whole document."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from sqlite3 import Connection

from core.store.documents.damage import DamagedDocument, decoding

PIECE_LENGTH = 32_768  # characters; half a millisecond to read


Piece = tuple[int, bytes]
"""Where a piece starts in its text, and the piece, compressed."""


def pieces_of(text: str) -> list[Piece]:
    """`text` as it is stored."""
    return [
        (start, zlib.compress(text[start : start + PIECE_LENGTH].encode("utf-8", "surrogatepass")))
        for start in range(0, len(text), PIECE_LENGTH)
    ]


def put_text(connection: Connection, document_id: int, pieces: Iterable[Piece]) -> None:
    """Store `pieces` as the document's only text."""
    drop_text(connection, document_id)
    connection.executemany(
        "INSERT INTO texts (document_id, start, data) VALUES (?, ?, ?)", ((document_id, *piece) for piece in pieces)
    )


def drop_text(connection: Connection, document_id: int) -> None:
    connection.execute("DELETE FROM texts WHERE document_id = ?", (document_id,))


def whole_text(connection: Connection, document_id: int) -> str:
    """The document's text, "" if it has none. Raises `DamagedDocument`."""
    rows = connection.execute("SELECT data FROM texts WHERE document_id = ? ORDER BY start", (document_id,))
    with decoding(document_id):
        return "".join(_unpacked(data) for (data,) in rows)


def spans(
    connection: Connection, document_id: int, wanted: Sequence[tuple[int, int]], *, beyond: bool = False
) -> list[str]:
    """`text[start:end]` of each (start, end) in `wanted`, reading only the pieces needed. `beyond` allows ends that lie
    beyond the text. Raises `DamagedDocument`."""
    return TextReader(connection).spans({document_id: wanted}, beyond=beyond)[document_id]


class TextReader:
    """Reads texts within one read transaction and keeps the pieces it has read, since neighbouring passages share them.
    Discard it with the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pieces: dict[tuple[int, int], str] = {}

    def spans(self, wanted: Mapping[int, Sequence[tuple[int, int]]], *, beyond: bool = False) -> dict[int, list[str]]:
        """`text[start:end]` of each (start, end) in `wanted`, by document id. `beyond` allows ends that lie beyond the
        text. Raises `DamagedDocument`."""
        self._read(
            (document_id, at) for document_id, places in wanted.items() for place in places for at in _starts(*place)
        )
        found = {
            document_id: [self._cut(document_id, start, end) for start, end in places]
            for document_id, places in wanted.items()
        }
        if not beyond:
            for document_id, texts in found.items():
                for (start, end), text in zip(wanted[document_id], texts, strict=True):
                    if len(text) != end - start:
                        raise DamagedDocument(document_id)
        return found

    def _cut(self, document_id: int, start: int, end: int) -> str:
        return "".join(self._pieces[document_id, at][max(0, start - at) : end - at] for at in _starts(start, end))

    def _read(self, pieces: Iterable[tuple[int, int]]) -> None:
        """Read the pieces that are not loaded yet, all at once."""
        missing = dict.fromkeys((piece for piece in pieces if piece not in self._pieces), "")
        if not missing:
            return
        values = ",".join(f"({document_id},{at})" for document_id, at in missing)
        rows = self._connection.execute(
            f"WITH wanted (document_id, start) AS (VALUES {values}) SELECT t.document_id, t.start, t.data "
            "FROM wanted w CROSS JOIN texts t ON t.document_id = w.document_id AND t.start = w.start"
        )
        for document_id, at, data in rows:
            with decoding(document_id):
                missing[document_id, at] = _unpacked(data)
        self._pieces |= missing


def _starts(start: int, end: int) -> range:
    """The start offsets of the pieces that hold `text[start:end]`."""
    return range(start - start % PIECE_LENGTH, end, PIECE_LENGTH)


def _unpacked(data: bytes) -> str:
    return zlib.decompress(data).decode("utf-8", "surrogatepass")
