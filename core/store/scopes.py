"""Which documents a scope or a name means: from paths and names, as people choose them, to ids."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.chat.values import Scope
from core.store.database import Database
from core.store.folders import prefix_of

_LIVE = "documents d JOIN folders f ON f.id = d.folder_id AND f.removed_s IS NULL"
SUGGESTED = 8
_SPACES = " \t\u00a0_-."


@dataclass(frozen=True, slots=True)
class Selected:
    """The documents of a scope: ids of the indexed ones (None stands for the whole library), how many those are, and
    how many more are chosen but cannot be read (yet)."""

    documents: frozenset[int] | None
    indexed: int
    unread: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A document that may be meant by what has been typed after an "@": `mention` is what to put in place of that, the
    "@" included; `folder` tells documents of one name apart."""

    document_id: int
    name: str
    folder: Path
    mention: str


class Scopes:
    """Any thread. Reads only; nothing here grows with the documents' texts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def select(self, scope: Scope) -> Selected:
        """The documents at or below the scope's paths as they are now."""
        if not scope.paths:
            indexed, unread = self._counts()
            return Selected(None, indexed, unread)
        states: dict[int, bool] = {}
        with self._database.read() as connection:
            for path in scope.paths:
                place = os.fsencode(path)
                prefix = prefix_of(place)
                after = prefix[:-1] + bytes([prefix[-1] + 1])
                rows = connection.execute(
                    f"SELECT d.id, d.state = 'indexed' FROM {_LIVE} WHERE d.path = ? OR (d.path >= ? AND d.path < ?)",
                    (place, prefix, after),
                )
                states.update((row[0], bool(row[1])) for row in rows)
        chosen = frozenset(i for i, is_indexed in states.items() if is_indexed)
        return Selected(chosen, len(chosen), len(states) - len(chosen))

    def documents(self, scope: Scope) -> tuple[tuple[int, Path, int], ...]:
        """The indexed documents of a scope by path: id, path, length of the text in characters."""
        chosen = self.select(scope).documents
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT d.id, d.path, d.text_length FROM {_LIVE} WHERE d.state = 'indexed' ORDER BY d.path"
            ).fetchall()
        return tuple((i, Path(os.fsdecode(path)), length) for i, path, length in rows if chosen is None or i in chosen)

    def text_length(self, documents: frozenset[int] | None) -> int:
        """Characters of all these indexed documents together (None: of all)."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT d.id, d.text_length FROM {_LIVE} WHERE d.state = 'indexed'").fetchall()
        return sum(length for i, length in rows if documents is None or i in documents)

    def indexed_count(self) -> int:
        """Indexed documents of the whole library."""
        return self._counts()[0]

    def named(self, name: str) -> tuple[int, ...]:
        """The indexed documents of this file name, or of this end of a path ("2022/report.pdf"); without its ending if
        no name has it whole. Case does not count."""
        wanted = tuple(part for part in name.casefold().replace("\\", "/").split("/") if part)
        if not wanted:
            return ()
        known = list(self._paths())
        exact = [i for i, path in known if _ends_with(path, wanted)]
        return tuple(exact or [i for i, path in known if path.stem.casefold() == wanted[-1] and len(wanted) == 1])

    def suggest(self, typed: str, limit: int = SUGGESTED) -> tuple[Suggestion, ...]:
        """Documents for what has been typed after an "@" (without it, and without an opening quote), likeliest first:
        names that begin so, then names with a word that does, then those that hold it anywhere."""
        wanted = typed.strip().strip('"').casefold()
        ranked = sorted(
            (rank, len(path.name), path.name.casefold(), str(path), i)
            for i, path in self._paths()
            if (rank := _rank(path, wanted)) is not None
        )[:limit]
        names = [name for _, _, name, _, _ in ranked]
        return tuple(
            _suggestion(i, Path(path), alone=names.count(name) == 1 and len(self.named(name)) == 1)
            for _, _, name, path, i in ranked
        )

    def _counts(self) -> tuple[int, int]:
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT d.state = 'indexed', COUNT(*) FROM {_LIVE} GROUP BY 1").fetchall()
        by_state = {bool(state): int(number) for state, number in rows}
        return by_state.get(True, 0), by_state.get(False, 0)

    def _paths(self) -> Iterator[tuple[int, Path]]:
        """Of the indexed documents."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT d.id, d.path FROM {_LIVE} WHERE d.state = 'indexed'").fetchall()
        for document_id, path in rows:
            yield document_id, Path(os.fsdecode(path))


def _ends_with(path: Path, wanted: tuple[str, ...]) -> bool:
    return tuple(part.casefold() for part in path.parts[-len(wanted) :]) == wanted


def _rank(path: Path, wanted: str) -> int | None:
    name = path.name.casefold()
    if name.startswith(wanted):
        return 0
    if any(word.startswith(wanted) for word in _words(name)):
        return 1
    if wanted in name:
        return 2
    return 3 if wanted in str(path).casefold() else None


def _words(name: str) -> Iterable[str]:
    for space in _SPACES:
        name = name.replace(space, " ")
    return name.split()


def _suggestion(document_id: int, path: Path, *, alone: bool) -> Suggestion:
    name = path.name if alone else f"{path.parent.name}/{path.name}"
    mention = f'@"{name}"' if any(c.isspace() for c in name) else f"@{name}"
    return Suggestion(document_id, path.name, path.parent, mention)
