"""Damaged documents: what is stored of one cannot be decoded. It is set aside, to be read again from its file, and
everything else goes on without it."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from core.store import key_values
from core.store.database import Database
from core.store.keywords import index as keyword_index

log = logging.getLogger(__name__)

SET_ASIDE_KEY = "set_aside"  # ids of the documents that were set aside since a person was told
_T = TypeVar("_T")


class DamagedDocument(Exception):
    """What is stored of this document is damaged. Never shown to a person: see `from_the_rest`."""

    def __init__(self, document_id: int) -> None:
        super().__init__(f"document {document_id}")
        self.document_id = document_id


@contextmanager
def decoding(document_id: int) -> Iterator[None]:
    """Convert the errors of decoding what is stored of a document."""
    try:
        yield
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedDocument(document_id) from error


def from_the_rest(database: Database, read: Callable[[], _T]) -> _T:
    """What `read` returns, called again each time it has met a damaged document, which is set aside before. Not within
    a transaction."""
    while True:
        try:
            return read()
        except DamagedDocument as damaged:
            set_aside(database, damaged.document_id)


def set_aside(database: Database, document_id: int) -> None:
    """Drop what is stored of the document and queue its file. The keyword index keeps the terms of its passages, which
    no longer exist, until the next `index` fills it anew: they cannot be taken out without the text."""
    log.warning("document %d is damaged and is read again", document_id)
    with database.write() as connection:
        connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
        connection.execute("DELETE FROM texts WHERE document_id = ?", (document_id,))
        connection.execute("DELETE FROM sheet_rows WHERE document_id = ?", (document_id,))
        connection.execute(
            "UPDATE documents SET state = 'waiting', pending = 1, attempts = 0, content_hash = NULL, context = '', "
            "text_length = 0, passage_count = 0, page_count = NULL, pages = '', warnings = '', recognised = 0 "
            "WHERE id = ?",
            (document_id,),
        )
        key_values.drop_value(connection, keyword_index.VERSION_KEY)
        known = json.loads(key_values.value_of(connection, SET_ASIDE_KEY) or "[]")
        key_values.put_value(connection, SET_ASIDE_KEY, json.dumps([*known, document_id]))


def take_set_aside(database: Database) -> int:
    """How many documents were set aside since the last call, for telling it once."""
    with database.read() as connection:
        stored = key_values.value_of(connection, SET_ASIDE_KEY)
    if stored is None:
        return 0
    with database.write() as connection:
        key_values.drop_value(connection, SET_ASIDE_KEY)
    return len(json.loads(stored))
