"""The tools of a turn on a real library: what they find is numbered, what they leave out is said, scopes hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chat.sources import SourceNumbering
from core.chat.tools.document_tools import MAX_TEXT_MATCHES, DocumentTools
from core.parsing.process.pool import ParserPool
from core.retrieval.phrase_search import PhraseSearch
from core.retrieval.retriever import Retriever
from core.store.documents.scopes import Scopes
from models.conversation import ToolCall
from tests.support.libraries import OpenLibrary, open_library

LEASE = "# Lease\n\nThe rent is 900 euros, due on the first.\n\nDogs are not allowed.\n"
RENEWED = "# Lease\n\nThe rent is 950 euros, due on the first.\n\nDogs are not allowed.\n\nSmoking is not allowed.\n"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLibrary]:
    folder = tmp_path_factory.mktemp("files")
    for name, text in (
        ("2021/lease.md", LEASE),
        ("2022/lease renewed.md", RENEWED),
        ("long.txt", "\n\n".join(f"Paragraph {n} names the  Red\nHarbour again." for n in range(40))),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with ParserPool(workers=1) as pool, open_library(tmp_path_factory.mktemp("data"), pool) as library:
        library.index(folder)
        yield library


class Caller:
    """Calls tools as a model does."""

    def __init__(self, opened: OpenLibrary, scope: frozenset[int] | None = None) -> None:
        self.book = SourceNumbering()
        retriever = Retriever(opened.database, opened.vectors, lambda: None)
        scopes, phrases = Scopes(opened.database), PhraseSearch(opened.database)
        self._tools = DocumentTools(opened.library, scopes, retriever, phrases, self.book, scope).toolbox()

    def call(self, tool: str, **arguments: object) -> str:
        return self._tools.run(ToolCall(f"functions.{tool}", json.dumps(arguments))).text


def ids(opened: OpenLibrary, name: str) -> frozenset[int]:
    return frozenset(document.id for document in opened.library.documents() if document.path.name == name)


def test_exact_words_are_found_across_line_breaks_and_counted(opened: OpenLibrary) -> None:
    caller = Caller(opened)
    found = caller.call("find_text", text="red harbour")
    assert found.startswith(f"40 places in 1 documents looked at; the first {MAX_TEXT_MATCHES}:")
    assert [source.number for source in caller.book.sources] == list(range(1, MAX_TEXT_MATCHES + 1))
    assert all("Red\nHarbour" in source.quote for source in caller.book.sources)
    assert caller.call("find_text", text="harbour red") == "These exact words were not found."
    assert "1 places" in caller.call("find_text", text="950")


def test_two_documents_are_compared_and_both_sides_can_be_cited(opened: OpenLibrary) -> None:
    caller = Caller(opened)
    found = caller.call("compare", old="lease.md", new="lease renewed.md")
    assert found.startswith("2 differences") and "changed: 900 → 950" in found
    assert [source.quote for source in caller.book.sources] == [
        "The rent is 900 euros, due on the first.", "The rent is 950 euros, due on the first.",
        "Smoking is not allowed.",
    ]  # fmt: skip
    assert "say the same" in caller.call("compare", old="lease.md", new="2021/lease.md")


def test_a_document_is_read_from_any_place_and_says_what_follows(opened: OpenLibrary) -> None:
    caller = Caller(opened)
    assert "more follow" in caller.call("read_document", name="long.txt", length=50)
    assert "Paragraph 39" in caller.call("read_document", name="long", start=1500)
    assert "has 0 pages" in caller.call("read_document", name="long.txt", page=2)
    assert "no document named" in caller.call("read_document", name="other.txt")
    assert "several documents match" in caller.call("read_document", name="eas")


def test_names_and_contents_outside_the_scope_do_not_exist(opened: OpenLibrary) -> None:
    caller = Caller(opened, ids(opened, "long.txt"))
    assert caller.call("list_documents") == "1 documents\nlong.txt"
    assert "no document named" in caller.call("read_document", name="lease.md")
    assert caller.call("find_text", text="Dogs") == "These exact words were not found."
    assert caller.call("search_documents", query="rent euros dogs") == "Nothing found."


def test_what_was_given_before_is_not_given_again(opened: OpenLibrary) -> None:
    caller = Caller(opened)
    caller.call("search_documents", query="rent of 900 euros", limit=1)
    assert "Already given: [1]" in caller.call("search_documents", query="rent of 900 euros", limit=1)


def test_nothing_is_looked_for_with_empty_words(opened: OpenLibrary) -> None:
    for tool, words in (("search_documents", {"query": " \n"}), ("find_text", {"text": ""})):
        caller = Caller(opened)
        assert caller.call(tool, **words).endswith("is empty") and not caller.book.sources


def test_of_enormous_paragraphs_the_beginnings_are_compared_and_only_what_is_shown_is_a_source(tmp_path: Path) -> None:
    endless = " ".join(f"word{n}" for n in range(20_000))
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "old.txt").write_text(endless, encoding="utf-8")
    (folder / "new.txt").write_text(endless.replace("word7", "term7") + "\n\nOne more.\n", encoding="utf-8")
    with ParserPool(workers=1) as pool, open_library(tmp_path / "data", pool) as library:
        library.index(folder)
        caller = Caller(library)
        told = caller.call("compare", old="old.txt", new="new.txt")
        assert "more characters" in told and len(told) < 6000 and "cut here" not in told
        assert 0 < len(caller.book.sources) <= 3 and max(len(source.quote) for source in caller.book.sources) <= 1500
        assert all(f"[{source.number}]" in told for source in caller.book.sources)
