"""Looks through everything that is stored for damage, and mends in place what can be mended there.

What is stored carries its own checks: compressed texts end with Adler-32 (RFC 1950), a passage's hash covers its text,
title and heading path, vectors have the length 1.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

from core.domain.faults import StorageFault
from core.jobs import Job
from core.library.context import content_hash, distinct_title, embedded_text
from core.recovery.backups import Backups
from core.store import key_values
from core.store.conversations.message_json import is_readable
from core.store.database import Database
from core.store.documents import sheet_rows
from core.store.documents.damage import DamagedDocument, set_aside
from core.store.documents.stored_pages import StoredPages
from core.store.documents.texts import spans, whole_text
from core.store.driver import sqlite_errors
from core.store.keywords import index as keyword_index
from models.progress import Progress

log = logging.getLogger(__name__)

UNIT_TOLERANCE = 0.02  # of a vector's length; half precision is off by some 0.001
VECTORS_PER_STEP = 2000


@dataclass(slots=True)
class Damage:
    """What was found. `structure`: pages or tables of the file itself, which only a new file mends (core.recovery.
    salvage). `documents` and `messages` are ids, `vectors` are (id, passage id)."""

    structure: bool = False
    keywords: bool = False
    documents: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    vectors: list[tuple[int, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.structure or self.keywords or self.documents or self.messages or self.vectors)


def inspect(database: Database, job: Job) -> Damage:
    """Look through the whole database, some seconds for a thousand documents. Writes nothing. Raises `Cancelled`."""
    damage = Damage()
    try:
        with database.read() as connection:
            damage.structure = connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",)
            ids = [i for (i,) in connection.execute("SELECT id FROM documents WHERE passage_count OR text_length")]
        if damage.structure:
            return damage
        damage.keywords = not _keywords_are_whole(database)
        for done, document_id in enumerate(ids):
            job.check()
            job.report(Progress(done, len(ids), "files"))
            if not _is_whole(database, document_id):
                damage.documents.append(document_id)
        damage.messages = _unreadable_messages(database)
        damage.vectors = _wrong_vectors(database, job)
    except sqlite_errors(StorageFault) as error:
        log.warning("the database cannot be looked through: %s", type(error).__name__)
        damage.structure = True
    return damage


def mend_in_place(database: Database, damage: Damage, backups: Backups) -> None:
    """Mend what `inspect` found, but for the `structure`: documents are set aside to be read again, vectors dropped to
    be computed again, the keyword index is emptied to be filled again, messages taken from the backups."""
    for message_id in damage.messages:
        if (body := backups.message(message_id)) is not None:
            with database.write(durable=True) as connection:
                connection.execute("UPDATE messages SET body = ? WHERE id = ?", (body, message_id))
    for document_id in damage.documents:
        set_aside(database, document_id)
    if damage.vectors:
        lowest = min(passage_id for _, passage_id in damage.vectors)
        with database.write() as connection:
            connection.executemany("DELETE FROM chunk_vectors WHERE id = ?", ((i,) for i, _ in damage.vectors))
            connection.execute("UPDATE embedders SET embedded_through = MIN(embedded_through, ?)", (lowest - 1,))
    if damage.keywords:
        with database.write() as connection:
            keyword_index.clear(connection)
            key_values.put_value(connection, keyword_index.RENEWED_KEY, "0")


def _keywords_are_whole(database: Database) -> bool:
    try:
        with database.write() as connection:
            connection.execute("INSERT INTO keywords (keywords) VALUES ('integrity-check')")
    except StorageFault:
        return False
    return True


def _is_whole(database: Database, document_id: int) -> bool:
    try:
        with database.read() as connection:
            return _holds_together(connection, document_id)
    except (DamagedDocument, ValueError, TypeError):
        return False


def _holds_together(connection: Connection, document_id: int) -> bool:
    path, title, length, pages, count = connection.execute(
        "SELECT path, title, text_length, pages, passage_count FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    StoredPages.of(document_id, pages)
    sheet_rows.all_of(connection, document_id)
    if len(whole_text(connection, document_id)) != length:
        return False
    passages = connection.execute(
        'SELECT start, "end", section, content_hash FROM chunks WHERE document_id = ? ORDER BY ordinal', (document_id,)
    ).fetchall()
    if len(passages) != count:
        return False
    embedded_title = distinct_title(Path(os.fsdecode(path)), title)
    bodies = spans(connection, document_id, [(start, end) for start, end, _, _ in passages])
    return all(
        content_hash(embedded_text(embedded_title, section, body)) == stored
        for (_, _, section, stored), body in zip(passages, bodies, strict=True)
    )


def _unreadable_messages(database: Database) -> list[int]:
    with database.read() as connection:
        rows = connection.execute("SELECT id, body FROM messages")
        return [message_id for message_id, body in rows if not is_readable(body)]


def _wrong_vectors(database: Database, job: Job) -> list[tuple[int, int]]:
    """Vectors that have not their embedder's dimension or not the length 1, as (id, passage id)."""
    wrong: list[tuple[int, int]] = []
    last = 0
    while True:
        job.check()
        with database.read() as connection:
            rows = connection.execute(
                "SELECT v.id, v.chunk_id, v.vector, e.dimension FROM chunk_vectors v JOIN embedders e "
                "ON e.id = v.embedder_id WHERE v.id > ? ORDER BY v.id LIMIT ?",
                (last, VECTORS_PER_STEP),
            ).fetchall()
        if not rows:
            return wrong
        last = rows[-1][0]
        wrong += [(i, passage_id) for i, passage_id, vector, dimension in rows if not _is_unit(vector, dimension)]


def _is_unit(vector: object, dimension: int) -> bool:
    if not isinstance(vector, bytes) or len(vector) != 2 * dimension:
        return False
    import numpy as np  # not at the top: a command's help waits for it

    values = np.frombuffer(vector, "<f2").astype(np.float32)
    return bool(abs(float(np.sqrt(values @ values)) - 1) < UNIT_TOLERANCE)  # false for NaN, too
