"""PDF: every word on its own page, in reading order, with headings; and the problems of files that cannot be read."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from core.parsing.document import BlockKind, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.registry import parse_file
from tests.support.documents import (
    Words,
    write_encrypted_pdf,
    write_pdf,
    write_raw_pdf,
    write_scanned_pdf,
)


def page_texts(document: ParsedDocument) -> list[str]:
    ends = (*document.pages[1:], len(document.text))
    return [document.text[start:end].strip() for start, end in zip(document.pages, ends, strict=True)]


def problem_of(path: Path, limits: ParseLimits | None = None, password: str | None = None) -> ParseProblem:
    with pytest.raises(ParseFault) as caught:
        parse_file(path, limits, password=password)
    return caught.value.problem


def paragraph(*lines: str, top: float = 700) -> list[Words]:
    return [Words(line, y=top - 13 * index) for index, line in enumerate(lines)]


def test_pages_begin_where_their_text_begins(tmp_path: Path) -> None:
    pages = [[Words("The first page.")], [], paragraph("The third page.", "Its second line.")]
    document = parse_file(write_pdf(tmp_path / "a.pdf", pages))
    assert page_texts(document) == ["The first page.", "", "The third page.\nIts second line."]
    assert document.page_at(document.text.index("third")) == 2


def test_the_title_is_the_one_in_the_properties_or_what_is_set_largest(tmp_path: Path) -> None:
    body = paragraph(*["It is windy on the hill, and the mill turns."] * 5)
    page = [Words("Report of the mill", y=740, size=20), *body]
    assert parse_file(write_pdf(tmp_path / "a.pdf", [page], title="Mills of the north")).title == "Mills of the north"
    assert parse_file(write_pdf(tmp_path / "b.pdf", [page], title="Untitled")).title == "Report of the mill"


def test_headings_are_found_by_size_and_weight(tmp_path: Path) -> None:
    page = [
        Words("Chapter of the mill", y=740, size=18),
        *paragraph("It is windy on the hill,", "where the mill turns all day."),
        Words("Of grinding", y=650, bold=True),
        *paragraph("Grain goes in and flour comes out.", "Nothing else does.", top=625),
        Words("Total 12 35", y=580, bold=True),
    ]
    document = parse_file(write_pdf(tmp_path / "a.pdf", [page]))
    headings = [document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.HEADING]
    assert headings == ["Chapter of the mill", "Of grinding"]


def test_lines_of_a_paragraph_stay_together_and_paragraphs_apart(tmp_path: Path) -> None:
    page = paragraph("One one.", "One two.") + paragraph("Two one.", "Two two.", top=660)
    document = parse_file(write_pdf(tmp_path / "a.pdf", [page]))
    assert document.text == "One one.\nOne two.\n\nTwo one.\nTwo two."


def test_running_headers_are_text_but_no_headings(tmp_path: Path) -> None:
    pages = [
        [Words("Mill Report", y=770, size=16), *paragraph(f"Body of page {n}.", "More."), Words(f"{n}", y=20)]
        for n in range(1, 7)
    ]
    document = parse_file(write_pdf(tmp_path / "a.pdf", pages))
    assert not any(block.kind is BlockKind.HEADING for block in document.blocks)
    assert page_texts(document)[3].startswith("Mill Report")


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_rotated_page_is_read_like_any_other(tmp_path: Path, rotate: int) -> None:
    document = parse_file(write_pdf(tmp_path / "a.pdf", [paragraph("Turned words.", "Second line.")], rotate=rotate))
    assert "Turned words." in document.text


def test_a_password_is_asked_for_and_opens_the_file(tmp_path: Path) -> None:
    path = write_encrypted_pdf(tmp_path / "a.pdf", "sesame")
    assert problem_of(path) is ParseProblem.ENCRYPTED
    assert problem_of(path, password="wrong") is ParseProblem.WRONG_PASSWORD
    assert parse_file(path, password="sesame").text == "Nobody may read this."


def test_pictures_without_text_are_called_scanned(tmp_path: Path) -> None:
    assert problem_of(write_scanned_pdf(tmp_path / "a.pdf")) is ParseProblem.SCANNED
    assert problem_of(write_pdf(tmp_path / "b.pdf", [[]])) is ParseProblem.EMPTY


def test_a_file_with_a_broken_cross_reference_table_is_read(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [[Words("Still here.")]])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"startxref\n", b"startxref\n99"))
    assert parse_file(path).text == "Still here."


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n", b"not a pdf at all", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"]
)
def test_a_damaged_file_is_called_damaged(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    assert problem_of(path) is ParseProblem.DAMAGED


def test_more_pages_than_the_limit_are_refused(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [[Words("x")]] * 5)
    assert problem_of(path, ParseLimits(pages=4)) is ParseProblem.TOO_LARGE


def test_more_text_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [paragraph(*["words " * 20] * 40)])
    assert problem_of(path, ParseLimits(text_chars=1000)) is ParseProblem.TOO_LARGE


def test_the_number_of_pages_is_announced(tmp_path: Path) -> None:
    announced: list[int] = []
    parse_file(write_pdf(tmp_path / "a.pdf", [[Words("x")]] * 3), on_pages=announced.append)
    assert announced == [3]


def test_characters_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    content = zlib.compress(b"BT /F1 11 Tf 72 700 Td (be\x00fo\x01re) Tj ET")
    document = parse_file(write_raw_pdf(tmp_path / "a.pdf", [content], filters="/Filter /FlateDecode"))
    assert "\x00" not in document.text
    assert "\ufffe" not in document.text
