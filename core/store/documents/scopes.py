"""Resolves scopes and names, as people choose them, to document ids."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from core.domain.conversation import Scope
from core.domain.file_names import comparison_key
from core.store.database import Database
from core.store.documents.folders import prefix_of

_LIVE = "documents d JOIN folders f ON f.id = d.folder_id AND f.removed_s IS NULL"
SUGGESTED = 8
_SPACES = " \t\u00a0_-."


@dataclass(frozen=True, slots=True)
class Selected:
    """The documents of a scope: ids of the indexed ones (None stands for the whole library), their number, and how many
    more are chosen but not readable (yet). The library has nothing at or below the `gone` paths."""

    documents: frozenset[int] | None
    indexed: int
    unread: int
    gone: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A document offered for what was typed after "@": `mention` replaces that, "@" included; `folder` tells documents
    of one name apart."""

    document_id: int
    name: str
    folder: Path
    mention: str


class Scopes:
    """Any thread. Reads only; nothing here grows with the documents' texts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def select(self, scope: Scope) -> Selected:
        """The documents at or below the scope's paths now."""
        if not scope.paths:
            indexed, unread = self._counts()
            return Selected(None, indexed, unread)
        states: dict[int, bool] = {}
        gone: list[Path] = []
        with self._database.read() as connection:
            for path in scope.paths:
                place = os.fsencode(path)
                prefix = prefix_of(place)
                after = prefix[:-1] + bytes([prefix[-1] + 1])
                rows = connection.execute(
                    f"SELECT d.id, d.state = 'indexed' FROM {_LIVE} WHERE d.path = ? OR (d.path >= ? AND d.path < ?)",
                    (place, prefix, after),
                ).fetchall()
                states.update((row[0], bool(row[1])) for row in rows)
                if not rows:
                    gone.append(path)
        chosen = frozenset(i for i, is_indexed in states.items() if is_indexed)
        return Selected(chosen, len(chosen), len(states) - len(chosen), tuple(gone))

    def documents(self, scope: Scope) -> tuple[tuple[int, Path, int], ...]:
        """The indexed documents of a scope by path: id, path, length of the text in characters."""
        chosen = self.select(scope).documents
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT d.id, d.path, d.text_length FROM {_LIVE} WHERE d.state = 'indexed' ORDER BY d.path"
            ).fetchall()
        return tuple((i, Path(os.fsdecode(path)), length) for i, path, length in rows if chosen is None or i in chosen)

    def text_length(self, documents: frozenset[int] | None) -> int:
        """Characters of these indexed documents together (None: of all)."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT d.id, d.text_length FROM {_LIVE} WHERE d.state = 'indexed'").fetchall()
        return sum(length for i, length in rows if documents is None or i in documents)

    def indexed_count(self) -> int:
        """The number of indexed documents in the library."""
        return self._counts()[0]

    def documents_named(self, name: str) -> tuple[int, ...]:
        """The indexed documents with this file name or end of a path ("2022/report.pdf"), without its suffix if no name
        matches whole. Case is ignored."""
        wanted = "/".join(part for part in comparison_key(name).split("/") if part)
        if not wanted:
            return ()
        known = self._paths()
        exact = tuple(i for i, path in known if path.endswith(wanted) and f"/{path}".endswith(f"/{wanted}"))
        return exact or tuple(i for i, path in known if os.path.splitext(_name(path))[0] == wanted)

    def suggest(self, typed: str, limit: int = SUGGESTED) -> tuple[Suggestion, ...]:
        """Documents for what was typed after "@" (given without it and without an opening quote), the likeliest first:
        names that begin so, names with a word that does, names that contain it."""
        wanted = comparison_key(typed.strip().strip('"'))
        known = self._paths()
        ranked = ((rank, len(_name(path)), path, i) for i, path in known if (rank := _rank(path, wanted)) is not None)
        best = heapq.nsmallest(limit, ranked)
        names = tuple(f"/{_name(one[2])}" for one in best)
        alike = [path for _, path in known if path.endswith(names)]
        with self._database.read() as connection:
            return tuple(_suggestion(connection, i, _parts_to_tell(path, alike)) for _, _, path, i in best)

    def _counts(self) -> tuple[int, int]:
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT COALESCE(SUM(d.state = 'indexed'), 0), COUNT(d.state) FROM {_LIVE}"
            ).fetchone()
        return int(row[0]), int(row[1] - row[0])

    def _paths(self) -> list[tuple[int, str]]:
        """Id and path of the indexed documents, case folded, with "/" between the parts."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT d.id, d.path FROM {_LIVE} WHERE d.state = 'indexed'").fetchall()
        return [(document_id, comparison_key(os.fsdecode(path))) for document_id, path in rows]


def _name(path: str) -> str:
    return path[path.rfind("/") + 1 :]


def _rank(path: str, wanted: str) -> int | None:
    if wanted not in path:
        return None
    name = _name(path)
    if name.startswith(wanted):
        return 0
    if wanted not in name:
        return 3
    return 1 if any(name[at - 1] in _SPACES for at in _places(name, wanted)) else 2


def _places(name: str, wanted: str) -> Iterator[int]:
    at = name.find(wanted)
    while at >= 0:
        yield at
        at = name.find(wanted, at + 1)


def _parts_to_tell(path: str, alike: Sequence[str]) -> int:
    """How many parts of its path tell a document from others of the same name: 1 for the name alone."""
    parts = path.split("/")
    for count in range(1, len(parts)):
        end = "/" + "/".join(parts[-count:])
        if sum(other.endswith(end) for other in alike) == 1:
            return count
    return len(parts)


def _suggestion(connection: Connection, document_id: int, parts: int) -> Suggestion:
    (stored,) = connection.execute("SELECT path FROM documents WHERE id = ?", (document_id,)).fetchone()
    path = Path(os.fsdecode(stored))
    return Suggestion(document_id, path.name, path.parent, _mention("/".join(path.parts[-parts:])))


def _mention(name: str) -> str:
    """The mention as `core.chat.mentions` reads it: quoted where a bare name would end early."""
    if '"' in name:
        return f"@“{name}”"
    return f'@"{name}"' if "@" in name or any(c.isspace() for c in name) else f"@{name}"
