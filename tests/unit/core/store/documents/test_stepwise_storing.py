"""A long document is stored in short transactions: an interruption between any two loses and doubles nothing, and no
transaction grows with the document or with how often a passage is repeated."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

import numpy as np
import pytest

from core.jobs import Job
from core.library.throttle import Throttle
from core.library.upkeep import Upkeep
from core.store import key_values
from core.store.database import Database
from core.store.documents import contents as contents_module
from core.store.documents import passage_changes
from core.store.documents.contents import ContentStore, FileStat, NewContent
from core.store.documents.documents import Documents
from core.store.documents.folders import Folders
from core.store.documents.passage_changes import NewPassage
from core.store.keywords import index as keyword_index
from core.store.vectors.ledger import VectorLedger
from tests.support.libraries import content_of, keyword_rows


class Interrupted(Exception):
    """The program was ended."""


class CountingDatabase(Database):
    """Counts the rows that each transaction changes, and ends the program before the one numbered `end_before`."""

    rows: list[int]  # of each transaction
    end_before: int | None = None

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        if self.end_before is not None and len(self.rows) >= self.end_before:
            raise Interrupted
        with super().write(durable=durable) as connection:
            before = connection.total_changes
            yield connection
            self.rows.append(connection.total_changes - before)


@contextmanager
def library(path: Path) -> Iterator[tuple[CountingDatabase, ContentStore, int, int]]:
    """A database with one folder and a document in it: database, contents, folder id, document id."""
    database = CountingDatabase(path)
    database.rows = []
    with database:
        folder = Folders(database).add(Path("/documents"))
        Documents(database).add(folder.folder_id, [(b"/documents/a.txt", 10, 20)])
        (document_id,) = Documents(database).of_folder(folder.folder_id)
        database.rows = []
        yield database, ContentStore(database), folder.folder_id, document_id


def reading(words: list[str], context: str = "name") -> NewContent:
    text = "\n".join(words)
    passages, at = [], 0
    for word in words:
        passages.append(NewPassage(at, at + len(word), None, "Part", word.encode()))
        at += len(word) + 1
    return NewContent(FileStat(10, 20, 30, context.encode()), text, "title", context, "text", tuple(passages))


FIRST = [f"passage {n}" for n in range(20)]
SECOND = ["added at the top", *FIRST[3:9], "passage 3", *FIRST[11:], *(f"new {n}" for n in range(8))]
CHANGES: dict[str, Callable[[ContentStore, int, int], object]] = {
    "new text": lambda contents, document, folder: contents.put(document, reading(SECOND)),
    "new text and context": lambda contents, document, folder: contents.put(document, reading(SECOND, "other name")),
    "shorter": lambda contents, document, folder: contents.put(document, reading(FIRST[:2], "short")),
    "moved": lambda contents, document, folder: contents.move(
        document, folder, b"/documents/b.txt", "b", "another", FileStat(10, 20, 30, b"h")
    ),
    "skipped": lambda contents, document, folder: contents.skip(document, FileStat(1, 2, 3, b"x"), "It is encrypted."),
    "deleted": lambda contents, document, folder: contents.delete(document, folder),
}


@pytest.mark.parametrize(
    ("change", "then"),
    [(change, change) for change in CHANGES]
    + [(change, "new text and context") for change in ("new text", "shorter", "skipped")],
)
def test_an_interrupted_change_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, then: str
) -> None:
    """Ended before each of its transactions in turn, then repeated or followed by another change, the library is what
    it would be without the interruption."""
    monkeypatch.setattr(passage_changes, "STEP_PASSAGES", 3)
    monkeypatch.setattr(contents_module, "STEP_PASSAGES", 3)
    with library(tmp_path / "plain.db") as (database, contents, folder, document):
        contents.put(document, reading(FIRST))
        database.rows = []
        CHANGES[change](contents, document, folder)
        transactions = len(database.rows)
        if then != change:
            CHANGES[then](contents, document, folder)
        expected = content_of(database), keyword_rows(database)
    assert transactions > 3
    for end in range(transactions):
        with library(tmp_path / f"{end}.db") as (database, contents, folder, document):
            contents.put(document, reading(FIRST))
            database.rows, database.end_before = [], end
            with pytest.raises(Interrupted):
                CHANGES[change](contents, document, folder)
            database.end_before = None
            _assert_consistent(database, document)
            CHANGES[then](contents, document, folder)
            assert (content_of(database), keyword_rows(database)) == expected, end


def _assert_consistent(database: CountingDatabase, document: int) -> None:
    """Every keyword row belongs to a passage, and deleting it again leaves an empty, intact index."""
    with database.read() as connection:
        indexed = {row[0] for row in connection.execute("SELECT rowid FROM keywords")}
        stored = {row[0] for row in connection.execute("SELECT id FROM chunks WHERE document_id = ?", (document,))}
    assert indexed == stored
    with database.write() as connection:
        connection.execute("INSERT INTO keywords (keywords) VALUES ('integrity-check')")


def test_transactions_do_not_grow_with_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage_changes, "STEP_PASSAGES", 50)
    monkeypatch.setattr(contents_module, "STEP_PASSAGES", 50)
    longest = []
    for number in (400, 1600):
        with library(tmp_path / f"{number}.db") as (database, contents, folder, document):
            contents.put(document, reading([f"word{n} here" for n in range(number)]))
            contents.put(document, reading([f"word{n} there" for n in range(number)], "other"))
            contents.delete(document, folder)
            longest.append(max(database.rows))
    assert longest[1] < 2 * longest[0], longest  # the index itself writes a little more when it has more


@pytest.mark.parametrize("embedded", [False, True])
def test_repeated_passages_cost_no_more_than_different_ones(tmp_path: Path, embedded: bool) -> None:
    """Counted in instructions of SQLite's virtual machine: twice the passages cost about twice as many."""
    counts = []
    for number in (1000, 2000):
        with library(tmp_path / f"{number}.db") as (database, contents, _, document):
            ledger = VectorLedger(database)
            embedder = ledger.embedder("f", 4)
            if embedded:
                contents.put(document, reading(["7777"] * number))
                ids = [row[0] for row in _ids(database)]
                ledger.store(embedder, ids, np.ones((number, 4), np.float32), ids[-1])
                Documents(database).add(1, [(b"/documents/b.txt", 10, 20)])
                document = max(Documents(database).of_folder(1))
            steps = 0

            def count() -> int:
                nonlocal steps
                steps += 1
                return 0

            with database.read() as connection:
                connection.set_progress_handler(count, 1000)
            contents.put(document, reading(["7777"] * number))
            for _ in range(number // 50):
                ledger.of_contents(embedder, [b"7777"] * 50)
            counts.append(steps)
            with database.read() as connection:
                connection.set_progress_handler(None, 0)
    assert counts[1] < 3 * counts[0], counts


def _ids(database: Database) -> list[tuple[int]]:
    with database.read() as connection:
        return connection.execute("SELECT id FROM chunks ORDER BY id").fetchall()


def test_a_refill_of_keywords_ended_within_a_document_is_continued_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.library.upkeep.STEP_PASSAGES", 7)
    with library(tmp_path / "a.db") as (database, contents, folder, document):
        Documents(database).add(folder, [(b"/documents/b.txt", 10, 20)])
        for one in Documents(database).of_folder(folder):
            contents.put(one, reading(FIRST))
        expected = keyword_rows(database)
        upkeep = Upkeep(database, Throttle())
        with database.write() as connection:
            keyword_index.clear(connection)
            key_values.put_value(connection, keyword_index.RENEWED_KEY, "0")
            key_values.put_value(connection, "keywords_version", keyword_index.VERSION)
        database.end_before = len(database.rows) + 2
        with pytest.raises(Interrupted):
            upkeep.refill_keywords(Job())
        database.end_before = None
        assert 0 < len(keyword_rows(database)) < len(expected)
        upkeep.clear_outdated_keywords()  # as every start does, before anything may change the document
        contents.put(document, reading(SECOND))
        contents.put(document, reading(FIRST))
        upkeep.refill_keywords(Job())
        assert keyword_rows(database) == expected
        with database.write() as connection:
            connection.execute("INSERT INTO keywords (keywords) VALUES ('integrity-check')")


def test_a_waiting_writer_comes_before_the_next_step(tmp_path: Path) -> None:
    """Python's own lock would be taken again by the thread that has just let go of it."""
    import threading

    with Database(tmp_path / "a.db") as database:
        order: list[str] = []
        begun, asked = threading.Event(), threading.Event()

        def other() -> None:
            begun.wait()
            asked.set()
            with database.write():
                order.append("other")

        thread = threading.Thread(target=other)
        thread.start()
        with database.write():
            begun.set()
            asked.wait()
            while not database._writer._waiting:  # it is now waiting for its turn
                os.sched_yield() if hasattr(os, "sched_yield") else None
        with database.write():
            order.append("same")
        thread.join()
    assert order == ["other", "same"]
