"""Orders passages of equal rank by their files' paths, and within a file from its beginning.

By id, the order would tell which file was indexed first, and two libraries of the same documents would differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from sqlite3 import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

FEW = 500
"""Passages or documents up to which paths are looked up one by one; of more, all paths are read in order."""


def best(connection: Connection, hits: Iterable[tuple[int, float]], limit: int) -> list[tuple[int, float]]:
    """The `limit` best of these (passage id, score), best first."""
    ranked = sorted(hits, key=lambda hit: -hit[1])
    if len(ranked) > limit > 0:
        ranked = [hit for hit in ranked if hit[1] >= ranked[limit - 1][1]]
    counts = Counter(score for _, score in ranked)
    places = _places(connection, [passage_id for passage_id, score in ranked if counts[score] > 1])
    nowhere = (b"", 0)
    return sorted(ranked, key=lambda hit: (-hit[1], places.get(hit[0], nowhere)))[:limit]


def first(connection: Connection, ids: Ids, documents: Ids, count: int) -> list[int]:
    """The first `count` passages of `ids`, which ascend; `documents` are those they belong to."""
    import numpy as np

    if len(ids) <= FEW:
        places = _places(connection, ids.tolist())
        return sorted(places, key=lambda passage_id: places[passage_id])[:count]
    found: list[int] = []
    for document in _by_path(connection, documents):
        rows = connection.execute(
            "SELECT id FROM chunks WHERE document_id = ? ORDER BY ordinal", (document,)
        ).fetchall()
        own = np.array(rows, np.int64).reshape(-1)
        at = np.minimum(np.searchsorted(ids, own), len(ids) - 1)
        found += own[ids[at] == own].tolist()
        if len(found) >= count:
            break
    return found[:count]


def _places(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[bytes, int]]:
    """Document and ordinal by the ids of those passages that still exist."""
    wanted = ",".join(str(int(i)) for i in ids)
    if not wanted:
        return {}
    rows = connection.execute(
        "SELECT c.id, d.path, c.ordinal FROM chunks c JOIN documents d ON d.id = c.document_id "
        f"WHERE c.id IN ({wanted})"
    )
    return {passage_id: (path, ordinal) for passage_id, path, ordinal in rows}


def _by_path(connection: Connection, documents: Ids) -> Iterator[int]:
    """These documents by path, each once."""
    import numpy as np

    among = np.zeros(int(documents.max()) + 1, bool)
    among[documents] = True
    distinct = np.flatnonzero(among)
    if len(distinct) <= FEW:
        wanted = ",".join(map(str, distinct.tolist()))
        rows = connection.execute(f"SELECT id FROM documents WHERE id IN ({wanted}) ORDER BY path")
        yield from (document for (document,) in rows)
        return
    for (document,) in connection.execute("SELECT id FROM documents ORDER BY path"):
        if document < len(among) and among[document]:
            yield document
