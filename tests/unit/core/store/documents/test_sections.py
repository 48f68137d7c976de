"""A document in full: its sections follow one another without a gap, and as many documents as there is room for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.chunking.chunker import cut_document
from core.parsing.process.pool import ParserPool
from core.store.documents.sections import SECTION_CHARS, Sections
from tests.support.libraries import OpenLibrary, open_library


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLibrary]:
    folder = tmp_path_factory.mktemp("files")
    text = "\n\n".join(f"## Part {n}\n\n" + "Some words of it. " * 40 for n in range(12))
    (folder / "a.md").write_text(f"\n\n{text}\n\n\n", encoding="utf-8")
    (folder / "b.txt").write_text("Short.\n", encoding="utf-8")
    (folder / "c.txt").write_text("", encoding="utf-8")
    with (
        ParserPool(workers=1, cutter=cut_document) as pool,
        open_library(tmp_path_factory.mktemp("data"), pool) as library,
    ):
        library.index(folder)
        yield library


def named(opened: OpenLibrary, name: str) -> int:
    return next(document.id for document in opened.library.documents() if document.path.name == name)


def test_sections_hold_all_of_a_document_in_order(opened: OpenLibrary) -> None:
    document_id = named(opened, "a.md")
    stored = opened.library.document_text(document_id)
    assert stored is not None
    sections = Sections(opened.database).of(document_id)
    assert "".join(section.text for section in sections) == stored.text
    assert all(section.text == stored.text[section.start : section.end] for section in sections)
    assert len(sections) > 2 and max(len(section.text) for section in sections) < SECTION_CHARS + 600
    assert [section.rank for section in sections] == list(range(1, len(sections) + 1))


def test_documents_follow_one_another_until_there_is_enough(opened: OpenLibrary) -> None:
    everything, left = Sections(opened.database).of_all(None, 10**9)
    assert left == 0 and list(dict.fromkeys(section.path.name for section in everything)) == ["a.md", "b.txt"]
    some, left = Sections(opened.database).of_all(None, 100)
    assert {section.path.name for section in some} == {"a.md"} and left >= 1
    assert Sections(opened.database).of(10**6) == ()
