"""What the library holds of a document: text, passages, keywords. Written whole in one transaction, or not at all."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection

from core.domain.sheet_cells import SheetRows
from core.store import key_values
from core.store.database import Database
from core.store.documents import sheet_rows
from core.store.documents.ocr_cache import forget
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
    """What tells an unchanged file: its size and time of change, when we looked, and a hash of its bytes (empty if it
    could not be read)."""

    size_bytes: int
    modified_ns: int
    checked_ns: int
    content_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class NewContent:
    """What was read from a file. `pages` tells what was read from pictures (OCR), in the languages `recognised_in`;
    `pictures` counts the pages that wait for that, `rows` are lines that are rows of sheets."""

    stamp: FileStat
    text: str
    title: str
    context: str
    format: str
    chunks: tuple[NewPassage, ...]
    pages: StoredPages = StoredPages()
    warnings: tuple[str, ...] = ()
    recognised_in: str = ""
    pictures: int = 0
    rows: tuple[SheetRows, ...] = ()


@dataclass(slots=True)
class _Stored:
    """What is stored of a document now. `chunks` are (id, start, end, section, content hash)."""

    context: str
    chunks: list[tuple[int, int, int, str, bytes]]


@dataclass(slots=True)
class _PassageChanges:
    """How stored passages become those of a new reading; keyword rows are complete before the write begins."""

    kept: list[tuple[int, int]] = field(default_factory=list)  # (chunk id, ordinal)
    new: list[int] = field(default_factory=list)  # ordinals
    gone: list[int] = field(default_factory=list)  # chunk ids
    rows_out: list[KeywordRow] = field(default_factory=list)
    rows_in: dict[int, KeywordRow] = field(default_factory=dict)  # by ordinal; the chunk id is 0 where it is new


class Contents:
    """Called from any thread. Each method is one transaction; a file whose reading is stored is no longer in hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, document_id: int, reading: NewContent) -> bool:
        """Store `reading` as the document's content; unchanged passages keep their ids and with them their vectors.

        False, and nothing is stored, if the document left the library meanwhile.
        """
        while True:
            with self._database.read() as connection:
                stored = _stored(connection, document_id)
                if stored is None:
                    return False
                change = _change(connection, document_id, stored, reading)
            with self._database.write() as connection:
                now = _stored(connection, document_id)
                if now is None:
                    return False
                if now == stored:
                    _apply(connection, document_id, change, reading)
                    return True

    def skip(
        self,
        document_id: int,
        stamp: FileStat,
        reason: str,
        *,
        format: str = "",
        problem: str = "",
        pictures: int = 0,
        recognised_in: str = "",
    ) -> bool:
        """Note why the document cannot be read, in words and in one word for programs, and drop what was stored of it.
        `pictures` and `recognised_in` as for a `Reading`. False if it left the library."""
        with self._database.write() as connection:
            if _stored(connection, document_id) is None:
                return False
            _drop(connection, document_id)
            end_parsing(connection, document_id)
            forget(connection, document_id)
            connection.execute(
                "UPDATE documents SET state = 'skipped', pending = 0, attempts = 0, reason = ?, format = ?, "
                "problem = ?, pictures = ?, recognised = 0, recognised_in = ?, "
                "text_length = 0, pages = '', page_count = NULL, warnings = '', passage_count = 0, context = '', "
                "size_bytes = ?, modified_ns = ?, checked_ns = ?, content_hash = ? WHERE id = ?",
                (reason, format, problem, pictures, recognised_in, *_stamp(stamp), document_id),
            )
        return True

    def give_up_pictures(self, document_id: int) -> None:
        """What is stored stays as it is; its pictures do not wait for recognition any more."""
        with self._database.write() as connection:
            connection.execute("UPDATE documents SET pictures = 0 WHERE id = ?", (document_id,))
            forget(connection, document_id)

    def delete(self, document_id: int, folder_id: int) -> None:
        """Delete the document and every trace of it, if it still belongs to this folder."""
        with self._database.write() as connection:
            if connection.execute(
                "SELECT 1 FROM documents WHERE id = ? AND folder_id = ?", (document_id, folder_id)
            ).fetchone():
                _drop(connection, document_id)
                connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def move(self, document_id: int, folder_id: int, path: bytes, title: str, context: str, stamp: FileStat) -> None:
        """The file is now at `path`, with the same content: only what its name says changes."""
        with self._database.write() as connection:
            stored = _stored(connection, document_id)
            if stored is None:
                return
            out = _rows(connection, document_id, stored.context, [chunk[:4] for chunk in stored.chunks])
            new_context = search_terms(context)
            _take_out(connection, document_id, out)
            back = (KeywordRow(r.chunk_id, new_context, r.section, r.body) for r in out)
            _put_in(connection, document_id, back)
            connection.execute(
                "UPDATE documents SET folder_id = ?, path = ?, title = ?, context = ?, size_bytes = ?, "
                "modified_ns = ?, checked_ns = ?, content_hash = ? WHERE id = ?",
                (folder_id, path, title, context, *_stamp(stamp), document_id),
            )


def _stored(connection: Connection, document_id: int) -> _Stored | None:
    row = connection.execute(
        "SELECT d.context FROM documents d JOIN folders f ON f.id = d.folder_id WHERE d.id = ? AND f.removed_s IS NULL",
        (document_id,),
    ).fetchone()
    return None if row is None else _Stored(row[0], _chunks(connection, document_id))


def _chunks(connection: Connection, document_id: int) -> list[tuple[int, int, int, str, bytes]]:
    return connection.execute(
        'SELECT id, start, "end", section, content_hash FROM chunks WHERE document_id = ? ORDER BY ordinal',
        (document_id,),
    ).fetchall()


def _change(connection: Connection, document_id: int, stored: _Stored, reading: NewContent) -> _PassageChanges:
    change = _PassageChanges()
    by_hash: dict[bytes, list[tuple[int, int, int, str, bytes]]] = defaultdict(list)
    for old in reversed(stored.chunks):
        by_hash[old[4]].append(old)
    same_context = stored.context == reading.context
    context = search_terms(reading.context)
    rewritten: list[tuple[int, int, int, str]] = []
    for ordinal, chunk in enumerate(reading.chunks):
        twins = by_hash.get(chunk.content_hash)
        chunk_id = 0
        if twins:
            old = twins.pop()
            chunk_id = old[0]
            change.kept.append((chunk_id, ordinal))
            if same_context:
                continue
            rewritten.append(old[:4])
        else:
            change.new.append(ordinal)
        body = search_terms(reading.text[chunk.start : chunk.end])
        change.rows_in[ordinal] = KeywordRow(chunk_id, context, search_terms(chunk.section), body)
    left = [old for olds in by_hash.values() for old in olds]
    change.gone = [old[0] for old in left]
    outgoing = sorted(rewritten + [old[:4] for old in left])
    change.rows_out = _rows(connection, document_id, stored.context, outgoing)
    return change


def _apply(connection: Connection, document_id: int, change: _PassageChanges, reading: NewContent) -> None:
    _take_out(connection, document_id, change.rows_out)
    connection.executemany("DELETE FROM chunks WHERE id = ?", ((chunk_id,) for chunk_id in change.gone))
    chunks = reading.chunks
    connection.executemany(
        'UPDATE chunks SET ordinal = ?, start = ?, "end" = ?, page = ?, section = ? WHERE id = ?',
        ((o, chunks[o].start, chunks[o].end, chunks[o].page, chunks[o].section, i) for i, o in change.kept),
    )
    ids = dict((ordinal, chunk_id) for chunk_id, ordinal in change.kept)
    for ordinal in change.new:
        ids[ordinal] = _insert(connection, document_id, ordinal, chunks[ordinal])
    rows = (KeywordRow(ids[o], row.context, row.section, row.body) for o, row in change.rows_in.items())
    _put_in(connection, document_id, rows)
    put_text(connection, document_id, reading.text)
    sheet_rows.put(connection, document_id, reading.rows)
    end_parsing(connection, document_id)
    forget(connection, document_id)
    connection.execute(
        "UPDATE documents SET state = 'indexed', pending = 0, attempts = 0, reason = '', problem = '', "
        "pictures = ?, recognised = ?, recognised_in = ?, title = ?, context = ?, "
        "format = ?, text_length = ?, pages = ?, page_count = ?, warnings = ?, passage_count = ?, "
        "size_bytes = ?, modified_ns = ?, checked_ns = ?, content_hash = ? WHERE id = ?",
        (
            reading.pictures,
            reading.pages.pictures,
            reading.recognised_in,
            reading.title,
            reading.context,
            reading.format,
            len(reading.text),
            reading.pages.stored,
            len(reading.pages.starts) or None,
            json.dumps(reading.warnings) if reading.warnings else "",
            len(reading.chunks),
            *_stamp(reading.stamp),
            document_id,
        ),
    )


def _insert(connection: Connection, document_id: int, ordinal: int, chunk: NewPassage) -> int:
    """A new passage; where the same content was embedded before, in whatever document, it takes that vector along."""
    row = connection.execute(
        'INSERT INTO chunks (document_id, ordinal, start, "end", page, section, content_hash) '
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (document_id, ordinal, chunk.start, chunk.end, chunk.page, chunk.section, chunk.content_hash),
    )
    chunk_id = int(row.lastrowid or 0)
    connection.execute(
        "INSERT INTO chunk_vectors (chunk_id, embedder_id, vector) "
        "SELECT ?, v.embedder_id, v.vector FROM chunks c JOIN chunk_vectors v ON v.chunk_id = c.id "
        "WHERE c.content_hash = ? AND c.id <> ? GROUP BY v.embedder_id",
        (chunk_id, chunk.content_hash, chunk_id),
    )
    return chunk_id


def _drop(connection: Connection, document_id: int) -> None:
    """Delete keywords, passages (their vectors go with them) and text."""
    row = connection.execute("SELECT context FROM documents WHERE id = ?", (document_id,)).fetchone()
    chunks = _chunks(connection, document_id)
    _take_out(connection, document_id, _rows(connection, document_id, row[0], [chunk[:4] for chunk in chunks]))
    connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
    drop_text(connection, document_id)
    sheet_rows.drop(connection, document_id)


def _rows(
    connection: Connection, document_id: int, context: str, chunks: Sequence[tuple[int, int, int, str]]
) -> list[KeywordRow]:
    """The keyword rows of stored passages, as they were added."""
    if not chunks:
        return []
    context_terms = search_terms(context)
    bodies = spans(connection, document_id, [(start, end) for _, start, end, _ in chunks])
    return [
        KeywordRow(chunk_id, context_terms, search_terms(section), search_terms(body))
        for (chunk_id, _, _, section), body in zip(chunks, bodies, strict=True)
    ]


def rebuild_keywords(connection: Connection, document_ids: Iterable[int]) -> None:
    """Add the keyword rows of these documents to an index that has none of them."""
    keyword_index.count_change(connection)
    for document_id in document_ids:
        row = connection.execute("SELECT context FROM documents WHERE id = ?", (document_id,)).fetchone()
        chunks = [chunk[:4] for chunk in _chunks(connection, document_id)]
        keyword_index.add(connection, _rows(connection, document_id, row[0], chunks))


def _take_out(connection: Connection, document_id: int, rows: Sequence[KeywordRow]) -> None:
    if rows and keyword_index.covers(connection, document_id):
        keyword_index.remove(connection, rows)
        key_values.put_value(connection, SCRUB_KEY, "1")


def _put_in(connection: Connection, document_id: int, rows: Iterable[KeywordRow]) -> None:
    if keyword_index.covers(connection, document_id):
        keyword_index.add(connection, rows)


def _stamp(stamp: FileStat) -> tuple[int, int, int, bytes | None]:
    return stamp.size_bytes, stamp.modified_ns, stamp.checked_ns, stamp.content_hash or None
