"""Mentions of documents: read in questions, suggested while they are typed, and scopes of paths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chat.mentions import read_mentions
from core.chunking.chunker import cut_document
from core.domain.conversation import Scope
from core.parsing.process.pool import ParserPool
from core.store.documents.scopes import Scopes
from tests.support.libraries import OpenLibrary, open_library

KNOWN = {"lease.pdf": (1,), "annual report.pdf": (2,), "2022/report.pdf": (3,)}


def find(name: str) -> tuple[int, ...]:
    return KNOWN.get(name.casefold(), ())


@pytest.mark.parametrize(
    ("question", "asked", "documents", "unknown"),
    [
        ("What does @lease.pdf say?", "What does lease.pdf say?", {1}, ()),
        ("What is in @Lease.pdf?", "What is in Lease.pdf?", {1}, ()),
        ('Compare @"annual report.pdf" with @lease.pdf.', "Compare annual report.pdf with lease.pdf.", {1, 2}, ()),
        ("See (@2022/report.pdf), please", "See (2022/report.pdf), please", {3}, ()),
        ("What does @annual report.pdf say?", "What does annual report.pdf say?", {2}, ()),
        ("Is @Annual Report.pdf, or @lease.pdf?", "Is Annual Report.pdf, or lease.pdf?", {1, 2}, ()),
        ("Who is @nobody of lease.pdf?", "Who is @nobody of lease.pdf?", set(), ("nobody",)),
        ("Who is @nobody?", "Who is @nobody?", set(), ("nobody",)),
        ("Write to anna@lease.pdf", "Write to anna@lease.pdf", set(), ()),
        ("An @ alone", "An @ alone", set(), ()),
    ],
)
def test_mentions_are_read(question: str, asked: str, documents: set[int], unknown: tuple[str, ...]) -> None:
    found = read_mentions(question, find)
    assert (found.question, set(found.document_ids), found.unknown_names) == (asked, documents, unknown)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLibrary]:
    folder = tmp_path_factory.mktemp("files")
    for name in ("lease.txt", "2021/annual report.txt", "2022/annual report.txt", "notes/other lease.txt", "empty.txt"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("" if name == "empty.txt" else f"Words of {name}.\n", encoding="utf-8")
    with (
        ParserPool(workers=1, cutter=cut_document) as pool,
        open_library(tmp_path_factory.mktemp("data"), pool) as library,
    ):
        library.index(folder)
        yield library


def scopes(opened: OpenLibrary) -> Scopes:
    return Scopes(opened.database)


def paths(opened: OpenLibrary) -> dict[int, Path]:
    return {document.id: document.path for document in opened.library.documents()}


def test_documents_are_suggested_for_what_is_typed(opened: OpenLibrary) -> None:
    suggested = scopes(opened).suggest("lea")
    assert [one.name for one in suggested] == ["lease.txt", "other lease.txt"], "names that begin with it come first"
    assert [one.mention for one in suggested] == ["@lease.txt", '@"other lease.txt"']


def test_suggestions_for_documents_of_one_name_include_the_folder(opened: OpenLibrary) -> None:
    suggested = scopes(opened).suggest('"annual')
    assert {one.mention for one in suggested} == {'@"2021/annual report.txt"', '@"2022/annual report.txt"'}
    for one in suggested:
        assert read_mentions(one.mention, scopes(opened).documents_named).document_ids == {one.document_id}
    assert len(scopes(opened).documents_named("annual report.txt")) == 2, "the bare name means both"
    assert len(scopes(opened).documents_named("LEASE")) == 1, "a name without its extension"


@pytest.mark.skipif(os.name == "nt", reason="names with quotes")
def test_every_suggested_mention_can_be_read(tmp_path: Path) -> None:
    names = [
        "a/x/lease.txt",
        "b/x/lease.txt",
        "me@home.txt",
        'we"ird.txt',
        "re\u0301sume\u0301.txt",
        "(1).txt",
        "عقد.txt",
    ]
    for name in names:
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Words of {name}.\n", encoding="utf-8")
    with ParserPool(workers=1, cutter=cut_document) as pool, open_library(tmp_path, pool) as opened:
        opened.index(tmp_path / "files")
        for document in opened.library.documents():
            suggested = [one for one in scopes(opened).suggest(document.path.name) if one.document_id == document.id]
            assert len(suggested) == 1
            assert read_mentions(f"And {suggested[0].mention}?", scopes(opened).documents_named).document_ids == {
                document.id
            }
        assert scopes(opened).documents_named("R\u00e9sum\u00e9.txt"), "composed and decomposed accents are equal"
        assert [one.name for one in scopes(opened).suggest("r\u00e9s")] == ["re\u0301sume\u0301.txt"]


def test_a_scope_selects_what_is_below_its_paths_now(opened: OpenLibrary) -> None:
    (folder,) = opened.library.folders()
    chosen = scopes(opened).select(Scope((folder.path / "2022", folder.path / "lease.txt")))
    assert {paths(opened)[i].name for i in chosen.documents or ()} == {"annual report.txt", "lease.txt"}
    assert (chosen.indexed, chosen.unread) == (2, 0)
    assert scopes(opened).select(Scope()).documents is None
    assert scopes(opened).select(Scope((folder.path / "202",))).indexed == 0, "a path is not a prefix of names"
    assert [path.name for _, path, _ in scopes(opened).documents(Scope((folder.path / "2021",)))] == [
        "annual report.txt"
    ]
