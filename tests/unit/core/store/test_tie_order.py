"""The same documents are found in the same order, in whatever order they were read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.documents import Passage
from core.parsing.process.pool import ParserPool
from core.retrieval.retriever import Retriever
from core.store import tie_order
from core.store.database import Database
from tests.support.libraries import OpenLibrary, open_library

FILES = 90
WORDS = "apples pears plums quinces cherries".split()


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory, pool: ParserPool) -> Iterator[tuple[OpenLibrary, OpenLibrary]]:
    """Two of the same folder: one read it whole, one had the last files first and saw one of them grow."""
    root = tmp_path_factory.mktemp("orders")
    folder = root / "documents"
    folder.mkdir()
    with open_library(root / "grown", pool) as grown, open_library(root / "fresh", pool) as fresh:
        write(folder, FILES // 2, parts=1)
        grown.index(folder)
        for number in reversed(range(FILES)):
            write(folder, number, parts=1 + number % 3)
            if number % 30 == 0:
                grown.index(folder)
        fresh.index(folder)
        yield grown, fresh


def write(folder: Path, number: int, parts: int) -> None:
    word = WORDS[number % len(WORDS)]
    text = "\n\n".join(f"# Part {part}\n\nIn autumn {word} are kept in the cellar." for part in range(parts, 0, -1))
    (folder / f"{number:03}.md").write_text(text, encoding="utf-8")


def found(library: OpenLibrary, question: str) -> tuple[Passage, ...]:
    retriever = Retriever(library.database, library.vectors, lambda: None)
    result = retriever.search(question, limit=20, explain=True)
    return tuple(replace(passage, document_id=0) for passage in result.passages)


@pytest.mark.parametrize("few", [10, tie_order.FEW])
@pytest.mark.parametrize("question", ["cellar", "autumn", *WORDS[:2], "Plums", "part 2", "autumn cellar"])
def test_a_search_finds_the_same_whatever_was_read_first(
    libraries: tuple[OpenLibrary, OpenLibrary], monkeypatch: pytest.MonkeyPatch, question: str, few: int
) -> None:
    monkeypatch.setattr(tie_order, "FEW", few)
    grown, fresh = libraries
    assert found(fresh, question)
    assert repr(found(grown, question)) == repr(found(fresh, question))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Documents whose ids count down as their paths go up, each with three passages whose ids do so as well."""
    with Database(tmp_path / "library.db") as database:
        with database.write() as connection:
            connection.execute("INSERT INTO folders (id, path, added_s) VALUES (1, x'2f', 0)")
            for document in range(1, 21):
                connection.execute(
                    "INSERT INTO documents (id, folder_id, path, state, size_bytes, modified_ns, passage_count) "
                    "VALUES (?, 1, CAST(? AS BLOB), 'indexed', 1, 1, 3)",
                    (document, f"/{20 - document:02}"),
                )
                connection.executemany(
                    'INSERT INTO chunks (id, document_id, ordinal, start, "end", section, content_hash) '
                    "VALUES (?, ?, ?, 0, 1, '', x'00')",
                    ((3 * document + 2 - ordinal, document, ordinal) for ordinal in range(3)),
                )
        yield database


@pytest.mark.parametrize("few", [1, 25, 500])
@pytest.mark.parametrize("count", [1, 7, 60, 100])
def test_the_first_of_many_are_those_that_sorting_all_would_give(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int, few: int
) -> None:
    monkeypatch.setattr(tie_order, "FEW", few)
    ids = np.array([i for i in range(3, 63) if i % 4], np.int64)
    with database.read() as connection:
        by_place = [i for (i,) in connection.execute(
            "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id ORDER BY d.path, c.ordinal"
        )]  # fmt: skip
        chosen = tie_order.first(connection, ids, ids // 3, count)
    assert chosen == [i for i in by_place if i % 4][:count]


def test_scores_come_before_places_and_places_before_ids(database: Database) -> None:
    hits = [(5, 0.5), (4, 0.5), (3, 0.5), (62, 0.5), (30, 0.9), (31, 0.1)]
    with database.read() as connection:
        assert [i for i, _ in tie_order.best(connection, hits, 4)] == [30, 62, 5, 4]
        assert tie_order.best(connection, hits, 9)[-1] == (31, 0.1)
        assert tie_order.best(connection, [], 4) == []
