"""What is known of postings is what the index holds, whatever happened to the library since."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store.database import Database
from core.store.documents.contents import ContentStore, FileStat, NewContent, rebuild_keywords
from core.store.documents.passage_changes import NewPassage
from core.store.keywords import index as keyword_index
from core.store.keywords import postings
from core.store.keywords.postings_cache import PostingsCache

TERMS = "melon pear plum fig".split()
COLUMNS = (postings.TEXT_COLUMN, postings.CONTEXT_COLUMN)
STAMP = FileStat(1, 1, 1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "library.db") as database:
        with database.write() as connection:
            connection.execute("INSERT INTO folders (id, path, added_s) VALUES (1, x'2f', 0)")
            connection.executemany(
                "INSERT INTO documents (id, folder_id, path, state, size_bytes, modified_ns) "
                "VALUES (?, 1, CAST(? AS BLOB), 'waiting', 1, 1)",
                ((document, f"/{document}") for document in range(1, 9)),
            )
        yield database


def put(database: Database, document: int, *passages: str, context: str = "pear") -> None:
    chunks: list[NewPassage] = []
    text = ""
    for passage in passages:
        chunks.append(NewPassage(len(text), len(text) + len(passage), None, "plum", passage.encode()))
        text += passage + "\n"
    ContentStore(database).put(document, NewContent(STAMP, text, "", context, "txt", tuple(chunks)))


def assert_true(database: Database, known: PostingsCache) -> None:
    """All that is told is what the index itself says, asked twice: kept or not."""
    with database.read() as connection:
        for reader in (known.read(connection), known.read(connection)):
            for term in TERMS:
                for column in COLUMNS:
                    expected = postings.passages_with(connection, term, column).tolist()
                    assert reader.count(term, column) == len(expected)
                    assert reader.passages_with(term, column).tolist() == expected
                    assert reader.count(term, column) == len(expected)


@pytest.mark.parametrize("most_bytes", [0, 100, 1 << 20])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_known_follows_the_library(database: Database, most_bytes: int, seed: int) -> None:
    chance = random.Random(seed)
    known = PostingsCache(most_bytes)
    assert_true(database, known)
    for _ in range(25):
        document = chance.randrange(1, 9)
        what = chance.randrange(5)
        if what == 0:
            ContentStore(database).skip(document, STAMP, "no reason")
        elif what == 1:
            ContentStore(database).move(document, 1, b"/%d" % chance.randrange(10**9), "", chance.choice(TERMS), STAMP)
        else:
            passages = {" ".join(chance.choices(TERMS, k=3)) for _ in range(chance.randrange(1, 6))}
            put(database, document, *sorted(passages), context=chance.choice(TERMS))
        assert_true(database, known)


def test_an_index_that_is_made_anew_is_read_anew(database: Database) -> None:
    known = PostingsCache()
    put(database, 1, "melon pear", "plum")
    put(database, 2, "melon")
    assert_true(database, known)
    with database.write() as connection:
        keyword_index.clear(connection)
    assert_true(database, known)
    for document in (1, 2):
        with database.write() as connection:
            rebuild_keywords(connection, document)
        assert_true(database, known)


def test_a_transaction_that_began_earlier_is_told_what_it_sees(database: Database) -> None:
    known = PostingsCache()
    put(database, 1, "melon pear")

    def later() -> None:
        put(database, 2, "melon")
        assert_true(database, known)

    with database.read() as connection:
        before = known.read(connection)
        thread = threading.Thread(target=later)
        thread.start()
        thread.join()
        assert before.count("melon") == 1
        assert len(before.passages_with("melon")) == 1
        assert_true(database, known)
    assert_true(database, known)
    with database.read() as connection:
        assert known.read(connection).count("melon") == 2


def test_only_new_passages_are_read_after_some_were_added(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    known = PostingsCache()
    put(database, 1, "melon pear", "melon")
    with database.read() as connection:
        known.read(connection).passages_with("melon")
    put(database, 2, "melon plum")
    asked: list[int] = []
    real = postings.passages_with

    def watched(*given: object, after: int = 0) -> object:
        asked.append(after)
        return real(*given, after=after)  # type: ignore[arg-type]  # what was given is passed on

    monkeypatch.setattr(postings, "passages_with", watched)
    with database.read() as connection:
        assert len(known.read(connection).passages_with("melon")) == 3
        assert len(known.read(connection).passages_with("melon")) == 3
    assert asked == [2]
