"""Stores what was read of a document (text, passages, keywords) in one transaction: whole or not at all."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import NamedTuple

from core.domain.sheet_cells import SheetRows
from core.store import key_values
from core.store.database import Database
from core.store.documents import sheet_rows
from core.store.documents.ocr_cache import forget_pages
from core.store.documents.parse_crash_log import end_parsing
from core.store.documents.stored_pages import StoredPages
from core.store.documents.texts import drop_text, put_text, spans
from core.store.keywords import index as keyword_index
from core.store.keywords.index import KeywordRow, search_terms

SCRUB_KEY = "keywords_to_scrub"


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to store: `text[start:end]` of its document. `content_hash` covers everything that is embedded."""

    start: int
    end: int
    page: int | None
    section: str
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class FileStat:
    """Identifies the state of a file: size, time of change, when it was checked, and a hash of its bytes (empty if it
    could not be read). Times in nanoseconds since the epoch."""

    size_bytes: int
    modified_ns: int
    checked_ns: int
    content_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class NewContent:
    """What was read from a file. `pages` say which text was read from pictures by OCR, in the languages
    `recognised_in`; `unread_pictures` counts pages waiting for OCR; `rows` are lines that are rows of sheets."""

    file: FileStat
    text: str
    title: str
    context: str
    format: str
    passages: tuple[NewPassage, ...]
    pages: StoredPages = StoredPages()
    warnings: tuple[str, ...] = ()
    recognised_in: str = ""
    unread_pictures: int = 0
    rows: tuple[SheetRows, ...] = ()


class _StoredPassage(NamedTuple):
    """A passage as it is stored: offsets into its document's text, and the hash of what is embedded."""

    id: int
    start: int
    end: int
    section: str
    content_hash: bytes


@dataclass(slots=True)
class _Stored:
    """What is stored of a document now."""

    context: str
    passages: list[_StoredPassage]


@dataclass(slots=True)
class _PassageChanges:
    """How the stored passages become the new ones. Keyword rows are complete before the write begins."""

    kept: list[tuple[int, int]] = field(default_factory=list)  # (passage id, ordinal)
    new: list[int] = field(default_factory=list)  # ordinals
    gone: list[int] = field(default_factory=list)  # passage ids
    rows_out: list[KeywordRow] = field(default_factory=list)
    rows_in: dict[int, KeywordRow] = field(default_factory=dict)  # by ordinal; the passage id is 0 where it is new


class ContentStore:
    """Writes documents' contents. Any thread; each method is one transaction, and ends the parse of its document in
    the crash log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, document_id: int, content: NewContent) -> bool:
        """Store `content`; unchanged passages keep their ids and so their vectors. False, with nothing stored, if the
        document left the library meanwhile."""
        while True:
            with self._database.read() as connection:
                stored = _stored(connection, document_id)
                if stored is None:
                    return False
                changes = _passage_changes(connection, document_id, stored, content)
            with self._database.write() as connection:
                now = _stored(connection, document_id)
                if now is None:
                    return False
                if now == stored:
                    _apply(connection, document_id, changes, content)
                    return True

    def skip(
        self,
        document_id: int,
        file: FileStat,
        reason: str,
        *,
        format: str = "",
        problem: str = "",
        unread_pictures: int = 0,
        recognised_in: str = "",
    ) -> bool:
        """Record why the document cannot be read, as a sentence (`reason`) and as a word for programs (`problem`), and
        drop what was stored of it. `unread_pictures` and `recognised_in` as in `NewContent`. False if it left the
        library."""
        with self._database.write() as connection:
            if _stored(connection, document_id) is None:
                return False
            _drop(connection, document_id)
            end_parsing(connection, document_id)
            forget_pages(connection, document_id)
            columns = _NOTHING_READ | {
                "reason": reason,
                "format": format,
                "problem": problem,
                "pictures": unread_pictures,
                "recognised_in": recognised_in,
            }
            _update(connection, document_id, columns | _file_columns(file))
        return True

    def give_up_on_pictures(self, document_id: int) -> None:
        """Stop waiting for the OCR of its pictures; what is stored stays."""
        with self._database.write() as connection:
            _update(connection, document_id, {"pictures": 0})
            forget_pages(connection, document_id)

    def delete(self, document_id: int, folder_id: int) -> None:
        """Delete the document and every trace of it, if it still belongs to this folder."""
        with self._database.write() as connection:
            if connection.execute(
                "SELECT 1 FROM documents WHERE id = ? AND folder_id = ?", (document_id, folder_id)
            ).fetchone():
                _drop(connection, document_id)
                connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def move(self, document_id: int, folder_id: int, path: bytes, title: str, context: str, file: FileStat) -> None:
        """Record that the file is now at `path`, with the same content: only what depends on its name changes."""
        with self._database.write() as connection:
            stored = _stored(connection, document_id)
            if stored is None:
                return
            out = _keyword_rows(connection, document_id, stored.context, stored.passages)
            new_context = search_terms(context)
            _take_out(connection, document_id, out)
            back = (KeywordRow(row.passage_id, new_context, row.section, row.body) for row in out)
            _put_in(connection, document_id, back)
            columns: _Columns = {"folder_id": folder_id, "path": path, "title": title, "context": context}
            _update(connection, document_id, columns | _file_columns(file))


_Columns = dict[str, str | bytes | int | None]
"""Columns of the table `documents` by name."""
_SETTLED: _Columns = {"pending": 0, "attempts": 0}
_NOTHING_READ: _Columns = _SETTLED | {
    "state": "skipped",
    "recognised": 0,
    "text_length": 0,
    "pages": "",
    "page_count": None,
    "warnings": "",
    "passage_count": 0,
    "context": "",
}


def _update(connection: Connection, document_id: int, columns: _Columns) -> None:
    """Set these columns of a document's row. Their names are ours, never text from outside."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(f"UPDATE documents SET {assignments} WHERE id = :id", columns | {"id": document_id})


def _file_columns(file: FileStat) -> _Columns:
    return {
        "size_bytes": file.size_bytes,
        "modified_ns": file.modified_ns,
        "checked_ns": file.checked_ns,
        "content_hash": file.content_hash or None,
    }


def _content_columns(content: NewContent) -> _Columns:
    return _SETTLED | {
        "state": "indexed",
        "reason": "",
        "problem": "",
        "pictures": content.unread_pictures,
        "recognised": content.pages.pictures,
        "recognised_in": content.recognised_in,
        "title": content.title,
        "context": content.context,
        "format": content.format,
        "text_length": len(content.text),
        "pages": content.pages.stored,
        "page_count": len(content.pages.starts) or None,
        "warnings": json.dumps(content.warnings) if content.warnings else "",
        "passage_count": len(content.passages),
    }


def _stored(connection: Connection, document_id: int) -> _Stored | None:
    row = connection.execute(
        "SELECT d.context FROM documents d JOIN folders f ON f.id = d.folder_id WHERE d.id = ? AND f.removed_s IS NULL",
        (document_id,),
    ).fetchone()
    return None if row is None else _Stored(row[0], _stored_passages(connection, document_id))


def _stored_passages(connection: Connection, document_id: int) -> list[_StoredPassage]:
    rows = connection.execute(
        'SELECT id, start, "end", section, content_hash FROM chunks WHERE document_id = ? ORDER BY ordinal',
        (document_id,),
    )
    return [_StoredPassage(*row) for row in rows]


def _passage_changes(connection: Connection, document_id: int, stored: _Stored, content: NewContent) -> _PassageChanges:
    changes = _PassageChanges()
    by_hash: dict[bytes, list[_StoredPassage]] = defaultdict(list)
    for old in reversed(stored.passages):
        by_hash[old.content_hash].append(old)
    same_context = stored.context == content.context
    context = search_terms(content.context)
    rewritten: list[_StoredPassage] = []
    for ordinal, passage in enumerate(content.passages):
        passage_id = 0
        if equal := by_hash.get(passage.content_hash):
            old = equal.pop()
            passage_id = old.id
            changes.kept.append((passage_id, ordinal))
            if same_context:
                continue
            rewritten.append(old)
        else:
            changes.new.append(ordinal)
        body = search_terms(content.text[passage.start : passage.end])
        changes.rows_in[ordinal] = KeywordRow(passage_id, context, search_terms(passage.section), body)
    left = [old for olds in by_hash.values() for old in olds]
    changes.gone = [old.id for old in left]
    changes.rows_out = _keyword_rows(connection, document_id, stored.context, sorted(rewritten + left))
    return changes


def _apply(connection: Connection, document_id: int, changes: _PassageChanges, content: NewContent) -> None:
    _take_out(connection, document_id, changes.rows_out)
    connection.executemany("DELETE FROM chunks WHERE id = ?", ((passage_id,) for passage_id in changes.gone))
    passages = content.passages
    connection.executemany(
        'UPDATE chunks SET ordinal = ?, start = ?, "end" = ?, page = ?, section = ? WHERE id = ?',
        ((o, passages[o].start, passages[o].end, passages[o].page, passages[o].section, i) for i, o in changes.kept),
    )
    ids = {ordinal: passage_id for passage_id, ordinal in changes.kept}
    for ordinal in changes.new:
        ids[ordinal] = _insert(connection, document_id, ordinal, passages[ordinal])
    rows = (KeywordRow(ids[o], row.context, row.section, row.body) for o, row in changes.rows_in.items())
    _put_in(connection, document_id, rows)
    put_text(connection, document_id, content.text)
    sheet_rows.put(connection, document_id, content.rows)
    end_parsing(connection, document_id)
    forget_pages(connection, document_id)
    _update(connection, document_id, _content_columns(content) | _file_columns(content.file))


def _insert(connection: Connection, document_id: int, ordinal: int, passage: NewPassage) -> int:
    """Insert a passage and return its id. If the same content was embedded before, in any document, it gets that
    vector."""
    row = connection.execute(
        'INSERT INTO chunks (document_id, ordinal, start, "end", page, section, content_hash) '
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (document_id, ordinal, passage.start, passage.end, passage.page, passage.section, passage.content_hash),
    )
    passage_id = int(row.lastrowid or 0)
    connection.execute(
        "INSERT INTO chunk_vectors (chunk_id, embedder_id, vector) "
        "SELECT ?, v.embedder_id, v.vector FROM chunks c JOIN chunk_vectors v ON v.chunk_id = c.id "
        "WHERE c.content_hash = ? AND c.id <> ? GROUP BY v.embedder_id",
        (passage_id, passage.content_hash, passage_id),
    )
    return passage_id


def _drop(connection: Connection, document_id: int) -> None:
    """Delete keywords, passages (their vectors go with them) and text."""
    row = connection.execute("SELECT context FROM documents WHERE id = ?", (document_id,)).fetchone()
    passages = _stored_passages(connection, document_id)
    _take_out(connection, document_id, _keyword_rows(connection, document_id, row[0], passages))
    connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
    drop_text(connection, document_id)
    sheet_rows.drop(connection, document_id)


def _keyword_rows(
    connection: Connection, document_id: int, context: str, passages: Sequence[_StoredPassage]
) -> list[KeywordRow]:
    """The keyword rows of stored passages, as they were added."""
    if not passages:
        return []
    context_terms = search_terms(context)
    bodies = spans(connection, document_id, [(passage.start, passage.end) for passage in passages])
    return [
        KeywordRow(passage.id, context_terms, search_terms(passage.section), search_terms(body))
        for passage, body in zip(passages, bodies, strict=True)
    ]


def rebuild_keywords(connection: Connection, document_ids: Iterable[int]) -> None:
    """Add the keyword rows of these documents to an index that has none of them."""
    keyword_index.note_change(connection)
    for document_id in document_ids:
        row = connection.execute("SELECT context FROM documents WHERE id = ?", (document_id,)).fetchone()
        passages = _stored_passages(connection, document_id)
        keyword_index.add(connection, _keyword_rows(connection, document_id, row[0], passages))


def _take_out(connection: Connection, document_id: int, rows: Sequence[KeywordRow]) -> None:
    if rows and keyword_index.covers(connection, document_id):
        keyword_index.remove(connection, rows)
        key_values.put_value(connection, SCRUB_KEY, "1")


def _put_in(connection: Connection, document_id: int, rows: Iterable[KeywordRow]) -> None:
    if keyword_index.covers(connection, document_id):
        keyword_index.add(connection, rows)
