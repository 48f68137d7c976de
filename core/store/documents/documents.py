"""Reads and queues the documents of the library: what is stored of each file, and which files wait to be parsed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from core.domain.documents import Document, DocumentState, DocumentText, Skipped
from core.store import key_values
from core.store.database import Database
from core.store.documents.damage import from_the_rest
from core.store.documents.folders import Subtree, prefix_of
from core.store.documents.heading_paths import headings_throughout
from core.store.documents.parse_crash_log import end_parsing
from core.store.documents.sheet_rows import all_of
from core.store.documents.stored_pages import IS_PICTURED, StoredPages
from core.store.documents.texts import whole_text

SIZE_KEY = "largest_file_bytes"
_DOCUMENT = (
    "d.id, d.folder_id, d.path, d.title, d.state, d.reason, d.size_bytes, d.modified_ns, d.page_count, "
    "d.passage_count, d.problem"
)
_LIVE = "documents d JOIN folders f ON f.id = d.folder_id AND f.removed_s IS NULL"


DocumentRow = tuple[int, int, bytes, str, str, str, int, int, int | None, int, str]
"""The columns of a `Document` in its order: path as bytes of the file system, state as its value."""


class KnownFile(NamedTuple):
    """What was stored of a file when it was last checked. A tuple, since tens of thousands are created."""

    id: int
    folder_id: int
    path: bytes
    size_bytes: int
    modified_ns: int
    checked_ns: int
    state: str
    pending: bool


@dataclass(frozen=True, slots=True)
class QueuedFile:
    """A file that waits to be parsed."""

    id: int
    path: bytes
    size_bytes: int
    modified_ns: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Counts over the whole library; `text_length` in characters."""

    folders: int
    documents: int
    indexed: int
    waiting: int
    skipped: int
    passages: int
    text_length: int


_STATES = {state.value: state for state in DocumentState}


class Documents:
    """Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, document_id: int) -> Document | None:
        with self._database.read() as connection:
            return _get(connection, document_id)

    def text(self, document_id: int) -> DocumentText | None:
        """The document, or None if it has left the library. One that is damaged has no text until it is read again."""
        return from_the_rest(self._database, lambda: self._text(document_id))

    def _text(self, document_id: int) -> DocumentText | None:
        with self._database.read() as connection:
            document = _get(connection, document_id)
            if document is None:
                return None
            row = connection.execute("SELECT pages, format FROM documents WHERE id = ?", (document_id,)).fetchone()
            text = whole_text(connection, document_id)
            rows = all_of(connection, document_id)
            pages, format = StoredPages.of(document_id, row[0]), row[1]
            headings = headings_throughout(connection, document_id, pages.headings)
        return DocumentText(
            document, text, pages.starts, pages.recognised, format, pages.labels, rows, pages.pictured, headings
        )

    def counts(self) -> DocumentCounts:
        with self._database.read() as connection:
            (folders,) = connection.execute("SELECT COUNT(*) FROM folders WHERE removed_s IS NULL").fetchone()
            rows = connection.execute(
                f"SELECT d.state, COUNT(*), SUM(d.passage_count), SUM(d.text_length) FROM {_LIVE} GROUP BY d.state"
            ).fetchall()
        by_state = {state: number for state, number, _, _ in rows}
        return DocumentCounts(
            folders=folders,
            documents=sum(by_state.values()),
            indexed=by_state.get("indexed", 0),
            waiting=by_state.get("waiting", 0),
            skipped=by_state.get("skipped", 0),
            passages=sum(row[2] for row in rows),
            text_length=sum(row[3] for row in rows),
        )

    def settled(self, part: Subtree, before_ns: int) -> set[tuple[bytes, int, int]]:
        """Path, size and time of change of the documents in `subtree` that need no check while their file keeps just
        these: parsed, and last changed more than `before_ns` before that."""
        where, values = _below(part)
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT d.path, d.size_bytes, d.modified_ns FROM documents d "
                f"WHERE {where} AND NOT d.pending AND d.folder_id = ? AND d.modified_ns < d.checked_ns - ?",
                (*values, part.folder_id, before_ns),
            ).fetchall()
        return set(rows)

    def count_known(self, part: Subtree) -> int:
        """How many documents `known` would return."""
        where, values = _below(part)
        with self._database.read() as connection:
            row = connection.execute(f"SELECT COUNT(*) FROM documents d WHERE {where}", values).fetchone()
        return int(row[0])

    def known(self, part: Subtree) -> dict[bytes, KnownFile]:
        """Every document in `subtree`, by path."""
        where, values = _below(part)
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT d.id, d.folder_id, d.path, d.size_bytes, d.modified_ns, d.checked_ns, d.state, d.pending "
                f"FROM documents d WHERE {where}",
                values,
            ).fetchall()
        return {row[2]: KnownFile._make(row) for row in rows}

    def counts_in(self, part: Subtree) -> tuple[int, int, int]:
        """How many documents of `subtree` are indexed and how many skipped, and the number of their passages."""
        whole = part.path == part.folder_path
        where, values = ("d.folder_id = ?", (part.folder_id,)) if whole else _below(part)
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT COALESCE(SUM(d.state = 'indexed'), 0), COALESCE(SUM(d.state = 'skipped'), 0), "
                f"COALESCE(SUM(d.passage_count), 0) FROM documents d WHERE {where}",
                values,
            ).fetchone()
        return int(row[0]), int(row[1]), int(row[2])

    def skipped(self, part: Subtree | None = None) -> list[Skipped]:
        """The skipped documents with their reasons, of `subtree` if one is given."""
        where, values = ("1", ()) if part is None else _below(part)
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT d.path, d.reason, d.id FROM {_LIVE} WHERE d.state = 'skipped' AND {where}", values
            ).fetchall()
        return [Skipped(Path(os.fsdecode(path)), reason, document_id) for path, reason, document_id in rows]

    def kept(self) -> list[Skipped]:
        """Documents that keep what was read of them although their file cannot be read now, with the reason."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT d.path, d.reason, d.id FROM {_LIVE} WHERE d.reason <> '' AND d.state = 'indexed'"
            ).fetchall()
        return [Skipped(Path(os.fsdecode(path)), reason, document_id) for path, reason, document_id in rows]

    def recognised_in(self, part: Subtree) -> list[tuple[Path, int, int | None]]:
        """The documents of `subtree` with text read from pictures: how many pages of how many, None if it was pictures
        among other text."""
        where, values = _below(part, "+d.path")
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT d.path, d.recognised, d.page_count, {IS_PICTURED} FROM {_LIVE} WHERE d.recognised AND {where}",
                values,
            ).fetchall()
        return [(Path(os.fsdecode(path)), n, None if pictured else pages or 1) for path, n, pages, pictured in rows]

    def with_pictures(self, parts: Sequence[Subtree]) -> list[QueuedFile]:
        """The files of these subtrees whose pictures wait for OCR, as `queue` returns them."""
        return self._queued(parts, "d.pictures AND NOT d.pending")

    def queue(self, parts: Sequence[Subtree]) -> list[QueuedFile]:
        """The files of these subtrees that wait to be parsed, in no particular order."""
        return self._queued(parts, "d.pending")

    def _queued(self, parts: Sequence[Subtree], which: str) -> list[QueuedFile]:
        found: dict[int, QueuedFile] = {}
        with self._database.read() as connection:
            for part in parts:
                where, values = _below(part, "+d.path")  # by the index of what waits, mostly nothing
                rows = connection.execute(
                    "SELECT d.id, d.path, d.size_bytes, d.modified_ns, COALESCE(d.content_hash, x'') "
                    f"FROM {_LIVE} WHERE {which} AND {where}",
                    values,
                )
                found.update((row[0], QueuedFile(*row)) for row in rows)
        return list(found.values())

    def add(self, folder_id: int, files: Iterable[tuple[bytes, int, int]]) -> None:
        """Queue new files (path, size in bytes, time of change in ns) of a folder."""
        with self._database.write() as connection:
            if connection.execute("SELECT 1 FROM folders WHERE id = ? AND removed_s IS NULL", (folder_id,)).fetchone():
                connection.executemany(
                    "INSERT INTO documents (folder_id, path, state, size_bytes, modified_ns) "
                    "VALUES (?, ?, 'waiting', ?, ?) "
                    "ON CONFLICT (path) DO UPDATE SET folder_id = excluded.folder_id, pending = 1",
                    ((folder_id, *file) for file in files),
                )

    def queue_again(self, document_ids: Iterable[int]) -> None:
        """Queue these files again; what is stored of them stays until they are parsed."""
        with self._database.write() as connection:
            connection.executemany("UPDATE documents SET pending = 1 WHERE id = ?", ((i,) for i in document_ids))

    def forget_content(self, document_ids: Iterable[int]) -> None:
        """Queue these files again, and parse them even if their bytes are the same."""
        ids = [(i,) for i in document_ids]
        with self._database.write() as connection:
            connection.executemany("DELETE FROM in_hand WHERE document_id = ?", ids)
            connection.executemany(
                "UPDATE documents SET pending = 1, attempts = 0, content_hash = NULL WHERE id = ?", ids
            )

    def hold_to_size(self, largest_bytes: int) -> None:
        """Queue the documents that a new size limit decides differently than the one used before."""
        with self._database.read() as connection:
            known = key_values.value_of(connection, SIZE_KEY)
        before = int(known) if known else largest_bytes
        if known and before == largest_bytes:
            return
        with self._database.write() as connection:
            key_values.put_value(connection, SIZE_KEY, str(largest_bytes))
            connection.execute(
                "UPDATE documents SET pending = 1, content_hash = NULL WHERE size_bytes > ? AND size_bytes <= ?",
                (min(before, largest_bytes), max(before, largest_bytes)),
            )

    def unchanged(self, document_id: int, size_bytes: int, modified_ns: int, checked_ns: int) -> None:
        """Record that the file was checked and still holds what is stored."""
        with self._database.write() as connection:
            end_parsing(connection, document_id)
            connection.execute(
                "UPDATE documents SET pending = 0, size_bytes = ?, modified_ns = ?, checked_ns = ?, "
                "reason = CASE state WHEN 'indexed' THEN '' ELSE reason END WHERE id = ?",
                (size_bytes, modified_ns, checked_ns, document_id),
            )

    def keep(self, document_id: int, modified_ns: int, reason: str) -> bool:
        """Record why the file cannot be read now, keeping what is stored of it. False if nothing is."""
        with self._database.write() as connection:
            kept = connection.execute(
                "UPDATE documents SET pending = 0, modified_ns = ?, reason = ? WHERE id = ? AND state = 'indexed'",
                (modified_ns, reason, document_id),
            ).rowcount
            if kept:
                end_parsing(connection, document_id)
        return kept > 0

    def count_attempt(self, document_id: int) -> int:
        """Record that parsing the file ended its process, and return how often it has."""
        with self._database.write() as connection:
            connection.execute("UPDATE documents SET attempts = attempts + 1 WHERE id = ?", (document_id,))
            row = connection.execute("SELECT attempts FROM documents WHERE id = ?", (document_id,)).fetchone()
        return int(row[0]) if row else 0

    def of_folder(self, folder_id: int) -> tuple[int, ...]:
        """The ids of a folder's documents, also while it is being removed."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT id FROM documents WHERE folder_id = ?", (folder_id,)).fetchall()
        return tuple(document_id for (document_id,) in rows)

    def content(self, document_id: int) -> tuple[str, str, bytes]:
        """Title, context and content hash as stored, empty for none."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT title, context, COALESCE(content_hash, x'') FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
        return (row[0], row[1], row[2]) if row else ("", "", b"")

    def rows(self, folder_id: int | None = None) -> list[DocumentRow]:
        """The documents by path, as stored; `document_of` converts one. Converting a hundred thousand takes a
        second."""
        where = "" if folder_id is None else "WHERE d.folder_id = ?"
        with self._database.read() as connection:
            return connection.execute(
                f"SELECT {_DOCUMENT} FROM {_LIVE} {where} ORDER BY d.path", () if folder_id is None else (folder_id,)
            ).fetchall()

    def list(self, folder_id: int | None = None) -> tuple[Document, ...]:
        """All documents by path."""
        return tuple(map(document_of, self.rows(folder_id)))


def _get(connection: Connection, document_id: int) -> Document | None:
    row = connection.execute(f"SELECT {_DOCUMENT} FROM {_LIVE} WHERE d.id = ?", (document_id,)).fetchone()
    return document_of(row) if row else None


def _below(part: Subtree, path: str = "d.path") -> tuple[str, tuple[bytes, bytes, bytes]]:
    prefix = prefix_of(part.path)
    after = prefix[:-1] + bytes([prefix[-1] + 1])
    return f"({path} = ? OR ({path} >= ? AND {path} < ?))", (part.path, prefix, after)


def document_of(row: DocumentRow) -> Document:
    document_id, folder_id, path, title, state, reason, size_bytes, modified_ns, page_count, passages, problem = row
    return Document(
        id=document_id,
        folder_id=folder_id,
        path=Path(os.fsdecode(path)),
        title=title,
        state=_STATES.get(state, DocumentState.WAITING),  # whatever a damaged disk made of it
        reason=reason,
        size_bytes=size_bytes,
        modified_ns=modified_ns,
        page_count=page_count,
        passage_count=passages,
        problem=problem,
    )
