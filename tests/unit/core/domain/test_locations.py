"""Where a passage stands, told in the words of its format: real files of each kind, read, stored, found and cited."""

from __future__ import annotations

import json
import mailbox
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment

from core.chat.prompt import passage_text
from core.chat.sources import SourceNumbering
from core.chat.tools.document_tools import DocumentAccess, DocumentTools
from core.chunking.chunker import cut_document
from core.citations.checker import quoted
from core.cli.output import location_text
from core.domain.documents import Location, Passage, Support
from core.domain.locations import (
    location_after,
    location_words,
    locations_of,
    page_name,
    partly_read_words,
    read_words,
    section_words,
)
from core.library.upkeep import READ_AS_KEY
from core.parsing.process.pool import ParserPool
from core.retrieval.phrase_search import PhraseSearch
from core.retrieval.retriever import Retriever
from core.store.conversations.message_json import citations_of, citations_to_json
from core.store.documents import locations as stored_spots
from core.store.documents.scopes import Scopes
from core.store.documents.sections import Sections
from core.survey.prompts import citation_at
from tests.support.documents import Words, write_odf, write_pdf, write_pptx
from tests.support.libraries import OpenLibrary, open_library

FILLER = "Nothing of interest is written here.\n\n" * 40
CODE = (
    "import sys\n\n\ndef unrelated():\n    return 1\n\n\ndef quorum(votes):\n    total = sum(votes)\n    return total\n"
)


def write_book(path: Path) -> Path:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Staff"
    first.append(["Name", "Town"])
    first["A1"].comment = Comment("Remember the heliotrope people", "me")
    prices = book.create_sheet("Prices 2024")
    for row in (["Fruit", "Euros"], ["quince", 3], ["medlar", 4]):
        prices.append(row)
    book.save(path)
    return path


def write_mailbox(path: Path) -> Path:
    box = mailbox.mbox(path)
    for words in ("We meet at noon.", "The ferryboat leaves at nine."):
        box.add(f"From: a@example.org\nSubject: Plans\n\n{words}\n".encode())
    box.flush()
    box.close()
    return path


def write_all(folder: Path) -> None:
    write_pdf(folder / "lease.pdf", [[Words("Nothing.")], [Words("The landlord keeps the chimney.")]])
    write_pptx(folder / "talk.pptx", [("Start", ["Hello"]), ("Middle", ["Then"]), ("Albatross", ["Numbers rise"])])
    page = '<draw:page draw:name="page{}"><draw:frame><text:p>{}</text:p></draw:frame></draw:page>'
    write_odf(folder / "talk.odp", page.format(1, "Hello") + page.format(2, "A pangolin appears"), "presentation")
    cells = "<table:table-row>" + "<table:table-cell><text:p>{}</text:p></table:table-cell>" * 2 + "</table:table-row>"
    table = '<table:table table:name="{}">' + cells + "</table:table>"
    sheets = table.format("Plan", "a", "b") + table.format("Costs", "narwhal", "9")
    write_odf(folder / "costs.ods", sheets, "spreadsheet")
    write_book(folder / "prices.xlsx")
    write_mailbox(folder / "mail.mbox")
    (folder / "notes.txt").write_text(FILLER + "The walrus signed.\nOn a Tuesday.\n\n" + FILLER, encoding="utf-8")
    (folder / "windows.log").write_bytes(b"started\r\nwaiting\r\n\r\nthe axolotl stopped\r\nended\r\n")
    (folder / "wide.md").write_text("# Title\n\nText\n\n## Rent\n\nThe tapir pays.\n", encoding="utf-16")
    (folder / "vote.py").write_text(CODE, encoding="utf-8")
    (folder / "data.csv").write_text('id,name\n1,"two\nlines"\n\n3,okapi\n', encoding="utf-8")
    (folder / "pretty.json").write_text(json.dumps({"a": 1, "animal": "ocelot"}, indent=2), encoding="utf-8")
    (folder / "escaped.json").write_text('{"a": 1,\n\n\n"animal": "kinkajou \\u00e9"}', encoding="utf-8")
    records = ['{"text": "one\\u2028two"}', '{"text": "caracal"}']
    (folder / "records.jsonl").write_text("\n".join(records), encoding="utf-8")
    (folder / "film.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nA manatee!\n", encoding="utf-8")


PLACES = {
    "chimney": ("lease.pdf", "page 2"),
    "albatross": ("talk.pptx", "slide 3"),
    "pangolin": ("talk.odp", "slide 2"),
    "narwhal": ("costs.ods", "sheet Costs, A1"),
    "quince": ("prices.xlsx", "sheet Prices 2024, A2"),
    "heliotrope": ("prices.xlsx", ""),
    "ferryboat": ("mail.mbox", "message 2"),
    "kinkajou": ("escaped.json", ""),
    "manatee": ("film.srt", ""),
}
LINES = {
    "walrus": ("notes.txt", 81),
    "axolotl": ("windows.log", 4),
    "tapir": ("wide.md", 7),
    "quorum": ("vote.py", 8),
    "okapi": ("data.csv", 5),
    "ocelot": ("pretty.json", 3),
    "caracal": ("records.jsonl", 2),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLibrary]:
    """A library of all these files."""
    place = tmp_path_factory.mktemp("spots")
    folder = place / "documents"
    folder.mkdir()
    write_all(folder)
    with ParserPool(cutter=cut_document) as pool, open_library(place, pool) as library:
        report = library.index(folder)
        assert not report.skipped
        yield library


def retriever(opened: OpenLibrary) -> Retriever:
    return Retriever(opened.database, opened.vectors, lambda: None)


def narrowed(passage: Passage, words: str) -> str:
    """What is said of the place of `words` in it, as of a quotation in an answer."""
    ((source,), at) = SourceNumbering().add([passage])[1], passage.text.casefold().index(words)
    return location_words(quoted(source, at, at + len(words), Support.SUPPORTED))


@pytest.mark.parametrize("words", PLACES)
def test_a_search_tells_the_place_in_the_words_of_the_format(opened: OpenLibrary, words: str) -> None:
    passage = retriever(opened).search(words, limit=1).passages[0]
    assert (passage.path.name, narrowed(passage, words)) == PLACES[words]


@pytest.mark.parametrize("words", LINES)
def test_a_quotation_is_on_the_line_that_an_editor_shows(opened: OpenLibrary, words: str) -> None:
    name, line = LINES[words]
    passage = retriever(opened).search(words, limit=1).passages[0]
    assert (passage.path.name, narrowed(passage, words)) == (name, f"line {line}")
    assert (
        words
        in passage.path.read_bytes().decode("utf-16" if name == "wide.md" else "utf-8").split("\n")[line - 1].casefold()
    )


def test_a_passage_is_on_all_the_lines_between_its_first_and_last_words(opened: OpenLibrary) -> None:
    passage = retriever(opened).search("quorum", limit=1).passages[0]
    first = CODE[: passage.start].count("\n") + 1 + passage.text[: -len(passage.text.lstrip())].count("\n")
    assert location_words(passage) == f"lines {first}–10"


def test_sections_and_exact_words_tell_it_too(opened: OpenLibrary) -> None:
    database = opened.database
    (place,) = PhraseSearch(database).find("The walrus signed").passages
    assert narrowed(place, "walrus") == "line 81"
    sections = Sections(database).of(place.document_id)
    assert len(sections) > 1
    text = "".join(section.text for section in sections)
    for section in sections:
        before = text[: section.start].count("\n") + section.text[: -len(section.text.lstrip())].count("\n")
        assert section.location.line is not None
        assert location_words(section).removeprefix("lines ").startswith(f"{before + 1}–")
    (slide,) = PhraseSearch(database).find("Numbers rise").passages
    assert location_words(slide) == "slide 3"


def test_what_the_model_reads_of_a_document_says_where_it_is(opened: OpenLibrary) -> None:
    database = opened.database
    access = DocumentAccess(opened.library, Scopes(database), retriever(opened), PhraseSearch(database))
    tools = DocumentTools(access, SourceNumbering())
    assert "] talk.pptx | Start | slide 3 | Albatross\n" in tools.read_document("talk.pptx", page=3)
    assert "] talk.pptx | Start | slides 2–3 | Albatross\n" in tools.read_document("talk.pptx", page=2)
    assert "] vote.py | lines 8–10 | def quorum\n" in tools.read_document("vote.py", CODE.index("def quorum"))


def test_a_passage_of_several_small_pages_says_so(opened: OpenLibrary) -> None:
    told = {words: retriever(opened).search(words, limit=1).passages[0] for words in PLACES}
    assert location_words(told["chimney"]) == "pages 1–2"
    assert location_words(told["chimney"], recognised=True) == "pages 1–2, read by OCR"
    assert location_words(told["albatross"]) == "slides 1–3"
    assert location_words(told["quince"]) == "sheets Staff, Prices 2024"
    assert location_words(told["ferryboat"]) == "messages 1–2"


def test_the_sheet_is_named_once(opened: OpenLibrary) -> None:
    passage = retriever(opened).search("quince", limit=1).passages[0]
    assert (passage.section, section_words(passage)) == ("Prices 2024", "")
    _, (source,) = SourceNumbering().add([passage])
    assert passage_text(source, "prices.xlsx").startswith("[1] prices.xlsx | Staff | sheets Staff, Prices 2024\nStaff")


def test_the_cells_of_a_long_sheet_are_told_everywhere(opened: OpenLibrary, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Costs"
    for number in range(1, 2000):
        sheet.append([f"item {number}", "words without any meaning", number])
    sheet["B1234"] = "a capybara"
    book.save(tmp_path / "costs.xlsx")
    opened.index(tmp_path / "costs.xlsx")
    passage = retriever(opened).search("capybara", limit=1, max_chars=900).passages[0]
    rows = re.findall(r"item (\d+)\t", passage.text)
    told = f"sheet Costs, A{rows[0]}:C{rows[-1]}"
    assert len(rows) > 3 and location_words(passage) == told
    assert narrowed(passage, "capybara") == "sheet Costs, B1234"
    _, (source,) = SourceNumbering().add([passage])
    assert citations_of(json.loads(json.dumps(citations_to_json([source])))) == (source,)
    assert f" | {told}\n" in passage_text(source, "costs.xlsx")
    (place,) = PhraseSearch(opened.database).find("a capybara").passages
    assert narrowed(place, "capybara") == "sheet Costs, B1234"
    document = opened.library.document_text(passage.document_id)
    assert document is not None
    at = document.text.index("capybara")
    assert location_words(citation_at(document, at, at + 8, Support.SUPPORTED)) == "sheet Costs, B1234"


def test_a_finding_of_a_survey_tells_its_place(opened: OpenLibrary) -> None:
    for words, (name, line) in LINES.items():
        passage = retriever(opened).search(words, limit=1).passages[0]
        document = opened.library.document_text(passage.document_id)
        assert document is not None and document.document.path.name == name
        at = document.text.casefold().index(words)
        assert location_words(citation_at(document, at, at + len(words), Support.SUPPORTED)) == f"line {line}"
        assert location_words(citation_at(document, at, at, Support.NOT_FOUND, "not there")) == ""


def test_pages_are_named_as_they_are_scrolled_through(opened: OpenLibrary) -> None:
    def names(words: str) -> list[str]:
        document = opened.library.document_text(retriever(opened).search(words, limit=1).passages[0].document_id)
        assert document is not None
        return [page_name(document, page, of_all=True) for page in range(len(document.pages))]

    assert names("chimney") == ["page 1 of 2", "page 2 of 2"]
    assert names("albatross") == ["slide 1 of 3", "slide 2 of 3", "slide 3 of 3"]
    assert names("quince") == ["sheet Staff", "sheet Prices 2024", ""]
    assert names("ferryboat") == ["message 1 of 2", "message 2 of 2"]


def test_it_is_kept_with_the_answer_and_old_answers_have_none(opened: OpenLibrary) -> None:
    passage = retriever(opened).search("walrus", limit=1).passages[0]
    _, (source,) = SourceNumbering().add([passage])
    stored = citations_to_json([source])
    assert citations_of(json.loads(json.dumps(stored))) == (source,)
    del stored[0]["spot"]
    assert location_words(citations_of(stored)[0]) == ""


def test_lines_are_counted_across_the_pieces_in_which_a_text_is_stored(
    tmp_path: Path, opened: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "long.txt").write_text("A line of nothing.\n" * 20_000 + "\nThe wombat waits.\n", encoding="utf-8")
    opened.index(folder)
    passage = retriever(opened).search("wombat", limit=1).passages[0]
    assert narrowed(passage, "wombat") == "line 20002"
    monkeypatch.setattr(stored_spots, "COUNTED_CHARS", 1000)
    assert location_words(retriever(opened).search("wombat", limit=1).passages[0]) == ""


@pytest.mark.parametrize(
    ("format", "text", "line"),
    [
        ("text", "a\nb\nX", 3),
        ("text", "a\r\nb\r\nX", 3),
        ("text", "a\rb\nX", None),  # programs disagree
        ("text", "a\nX b\rc", 2),
        ("json", '{\n "X": 1\n}', None),  # as it is laid out anew
        ("json", '{\n  "X": 1\n}', 2),
        ("json", '"X"', None),
        ("html", "a\nX", None),
    ],
)
def test_no_line_is_told_that_another_program_may_number_otherwise(format: str, text: str, line: int | None) -> None:
    (spot,) = locations_of(format, (), (), text, [(text.index("X"), len(text))])
    assert spot == Location(format, "", line)


def test_a_spot_moves_with_the_words_passed() -> None:
    assert location_after(Location("text", "", 4), "a\nb\nc") == Location("text", "", 6)
    assert location_after(Location("text", "", 4), "a\rb").line is None
    assert location_after(Location("pdf"), "a\nb") == Location("pdf")


def test_the_command_line_says_it_in_its_text(opened: OpenLibrary) -> None:
    def told(words: str) -> str:
        return location_text(retriever(opened).search(words, limit=1).passages[0])

    assert told("quince").endswith("prices.xlsx, sheets Staff, Prices 2024")
    assert told("albatross").endswith("talk.pptx, slides 1–3 (Albatross)")
    assert told("manatee").endswith("film.srt")


@pytest.mark.parametrize(
    ("format", "told"),
    [("ppt", "slide 3"), ("pdf", "page 3"), ("", "page 3"), ("xls", "sheet Costs"), ("docx", "page 3")],
)
def test_each_format_has_its_word(format: str, told: str) -> None:
    (spot,) = locations_of(format, (0, 5, 10), ("Plan", "Staff", "Costs"), "", [(10, 20)])
    assert location_words(Passage(1, 1.0, 1, Path("/a"), "", 2, "", 10, 20, "some words", location=spot)) == told


def test_what_was_read_of_a_file_is_told_in_its_word() -> None:
    assert read_words("lease.pdf", "3") == "Read page 3 of lease.pdf"
    assert read_words("talk.PPTX", "3") == "Read slide 3 of talk.PPTX"
    assert read_words("costs.ods", "2") == "Read sheet 2 of costs.ods"
    assert partly_read_words("talk.odp", 3, 5) == "Read 3 of 5 slides of talk.odp."
    assert partly_read_words("mail.mbox", 3, 5) == "Read 3 of 5 messages of mail.mbox."
    assert partly_read_words("prices.xlsx", 3, 5) == "Read 3 of 5 sheets of prices.xlsx."
    assert partly_read_words("notes", 3, 5) == "Read 3 of 5 pages of notes."


def test_a_book_read_by_an_older_version_is_read_again_and_nothing_else_changes(tmp_path: Path) -> None:
    """Asks nobody, and what says the same keeps its passages."""
    folder = tmp_path / "documents"
    folder.mkdir()
    write_book(folder / "prices.xlsx")
    (folder / "notes.txt").write_text("The walrus signed.", encoding="utf-8")
    with ParserPool(cutter=cut_document) as pool:
        with open_library(tmp_path, pool) as first:
            first.index(folder)
            with first.database.write() as connection:
                before = connection.execute("SELECT id, start, content_hash FROM chunks").fetchall()
                connection.execute("DELETE FROM sheet_rows")
                connection.execute("DELETE FROM meta WHERE key = ?", (READ_AS_KEY,))
        with open_library(tmp_path, pool) as second:
            assert second.index().indexed == 1
            with second.database.read() as connection:
                assert connection.execute("SELECT id, start, content_hash FROM chunks").fetchall() == before
            passage = retriever(second).search("quince", limit=1).passages[0]
            assert narrowed(passage, "quince") == "sheet Prices 2024, A2"
        with open_library(tmp_path, pool) as third:
            assert third.index().indexed == 0
