"""What is stored of documents: whole or not at all, passages that keep their ids, folders that never overlap."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.documents import DocumentState
from core.store.database import Database
from core.store.documents.contents import ContentStore, FileStat, NewContent
from core.store.documents.damage import DamagedDocument
from core.store.documents.documents import Documents
from core.store.documents.folders import Folders
from core.store.documents.passage_changes import NewPassage
from core.store.documents.stored_pages import StoredPages
from core.store.documents.texts import PIECE_LENGTH, TextReader, pieces_of, put_text, spans, whole_text
from core.store.vectors.ledger import VectorLedger
from tests.support.libraries import keyword_rows


class Store:
    """One folder in a database, and its documents by name."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folders, self.documents, self.contents = Folders(database), Documents(database), ContentStore(database)
        self.ledger = VectorLedger(database)
        self.folder = folder
        self.part = self.folders.add(folder)

    def add(self, *names: str) -> list[int]:
        paths = [os.fsencode(self.folder / name) for name in names]
        self.documents.add(self.part.folder_id, ((path, 10, 20) for path in paths))
        known = self.documents.known(self.part)
        return [known[path].id for path in paths]

    def chunk_ids(self, document_id: int) -> list[int]:
        with self.database.read() as connection:
            rows = connection.execute("SELECT id FROM chunks WHERE document_id = ? ORDER BY ordinal", (document_id,))
            return [chunk_id for (chunk_id,) in rows]

    def count(self, table: str) -> int:
        with self.database.read() as connection:
            return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Database(tmp_path / "library.db") as database:
        yield Store(database, tmp_path / "documents")


def reading(*passages: str, context: str = "name", section: str = "", hash: bytes = b"h") -> NewContent:
    """A document of these passages, one to a line."""
    chunks, start = [], 0
    for passage in passages:
        chunks.append(NewPassage(start, start + len(passage), None, section, passage.encode()))
        start += len(passage) + 1
    text = "\n".join(passages)
    return NewContent(FileStat(10, 20, 30, hash), text, "title", context, "text", tuple(chunks))


def test_a_page_called_like_a_part_of_what_is_stored_of_pages_is_just_a_page(store: Store) -> None:
    """It is asked of the stored text whether pictures among other text were read."""
    ids = store.add("a.txt", "b.txt")
    for document, pictured in zip(ids, ((), ((0, 5),)), strict=True):
        pages = StoredPages((0,), ("pictured",), (0,), pictured)
        assert StoredPages.of(1, pages.stored) == pages
        store.contents.put(document, replace(reading("Words."), pages=pages))
    told = store.documents.recognised_in(store.part)
    assert [(path.name, number, of) for path, number, of in told] == [("a.txt", 1, 1), ("b.txt", 2, None)]
    assert StoredPages().stored == "" and StoredPages.of(1, "") == StoredPages()


def test_a_long_text_is_read_in_pieces_by_place(store: Store) -> None:
    text = "".join(chr(0x4E00 + n % 5000) if n % 3 else "\U0001f600" for n in range(3 * PIECE_LENGTH + 17))
    (document,) = store.add("a.txt")
    with store.database.write() as connection:
        put_text(connection, document, pieces_of(text))
    places = [(0, 5), (PIECE_LENGTH - 3, PIECE_LENGTH + 3), (100, 3 * PIECE_LENGTH), (len(text) - 4, len(text)), (7, 7)]
    with store.database.read() as connection:
        assert whole_text(connection, document) == text
        assert spans(connection, document, places) == [text[start:end] for start, end in places]


def test_texts_of_several_documents_are_read_together(store: Store) -> None:
    first, second = store.add("a.txt", "b.txt")
    texts = {first: "ab" * PIECE_LENGTH, second: "cd" * 10}
    with store.database.write() as connection:
        for document, text in texts.items():
            put_text(connection, document, pieces_of(text))
    places = {first: [(PIECE_LENGTH - 1, PIECE_LENGTH + 1), (0, 2)], second: [(1, 3)]}
    with store.database.read() as connection:
        reader = TextReader(connection)
        assert reader.spans(places) == {first: ["ba", "ab"], second: ["dc"]}
        assert reader.spans({second: [(0, 2)], first: [(2, 5)]}) == {second: ["cd"], first: ["aba"]}
        assert reader.spans({second + 1: [(0, 4)], second: [(18, 40)]}, beyond=True) == {
            second + 1: [""],
            second: ["cd"],
        }
        with pytest.raises(DamagedDocument):
            reader.spans({second: [(18, 21)]})


def test_lone_surrogates_are_kept(store: Store) -> None:
    (document,) = store.add("a.txt")
    with store.database.write() as connection:
        put_text(connection, document, pieces_of("a\ud800b\0c"))
    with store.database.read() as connection:
        assert whole_text(connection, document) == "a\ud800b\0c"


def test_a_document_goes_in_whole(store: Store) -> None:
    (document,) = store.add("a.txt")
    waiting = store.documents.get(document)
    assert waiting is not None
    assert waiting.state is DocumentState.WAITING
    assert store.contents.put(document, reading("one apple", "two pears"))
    stored = store.documents.get(document)
    assert stored is not None
    assert (stored.state, stored.title, stored.passage_count) == (DocumentState.INDEXED, "title", 2)
    text = store.documents.text(document)
    assert text is not None
    assert text.text == "one apple\ntwo pears"
    assert store.documents.queue([store.part]) == []


def test_unchanged_passages_keep_their_ids(store: Store) -> None:
    (document,) = store.add("a.txt")
    store.contents.put(document, reading("one", "two", "three", "two"))
    before = store.chunk_ids(document)
    store.contents.put(document, reading("zero", "one", "two", "changed", "two"))
    after = store.chunk_ids(document)
    assert (after[1], after[2], after[4]) == (before[0], before[1], before[3])
    assert not {after[0], after[3]} & set(before)
    with store.database.read() as connection:
        rows = connection.execute('SELECT start, "end" FROM chunks ORDER BY ordinal').fetchall()
    text = store.documents.text(document)
    assert text is not None
    assert [text.text[start:end] for start, end in rows] == ["zero", "one", "two", "changed", "two"]


@pytest.mark.parametrize("context", ["name", "another name"])
def test_after_an_edit_the_keyword_index_is_that_of_the_new_text(store: Store, tmp_path: Path, context: str) -> None:
    (document,) = store.add("a.txt")
    store.contents.put(document, reading("one apple", "two pears", "three plums"))
    store.contents.put(document, reading("two pears", "one quince", context=context))
    with Database(tmp_path / "fresh.db") as database:
        fresh = Store(database, store.folder)
        (same,) = fresh.add("a.txt")
        fresh.contents.put(same, reading("two pears", "one quince", context=context))
        assert keyword_rows(store.database) == keyword_rows(database)
    with store.database.read() as connection:
        connection.execute("INSERT INTO keywords (keywords) VALUES ('integrity-check')")


def test_passages_of_another_document_lend_their_vectors(store: Store) -> None:
    first, second = store.add("a.txt", "b.txt")
    store.contents.put(first, reading("same", "other"))
    state = store.ledger.embedder("f", 4)
    ids = store.chunk_ids(first)
    vectors = np.eye(4, dtype=np.float32)[:2]
    store.ledger.store(state, ids, vectors, ids[-1])
    store.contents.put(second, reading("new", "same"))
    found = store.ledger.nearest(state, vectors[0], 9)
    assert {chunk_id for chunk_id, score in found if score > 0.99} == {ids[0], store.chunk_ids(second)[1]}


def test_deleting_a_document_leaves_nothing_of_it(store: Store) -> None:
    first, second = store.add("a.txt", "b.txt")
    for document in (first, second):
        store.contents.put(document, reading("one", "two"))
        ids = store.chunk_ids(document)
        store.ledger.store(store.ledger.embedder("f", 4), ids, np.eye(4, dtype=np.float32)[:2], ids[-1])
    store.contents.delete(first, store.part.folder_id)
    assert [store.count(table) for table in ("documents", "texts", "chunks", "chunk_vectors")] == [1, 1, 2, 2]
    assert {row[1] for row in keyword_rows(store.database)} == {os.fsencode(store.folder / "b.txt")}


def test_a_skipped_document_keeps_its_reason_and_nothing_else(store: Store) -> None:
    (document,) = store.add("a.txt")
    store.contents.put(document, reading("one", "two"))
    store.contents.skip(document, FileStat(1, 2, 3, b"x"), "It is encrypted.")
    stored = store.documents.get(document)
    assert stored is not None
    assert (stored.state, stored.reason, stored.passage_count) == (DocumentState.SKIPPED, "It is encrypted.", 0)
    assert [store.count(table) for table in ("texts", "chunks")] == [0, 0]
    assert keyword_rows(store.database) == []


def test_a_document_that_left_meanwhile_is_not_stored(store: Store) -> None:
    (document,) = store.add("a.txt")
    store.folders.mark_removed(store.part.folder_id)
    assert not store.contents.put(document, reading("one"))
    assert not store.contents.skip(document, FileStat(1, 2, 3), "gone")
    assert store.documents.list() == ()
    assert store.documents.text(document) is None


def test_a_moved_document_keeps_its_passages_under_the_new_name(store: Store) -> None:
    (document,) = store.add("a.txt")
    store.contents.put(document, reading("one", "two", context="a.txt"))
    ids = store.chunk_ids(document)
    moved = os.fsencode(store.folder / "b.txt")
    store.contents.move(document, store.part.folder_id, moved, "b", "quarterly report", FileStat(10, 20, 30, b"h"))
    assert store.chunk_ids(document) == ids
    stored = store.documents.get(document)
    assert stored is not None
    assert (stored.path, stored.title) == (store.folder / "b.txt", "b")
    assert {row[0] for row in keyword_rows(store.database) if row[3] == "context"} == {"quarter", "report"}


def test_a_folder_inside_another_is_part_of_it(store: Store) -> None:
    inner = store.folders.add(store.folder / "inner")
    assert inner.folder_id == store.part.folder_id
    assert len(store.folders.list()) == 1


def test_a_folder_around_others_takes_them_over(store: Store) -> None:
    (document,) = store.add("a.txt")
    beside = store.folders.add(store.folder.with_name("documents 2"))
    outer = store.folders.add(store.folder.parent)
    assert [folder.id for folder in store.folders.list()] == [outer.folder_id]
    assert beside.folder_id != outer.folder_id
    stored = store.documents.get(document)
    assert stored is not None
    assert stored.folder_id == outer.folder_id


def test_a_name_that_begins_alike_is_not_inside(store: Store) -> None:
    store.add("a.txt")
    other = store.folders.add(store.folder.with_name("documents-old"))
    assert other.folder_id != store.part.folder_id
    assert store.documents.known(other) == {}


def test_paths_that_are_no_text_are_stored(store: Store) -> None:
    name = os.fsdecode(b"caf\xe9 \xff.txt")
    (document,) = store.add(name)
    stored = store.documents.get(document)
    assert stored is not None
    assert stored.path == store.folder / name


def test_counts_are_of_what_is_there(store: Store) -> None:
    first, second, _ = store.add("a.txt", "b.txt", "c.txt")
    store.contents.put(first, reading("one", "two"))
    store.contents.skip(second, FileStat(1, 2, 3), "no")
    counts = store.documents.counts()
    assert (counts.folders, counts.documents, counts.indexed, counts.waiting, counts.skipped) == (1, 3, 1, 1, 1)
    assert (counts.passages, counts.text_length) == (2, 7)
