"""Works out how the stored passages of a document become its new ones, and the steps that carry it out.

A document of many passages is stored in several transactions, so that none keeps other writers waiting. After each of
them the stored passages, their keyword rows and the stored text agree with one another, so that an interrupted run is
continued by storing the document again. The order that keeps this true: passages that are gone are deleted while the
old text is there, then text and offsets are exchanged at once, then the new passages are inserted.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import NamedTuple, TypeVar

from core.store import key_values
from core.store.documents.texts import spans
from core.store.file_rewriting import mark_for_rewriting
from core.store.keywords import index as keyword_index
from core.store.keywords.index import KeywordRow
from core.text.tokenizer import search_terms

log = logging.getLogger(__name__)

SCRUB_KEY = "keywords_to_scrub"
_DIGEST_BYTES = 8
STEP_PASSAGES = 500  # written or deleted in one step: some 100 ms on a laptop
_T = TypeVar("_T")
_REWRITING = "context_rewriting/"  # + document id: the passages up to an id already have another context


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to store: `text[start:end]` of its document. `content_hash` covers everything that is embedded. `terms`
    are the search terms of section and text as a parser process gave them; without them they are computed here."""

    start: int
    end: int
    page: int | None
    section: str
    content_hash: bytes
    terms: tuple[str, str] | None = None


class StoredPassage(NamedTuple):
    """A passage as it is stored: offsets into its document's text, and the hash of what is embedded."""

    id: int
    start: int
    end: int
    section: str
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a change: `apply` writes about `weight` passages within a transaction."""

    weight: int
    apply: Callable[[Connection], None]


@dataclass(slots=True)
class StoredState:
    """What is stored of a document now. The keyword rows of passages up to the id `rewritten_through` have the context
    `next_context`, those of the others `context`."""

    context: str
    passages: list[StoredPassage]
    next_context: str = ""
    rewritten_through: int = 0

    def context_of(self, passage_id: int) -> str:
        return self.next_context if passage_id <= self.rewritten_through else self.context


@dataclass(slots=True)
class PassageChanges:
    """How the stored passages become the new ones. `kept` are (stored passage, ordinal), `new` are ordinals; `terms`
    are the search terms of the new passages' sections and texts, by ordinal."""

    kept: list[tuple[StoredPassage, int]] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    gone: list[StoredPassage] = field(default_factory=list)
    terms: dict[int, tuple[str, str]] = field(default_factory=dict)


def stored_state(connection: Connection, document_id: int) -> StoredState | None:
    """None for a document that has left the library."""
    row = connection.execute(
        "SELECT d.context FROM documents d JOIN folders f ON f.id = d.folder_id WHERE d.id = ? AND f.removed_s IS NULL",
        (document_id,),
    ).fetchone()
    return None if row is None else state_of(connection, document_id, row[0])


def state_of(connection: Connection, document_id: int, context: str) -> StoredState:
    state = StoredState(context, _stored_passages(connection, document_id))
    if rewriting := key_values.value_of(connection, f"{_REWRITING}{document_id}"):
        through, state.next_context = rewriting.split(" ", 1)
        state.rewritten_through = int(through)
    return state


def passage_changes(stored: Sequence[StoredPassage], passages: Sequence[NewPassage], text: str) -> PassageChanges:
    """Pair stored with new passages of equal content, in order, so that they keep their ids and vectors."""
    changes = PassageChanges()
    by_hash: dict[bytes, list[StoredPassage]] = defaultdict(list)
    for old in reversed(stored):
        by_hash[old.content_hash].append(old)
    for ordinal, passage in enumerate(passages):
        if equal := by_hash.get(passage.content_hash):
            changes.kept.append((equal.pop(), ordinal))
        else:
            changes.new.append(ordinal)
            changes.terms[ordinal] = passage.terms or _terms(passage.section, text[passage.start : passage.end])
    changes.gone = sorted(old for olds in by_hash.values() for old in olds)
    return changes


def removal_steps(
    connection: Connection, document_id: int, state: StoredState, passages: Sequence[StoredPassage]
) -> Iterator[Step]:
    """Delete stored passages, whose vectors go with them, and their keyword rows."""
    rows = keyword_rows(connection, document_id, state, passages)
    for part in _parts(rows):
        yield Step(len(part), lambda connection, part=part: _remove(connection, document_id, part))  # type: ignore[misc]


def context_steps(
    connection: Connection, document_id: int, state: StoredState, kept: Iterable[StoredPassage], context: str
) -> Iterator[Step]:
    """Give the keyword rows of passages that stay another context."""
    if state.rewritten_through and state.next_context != context:
        # The last run was giving them another one: it is carried through first, so that one is under way at a time.
        yield from context_steps(connection, document_id, state, kept, state.next_context)
        state = StoredState(state.next_context, state.passages)
    if state.context == context:
        return
    terms = search_terms(context)
    left = sorted(passage for passage in kept if passage.id > state.rewritten_through)
    for part in _parts(keyword_rows(connection, document_id, state, left)):
        new = [KeywordRow(row.passage_id, terms, row.section, row.body) for row in part]
        yield Step(
            2 * len(part),
            lambda connection, old=part, new=new: _exchange(connection, document_id, old, new, context),  # type: ignore[misc]
        )
    yield Step(1, lambda connection: _end_rewriting(connection, document_id, context))


def placing_step(changes: PassageChanges, passages: Sequence[NewPassage]) -> Step:
    """Give the passages that stay their new places. It belongs in the transaction that exchanges the text."""
    moved = [
        (ordinal, new.start, new.end, new.page, new.section, old.id)
        for old, ordinal in changes.kept
        for new in (passages[ordinal],)
    ]

    def place(connection: Connection) -> None:
        connection.executemany(
            'UPDATE chunks SET ordinal = ?1, start = ?2, "end" = ?3, page = ?4, section = ?5 WHERE id = ?6 '
            'AND (ordinal, start, "end", page, section) IS NOT (?1, ?2, ?3, ?4, ?5)',
            moved,
        )

    return Step(len(moved) // 10, place)


def insertion_steps(
    document_id: int, changes: PassageChanges, passages: Sequence[NewPassage], context: str
) -> Iterator[Step]:
    """Insert the passages that are new, with their keyword rows."""
    terms = search_terms(context)
    for part in _parts(changes.new):

        def insert(connection: Connection, part: Sequence[int] = part) -> None:
            rows = [
                KeywordRow(_insert(connection, document_id, ordinal, passages[ordinal]), terms, *changes.terms[ordinal])
                for ordinal in part
            ]
            _put_in(connection, document_id, rows)

        yield Step(len(part), insert)


def keyword_rows(
    connection: Connection, document_id: int, state: StoredState, passages: Sequence[StoredPassage]
) -> list[KeywordRow]:
    """The keyword rows of stored passages, as they were added."""
    if not passages:
        return []
    terms = {context: search_terms(context) for context in (state.context, state.next_context)}
    bodies = spans(connection, document_id, [(passage.start, passage.end) for passage in passages])
    return [
        KeywordRow(passage.id, terms[state.context_of(passage.id)], search_terms(passage.section), search_terms(body))
        for passage, body in zip(passages, bodies, strict=True)
    ]


def forget_rewriting(connection: Connection, document_id: int) -> None:
    key_values.drop_value(connection, f"{_REWRITING}{document_id}")


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (items[at : at + STEP_PASSAGES] for at in range(0, len(items), STEP_PASSAGES))


def _stored_passages(connection: Connection, document_id: int) -> list[StoredPassage]:
    rows = connection.execute(
        'SELECT id, start, "end", section, content_hash FROM chunks WHERE document_id = ? ORDER BY ordinal',
        (document_id,),
    )
    return [StoredPassage(*row) for row in rows]


def _remove(connection: Connection, document_id: int, rows: Sequence[KeywordRow]) -> None:
    _take_out(connection, document_id, rows)
    connection.executemany("DELETE FROM chunks WHERE id = ?", ((row.passage_id,) for row in rows))


def _exchange(
    connection: Connection, document_id: int, old: Sequence[KeywordRow], new: Sequence[KeywordRow], context: str
) -> None:
    _take_out(connection, document_id, old)
    _put_in(connection, document_id, new)
    key_values.put_value(connection, f"{_REWRITING}{document_id}", f"{new[-1].passage_id} {context}")


def _end_rewriting(connection: Connection, document_id: int, context: str) -> None:
    connection.execute("UPDATE documents SET context = ? WHERE id = ?", (context, document_id))
    forget_rewriting(connection, document_id)


def _insert(connection: Connection, document_id: int, ordinal: int, passage: NewPassage) -> int:
    """Insert a passage and return its id. If the first passage with the same content, in any document, has a vector, it
    gets that one; only the first is looked at, since thousands may be equal."""
    row = connection.execute(
        'INSERT INTO chunks (document_id, ordinal, start, "end", page, section, content_hash, terms_digest) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document_id, ordinal, passage.start, passage.end, passage.page, passage.section, passage.content_hash,
            None if passage.terms is None else _terms_digest(*passage.terms),
        ),
    )  # fmt: skip
    passage_id = int(row.lastrowid or 0)
    connection.execute(
        "INSERT INTO chunk_vectors (chunk_id, embedder_id, vector) "
        "SELECT ?1, embedder_id, vector FROM chunk_vectors WHERE chunk_id = "
        "(SELECT id FROM chunks WHERE content_hash = ?2 ORDER BY id LIMIT 1) AND chunk_id <> ?1",
        (passage_id, passage.content_hash),
    )
    return passage_id


def _take_out(connection: Connection, document_id: int, rows: Sequence[KeywordRow]) -> None:
    """Rows can only be deleted with the terms with which they were added. Where a parser process has given others than
    belong to the text, which a hostile file can make it do, the index is emptied and later filled again."""
    if not rows or not keyword_index.covers(connection, document_id):
        return
    if _have_false_terms(connection, rows):
        log.warning("the keyword index is made anew: a parser process gave false search terms")
        keyword_index.start_over(connection)
        return
    keyword_index.remove(connection, rows)
    key_values.put_value(connection, SCRUB_KEY, "1")
    mark_for_rewriting(connection)


def _have_false_terms(connection: Connection, rows: Sequence[KeywordRow]) -> bool:
    ids = ",".join(str(int(row.passage_id)) for row in rows)
    given = dict(
        connection.execute(f"SELECT id, terms_digest FROM chunks WHERE id IN ({ids}) AND terms_digest IS NOT NULL")
    )
    return any(row.passage_id in given and given[row.passage_id] != _digest_of(row) for row in rows)


def _digest_of(row: KeywordRow) -> bytes:
    return _terms_digest(row.section, row.body)


def _terms_digest(section: str, body: str) -> bytes:
    """The digest of the search terms of a passage's section and text."""
    return hashlib.blake2b(f"{section}\0{body}".encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def trust_terms(connection: Connection, document_id: int) -> None:
    """Record that this process has computed the terms of all of a document's keyword rows."""
    connection.execute(
        "UPDATE chunks SET terms_digest = NULL WHERE document_id = ? AND terms_digest IS NOT NULL", (document_id,)
    )


def _terms(section: str, text: str) -> tuple[str, str]:
    return search_terms(section), search_terms(text)


def _put_in(connection: Connection, document_id: int, rows: Iterable[KeywordRow]) -> None:
    if keyword_index.covers(connection, document_id):
        keyword_index.add(connection, rows)
