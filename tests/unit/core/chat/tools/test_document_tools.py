"""A turn's tools on a real library: they number passages, say what they leave out and stay within the scope."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chat.sources import SourceNumbering
from core.chat.tools.document_tools import MAX_TEXT_MATCHES, DocumentAccess, DocumentTools
from core.chunking.chunker import cut_document
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
    with (
        ParserPool(workers=1, cutter=cut_document) as pool,
        open_library(tmp_path_factory.mktemp("data"), pool) as library,
    ):
        library.index(folder)
        yield library


class Caller:
    """Calls the tools like a model."""

    def __init__(self, opened: OpenLibrary, document_ids: frozenset[int] | None = None) -> None:
        self.numbering = SourceNumbering()
        retriever = Retriever(opened.database, opened.vectors, lambda: None)
        access = DocumentAccess(opened.library, Scopes(opened.database), retriever, PhraseSearch(opened.database))
        self._tools = DocumentTools(access, self.numbering, document_ids).toolbox()

    def call(self, tool: str, **arguments: object) -> str:
        return self._tools.run(ToolCall(f"functions.{tool}", json.dumps(arguments))).text


def ids(opened: OpenLibrary, name: str) -> frozenset[int]:
    return frozenset(document.id for document in opened.library.documents() if document.path.name == name)


def test_find_text_matches_across_line_breaks_and_counts_matches(opened: OpenLibrary) -> None:
    caller = Caller(opened)
    found = caller.call("find_text", text="red harbour")
    assert found.startswith(f"40 places in 1 documents looked at; the first {MAX_TEXT_MATCHES}:")
    assert [source.number for source in caller.numbering.sources] == list(range(1, MAX_TEXT_MATCHES + 1))
    assert all("Red\nHarbour" in source.quote for source in caller.numbering.sources)
    assert caller.call("find_text", text="harbour red") == "These exact words were not found."
    assert "1 places" in caller.call("find_text", text="950")


def test_compare_numbers_both_sides_of_a_difference(opened: OpenLibrary) -> None:
    caller = Caller(opened)
    found = caller.call("compare", old="lease.md", new="lease renewed.md")
    assert found.startswith("2 differences") and "changed: 900 → 950" in found
    assert [source.quote for source in caller.numbering.sources] == [
        "The rent is 900 euros, due on the first.", "The rent is 950 euros, due on the first.",
        "Smoking is not allowed.",
    ]  # fmt: skip
    assert "say the same" in caller.call("compare", old="lease.md", new="2021/lease.md")


def test_read_document_starts_anywhere_and_says_how_much_follows(opened: OpenLibrary) -> None:
    caller = Caller(opened)
    assert "more follow" in caller.call("read_document", name="long.txt", length=50)
    assert "Paragraph 39" in caller.call("read_document", name="long", start=1500)
    assert "has 0 pages" in caller.call("read_document", name="long.txt", page=2)
    assert "no document named" in caller.call("read_document", name="other.txt")
    assert "several documents match" in caller.call("read_document", name="eas")


def test_documents_outside_the_scope_are_invisible(opened: OpenLibrary) -> None:
    caller = Caller(opened, ids(opened, "long.txt"))
    assert caller.call("list_documents") == "1 documents\nlong.txt"
    assert "no document named" in caller.call("read_document", name="lease.md")
    assert caller.call("find_text", text="Dogs") == "These exact words were not found."
    assert caller.call("search_documents", query="rent euros dogs") == "Nothing found."


def test_a_passage_given_before_is_referred_to_by_its_number(opened: OpenLibrary) -> None:
    caller = Caller(opened)
    caller.call("search_documents", query="rent of 900 euros", limit=1)
    assert "Already given: [1]" in caller.call("search_documents", query="rent of 900 euros", limit=1)


def test_empty_arguments_are_refused(opened: OpenLibrary) -> None:
    for tool, words in (("search_documents", {"query": " \n"}), ("find_text", {"text": ""})):
        caller = Caller(opened)
        assert caller.call(tool, **words).endswith("is empty") and not caller.numbering.sources


def test_compare_cuts_enormous_paragraphs_and_numbers_only_what_it_shows(tmp_path: Path) -> None:
    endless = " ".join(f"word{n}" for n in range(20_000))
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "old.txt").write_text(endless, encoding="utf-8")
    (folder / "new.txt").write_text(endless.replace("word7", "term7") + "\n\nOne more.\n", encoding="utf-8")
    with ParserPool(workers=1, cutter=cut_document) as pool, open_library(tmp_path / "data", pool) as library:
        library.index(folder)
        caller = Caller(library)
        result = caller.call("compare", old="old.txt", new="new.txt")
        assert "more characters" in result and len(result) < 6000 and "cut here" not in result
        assert (
            0 < len(caller.numbering.sources) <= 3
            and max(len(source.quote) for source in caller.numbering.sources) <= 1500
        )
        assert all(f"[{source.number}]" in result for source in caller.numbering.sources)
