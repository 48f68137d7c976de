"""The heading that a citation names is the one its words stand under, in passages joined from several sections too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.chat.sources import SourceNumbering
from core.chat.tools.document_tools import DocumentAccess, DocumentTools
from core.chunking.chunker import chunk_document, cut_document
from core.citations.checker import quoted
from core.cli.output import location_text
from core.domain.documents import Passage, Support
from core.domain.heading_paths import headings_within, section_over
from core.parsing.process.pool import ParserPool
from core.parsing.registry import parse_file
from core.retrieval.phrase_search import PhraseSearch
from core.retrieval.retriever import Retriever
from core.store.conversations.message_json import citations_of, citations_to_json
from core.store.documents.scopes import Scopes
from core.store.documents.sections import Sections
from core.survey.export import to_csv, to_markdown
from core.survey.prompts import citation_at
from core.survey.values import Finding, RowState, Survey, SurveyRow
from tests.support.documents import W, word_paragraph, write_docx
from tests.support.libraries import OpenLibrary, open_library

PARTS = (
    (1, "House rules", "What holds for everyone who lives here."),
    (2, "Pets", "The tapir pays for the lift."),
    (2, "Music", "The okapi plays until ten."),
    (3, "Drums", "Only the gibbon drums."),
    (1, "Garden", "The wombat mows in May."),
)
STYLES = (
    f"<w:styles {W}>"
    + "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{n}"><w:name w:val="heading {n}"/></w:style>' for n in (1, 2, 3)
    )
    + "</w:styles>"
)
UNDER = {
    "tapir": "House rules › Pets",
    "okapi": "House rules › Music",
    "gibbon": "House rules › Music › Drums",
    "wombat": "Garden",
}
LONG = "".join(f"## Part {n}\n\n" + f"The heron {n} counts its eggs beside the river. " * 8 + "\n\n" for n in range(4))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLibrary]:
    place = tmp_path_factory.mktemp("headings")
    folder = place / "documents"
    folder.mkdir()
    text = "".join(f"{'#' * level} {name}\n\n{body}\n\n" for level, name, body in PARTS)
    (folder / "rules.md").write_text(text, encoding="utf-8")
    (folder / "herons.md").write_text(f"# Herons\n\n{LONG}", encoding="utf-8")
    written = (word_paragraph(name, f"Heading{level}") + word_paragraph(body) for level, name, body in PARTS)
    write_docx(folder / "rules.docx", "".join(written), styles=STYLES)
    with ParserPool(workers=1, cutter=cut_document) as pool, open_library(place, pool) as library:
        assert not library.index(folder).skipped
        yield library


def of_words(passage: Passage, words: str) -> str:
    """What is said of the section of `words` in it, as of a quotation in an answer that was stored."""
    ((source,), at) = SourceNumbering().add([passage])[1], passage.text.index(words)
    (source,) = citations_of(json.loads(json.dumps(citations_to_json([source]))))
    return quoted(source, at, at + len(words), Support.SUPPORTED).section


@pytest.mark.parametrize("name", ["rules.md", "rules.docx"])
def test_a_passage_joined_from_short_sections_names_the_one_that_is_cited(opened: OpenLibrary, name: str) -> None:
    own = frozenset(one.id for one in opened.library.documents() if one.path.name == name)
    retriever = Retriever(opened.database, opened.vectors, lambda: None)
    (passage,) = retriever.search("tapir wombat okapi gibbon", documents=own).passages
    assert {words: of_words(passage, words) for words in UNDER} == UNDER


def test_a_stretch_grown_over_its_neighbours_does_too(opened: OpenLibrary) -> None:
    found = Retriever(opened.database, opened.vectors, lambda: None).search("Which heron counts its eggs?", limit=1)
    (passage,) = found.passages
    own = [n for n in range(4) if f"heron {n}" in passage.text]
    assert len(own) > 1
    assert [of_words(passage, f"heron {n}") for n in own] == [f"Herons › Part {n}" for n in own]


@pytest.mark.parametrize("name", ["rules.md", "rules.docx"])
def test_so_does_a_document_in_full_and_what_a_tool_or_a_survey_read(opened: OpenLibrary, name: str) -> None:
    (document,) = [one for one in opened.library.documents() if one.path.name == name]
    (section,) = Sections(opened.database).of(document.id)
    assert {words: of_words(section, words) for words in UNDER} == UNDER
    numbering = SourceNumbering()
    retriever = Retriever(opened.database, opened.vectors, lambda: None)
    access = DocumentAccess(opened.library, Scopes(opened.database), retriever, PhraseSearch(opened.database))
    DocumentTools(access, numbering).read_document(name)
    (read,) = numbering.sources
    at = read.quote.index("gibbon")
    assert quoted(read, at, at + 6, Support.SUPPORTED).section == UNDER["gibbon"]
    (exact,) = PhraseSearch(opened.database).find("okapi", frozenset({document.id})).passages
    assert exact.section == UNDER["okapi"]
    stored = opened.library.document_text(document.id)
    assert stored is not None
    at = stored.text.index("wombat")
    finding = citation_at(stored, at, at + 6, Support.SUPPORTED)
    assert finding.section == "Garden" and location_text(finding).endswith("(Garden)")
    assert citation_at(stored, at, at, Support.NOT_FOUND, "not there").section == ""


def test_the_table_of_a_survey_tells_the_heading(opened: OpenLibrary) -> None:
    (document,) = [one for one in opened.library.documents() if one.path.name == "rules.docx"]
    stored = opened.library.document_text(document.id)
    assert stored is not None
    at = stored.text.index("gibbon")
    finding = Finding("It drums.", citation_at(stored, at, at + 6, Support.SUPPORTED))
    row = SurveyRow(document.id, document.path, RowState.READ, findings=(finding,))
    survey = Survey(1, "Who drums?", 0.0, "", (row,))
    assert "| rules.docx, House rules › Music › Drums |" in to_markdown(survey)
    assert to_csv(survey).splitlines()[1].endswith("House rules › Music › Drums")


def test_a_document_that_was_read_before_names_the_heading_of_its_passage(opened: OpenLibrary) -> None:
    (document,) = [one for one in opened.library.documents() if one.path.name == "rules.md"]
    (section,) = Sections(opened.database).of(document.id)
    old = replace(section, location=replace(section.location, headings=()))
    assert of_words(old, "gibbon") == section.section


def test_passages_are_cut_and_called_as_before_and_only_mixed_ones_have_headings_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("# One\n\n## Two\n\n" + "Words of it stand here. " * 40, encoding="utf-8")
    assert [(piece.section, piece.headings) for piece in chunk_document(parse_file(tmp_path / "one.md"))] == [
        ("One › Two", ()),
        ("One › Two", ()),
    ]


def test_headings_that_hold_within_a_stretch() -> None:
    headings = [(10, "A"), (20, "A › B"), (30, "A › B"), (40, "C")]
    assert headings_within(headings, 12, 20) == ((12, "A"),)
    assert headings_within(headings, 0, 41) == ((10, "A"), (20, "A › B"), (40, "C"))
    assert headings_within(headings, 90, 91) == ((90, "C"),)
    assert headings_within((), 0, 9) == ()
    assert section_over(headings, 15, 25) == "A"
    assert section_over(headings, 15, 40) == "A › B"
    assert section_over([(0, "A › B"), (10, "A › C"), (20, "A › D")], 0, 30) == "A"
    assert section_over((), 0, 9) == ""
