"""The keyword index: ranked, weighted, limited to documents, in every script, without a trace of what was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store.database import Database
from core.store.keywords import index as keyword_index
from core.store.keywords.index import KeywordRow, any_of
from core.text.tokenizer import search_terms


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "library.db") as database:
        yield database


def add(database: Database, *texts: str) -> None:
    with database.write() as connection:
        keyword_index.add(connection, (KeywordRow(n, "", "", search_terms(text)) for n, text in enumerate(texts, 1)))


def find(database: Database, question: str, limit: int = 10) -> list[int]:
    with database.read() as connection:
        found = keyword_index.search(connection, any_of(search_terms(question).split()), limit)
    return [chunk_id for chunk_id, _ in found]


def test_the_rarer_word_decides(database: Database) -> None:
    add(database, "the engine and the wheel", "the wheel and the wheel", "the wheel of the carburettor", "wheel")
    assert find(database, "which wheel has a carburettor")[0] == 3


def test_scores_fall_and_the_limit_holds(database: Database) -> None:
    add(database, *(("storage " * n + "filler " * 20) for n in range(1, 12)))
    with database.read() as connection:
        found = keyword_index.search(connection, '"storag" OR "storage"', 5)
    scores = [score for _, score in found]
    assert len(found) == 5
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0


def test_columns_are_weighted(database: Database) -> None:
    with database.write() as connection:
        keyword_index.add(connection, [KeywordRow(1, "apple", "pear", "plum"), KeywordRow(2, "plum", "pear", "apple")])
    with database.read() as connection:
        context_first = keyword_index.search(connection, '"apple"', 2, weights=(10, 1, 1))
        body_first = keyword_index.search(connection, '"apple"', 2, weights=(1, 1, 10))
    assert [context_first[0][0], body_first[0][0]] == [1, 2]


def test_a_search_is_limited_to_documents(database: Database) -> None:
    add(database, "apple", "apple pear", "apple")
    with database.write() as connection:
        connection.execute("INSERT INTO folders (id, path, added_s) VALUES (1, x'2f', 0)")
        for document, chunk in ((1, 1), (2, 2), (2, 3)):
            connection.execute(
                "INSERT OR IGNORE INTO documents (id, folder_id, path, state, size_bytes, modified_ns) "
                "VALUES (?, 1, CAST(? AS BLOB), 'indexed', 0, 0)",
                (document, document),
            )
            connection.execute(
                'INSERT INTO chunks (id, document_id, ordinal, start, "end", section, content_hash) '
                "VALUES (?, ?, 0, 0, 0, '', x'')",
                (chunk, document),
            )
    with database.read() as connection:
        apple = any_of(search_terms("apple").split())
        assert {i for i, _ in keyword_index.search(connection, apple, 9, documents={2})} == {2, 3}
        assert keyword_index.search(connection, apple, 9, documents=set()) == []
        assert len(keyword_index.search(connection, apple, 9)) == 3


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("La déclaration a été déposée à Genève", "declaration Geneve"),
        ("データはどこに保存されますか", "保存"),
        ("数据存储在对象存储中", "对象存储"),
        ("ข้อมูลถูกเก็บไว้ที่ไหน", "ข้อมูล"),
        ("मिल्वस डेटा कहाँ संग्रहीत करता है", "डेटा"),
        ("أين تُخزَّن البيانات", "البيانات"),
        ("Где хранятся данные", "данные"),
        ("Call user_id and getUserName in v2.5.1", "user_id"),
        ("The C++ compiler", "c++ compiler"),
        ("Revenue was 1,874 million", "1874"),
    ],
)
def test_every_script_is_found(database: Database, text: str, question: str) -> None:
    add(database, "nothing of the kind 0", text)
    assert find(database, question) == [2]


def test_words_that_would_be_operators_are_words(database: Database) -> None:
    add(database, "near and far", "or not to be")
    assert find(database, 'NEAR "AND" (NOT)')
    assert find(database, '"') == []
    assert find(database, "") == []


def test_a_deleted_row_is_found_no_more_and_counts_no_more(database: Database) -> None:
    add(database, "apple", "apple pear", "plum")
    with database.write() as connection:
        keyword_index.remove(connection, [KeywordRow(2, "", "", search_terms("apple pear"))])
    assert find(database, "apple") == [1]
    assert find(database, "pear") == []
    with database.read() as connection:
        connection.execute("INSERT INTO keywords (keywords) VALUES ('integrity-check')")


def test_deleted_words_leave_the_disk_when_merged(tmp_path: Path, database: Database) -> None:
    row = KeywordRow(9999, "", "", "zanzibar4711")
    with database.write() as connection:
        keyword_index.add(connection, [row])
    add(database, *(f"word{n % 97} other{n % 89}" for n in range(3000)))
    database.checkpoint()
    assert b"zanzibar4711" in (tmp_path / "library.db").read_bytes()
    with database.write() as connection:
        keyword_index.remove(connection, [row])
    more = True
    while more:
        with database.write() as connection:
            more = keyword_index.merge_step(connection)
    database.checkpoint()
    assert b"anzibar4711" not in (tmp_path / "library.db").read_bytes()
    assert len(find(database, "word7", 100)) == 31
