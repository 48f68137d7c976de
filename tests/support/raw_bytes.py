"""Searches the raw bytes of every file of a folder for texts and vectors, however they are stored."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.store.database import Database

ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def traces(folder: Path, texts: Sequence[str], vectors: Sequence[NDArray[np.float16]]) -> list[str]:
    """Where something is found: file and what. Texts are looked for in UTF-8, UTF-16 and compressed, vectors as half
    and single precision and as their signs."""
    wanted: dict[str, tuple[bytes, ...]] = {
        f"text {text!r}": (text.encode(), text.encode("utf-16-le")) for text in texts
    }
    for n, vector in enumerate(vectors):
        single = vector.astype("<f4")
        signs = np.packbits(single >= 0).tobytes()
        wanted[f"vector {n}"] = (vector.astype("<f2").tobytes()[:64], single.tobytes()[:64], signs)
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        unpacked = b"\n".join(_streams(raw))
        found += [
            f"{path.relative_to(folder)}: {what}"
            for what, forms in wanted.items()
            if any(form in raw or form in unpacked for form in forms)
        ]
    return found


def _streams(raw: bytes) -> Iterator[bytes]:
    """What zlib streams that begin anywhere in `raw` unpack to, as far as they can be."""
    for header in ZLIB_HEADERS:
        at = raw.find(header)
        while at >= 0:
            try:
                yield zlib.decompressobj().decompress(raw[at : at + 200_000], 1 << 20)
            except zlib.error:
                pass  # these two bytes are part of something else
            at = raw.find(header, at + 1)


def stored_vectors(database: Database, below: Path) -> list[NDArray[np.float16]]:
    """The vectors of the documents in a folder."""
    with database.read() as connection:
        rows = connection.execute(
            "SELECT v.vector FROM chunk_vectors v JOIN chunks c ON c.id = v.chunk_id "
            "JOIN documents d ON d.id = c.document_id WHERE CAST(d.path AS TEXT) LIKE ?",
            (f"{below}/%",),
        ).fetchall()
    return [np.frombuffer(row[0], "<f2") for row in rows]
