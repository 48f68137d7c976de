"""Word, PowerPoint, Excel, OpenDocument, RTF and EPUB: all text, once, with its structure."""

from __future__ import annotations

import datetime
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from core.domain.sheet_cells import range_of, within
from core.parsing.document import BlockKind, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.registry import parse_file
from tests.support.documents import (
    W,
    word_paragraph,
    word_table,
    write_docx,
    write_odf,
    write_pptx,
    write_zip,
)

STYLES = (
    f'<w:styles {W}><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>'
    '<w:style w:styleId="Own"><w:name w:val="Own"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style></w:styles>'
)
NUMBERING = (
    f'<w:numbering {W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
    '<w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/>'
    '<w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)


def block_list(document: ParsedDocument) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, document.text[block.start : block.end]) for block in document.blocks]


def problem_of(path: Path, limits: ParseLimits | None = None) -> ParseProblem:
    with pytest.raises(ParseFault) as caught:
        parse_file(path, limits)
    return caught.value.problem


def listed(depth: int) -> str:
    return f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="7"/></w:numPr>'


def test_word_headings_are_found_by_style_in_any_language(tmp_path: Path) -> None:
    body = "".join(
        word_paragraph(text, style)
        for text, style in (
            ("Anfang", "berschrift1"),
            ("Kapitel Eins", "Kapitel"),
            ("Tief", "Own"),
            ("Text.", "Normal"),
        )
    )
    document = parse_file(write_docx(tmp_path / "a.docx", body, styles=STYLES))
    assert block_list(document) == [
        ("heading", 1, "Anfang"),
        ("heading", 1, "Kapitel Eins"),
        ("heading", 3, "Tief"),
        ("paragraph", 0, "Text."),
    ]
    assert document.title == "Anfang"


def test_word_lists_are_numbered_as_word_numbers_them(tmp_path: Path) -> None:
    body = "".join(word_paragraph(t, "", listed(d)) for t, d in (("a", 0), ("b", 1), ("c", 1), ("d", 0), ("e", 1)))
    document = parse_file(write_docx(tmp_path / "a.docx", body, numbering=NUMBERING))
    assert document.text == "1. a\n  1.a) b\n  1.b) c\n2. d\n  2.a) e"


def test_a_word_table_is_rows_of_cells(tmp_path: Path) -> None:
    body = word_paragraph("Before.") + word_table([["Name", "Age"], ["Ada\nLovelace", "36"], ["", ""]])
    document = parse_file(write_docx(tmp_path / "a.docx", body))
    assert block_list(document)[1] == ("table", 0, "Name\tAge\nAda Lovelace\t36")


def test_a_table_that_only_arranges_text_is_read_as_text(tmp_path: Path) -> None:
    long = "A sentence of some length. " * 30
    document = parse_file(write_docx(tmp_path / "a.docx", word_table([[long, "left"], ["right", "below"]])))
    assert {block.kind for block in document.blocks} == {BlockKind.PARAGRAPH}


def test_word_text_is_not_doubled_and_deleted_text_is_left_out(tmp_path: Path) -> None:
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = f"<w:txbxContent>{word_paragraph('In the box.')}</w:txbxContent>"
    body = (
        f"<w:p><w:r><w:t>Host.</w:t></w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:p>"
        "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins>"
        "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
    )
    document = parse_file(write_docx(tmp_path / "a.docx", body))
    assert document.text == "Host.\n\nIn the box.\n\nnew"


def test_word_notes_and_comments_follow_their_paragraph_and_headers_come_once(tmp_path: Path) -> None:
    body = (
        '<w:p><w:r><w:t>Claim.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
        '<w:r><w:commentReference w:id="0"/></w:r></w:p>' + word_paragraph("Next.")
    )
    header = f"<w:hdr {W}>{word_paragraph('Confidential')}</w:hdr>"
    comment = f'<w:comment w:id="0" w:author="Eve">{word_paragraph("Sure?")}</w:comment>'
    document = parse_file(
        write_docx(
            tmp_path / "a.docx",
            body,
            footnotes=f'<w:footnotes {W}><w:footnote w:id="2">{word_paragraph("Proof.")}</w:footnote></w:footnotes>',
            comments=f"<w:comments {W}>{comment}</w:comments>",
            header1=header,
            header2=header,
        )
    )
    assert document.text == "Confidential\n\nClaim.\n\n[Footnote: Proof.]\n\n[Comment: Eve: Sure?]\n\nNext."


def test_a_word_file_that_unpacks_beyond_reason_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.docx", {"word/document.xml": b"<a>" + b" " * 30_000_000})
    assert problem_of(path) is ParseProblem.TOO_LARGE


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + f"<w:document {W}>&b;</w:document>"
    assert problem_of(write_zip(tmp_path / "a.docx", {"word/document.xml": bomb})) is ParseProblem.DAMAGED


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx", "a.odt", "a.epub", "a.doc", "a.msg", "a.rtf"])
def test_a_file_that_is_not_of_its_named_format_is_damaged(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"This is not what its name says.")
    assert problem_of(path) is ParseProblem.DAMAGED


def test_a_truncated_word_file_is_damaged(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", word_paragraph("Some text."))
    path.write_bytes(path.read_bytes()[:-40])
    assert problem_of(path) is ParseProblem.DAMAGED


def test_content_counts_more_than_the_name(tmp_path: Path) -> None:
    as_doc = tmp_path / "web.doc"
    as_doc.write_text("<html><body><p>A page called .doc</p></body></html>")
    assert parse_file(as_doc).text == "A page called .doc"
    renamed = write_docx(tmp_path / "new.docx", word_paragraph("New.")).rename(tmp_path / "old.doc")
    assert (parse_file(renamed).text, parse_file(renamed).format) == ("New.", "docx")


def test_slides_come_in_the_order_they_are_shown_with_their_notes(tmp_path: Path) -> None:
    slides = [("First", ["one", "two"]), ("Second", ["three"])]
    document = parse_file(write_pptx(tmp_path / "a.pptx", slides, notes={0: "Smile."}))
    assert document.text == "First\n\n• one\n• two\n\nNotes: Smile.\n\nSecond\n\n• three"
    assert document.page_labels == ("First", "Second")
    assert document.text[document.pages[1] :].startswith("Second")
    assert document.title == "First"


def test_sheets_are_pages_of_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Sales"
    for row in (["Day", "Euros"], [datetime.date(2024, 3, 1), 12.0], [None, None], ["Total", 0.1 + 0.2]):
        first.append(row)
    book.create_sheet("Empty")
    path = tmp_path / "a.xlsx"
    book.save(path)
    document = parse_file(path)
    assert document.text == "Sales\n\nDay\tEuros\n2024-03-01\t12\nTotal\t0.3\n\nEmpty"
    assert document.page_labels == ("Sales", "Empty")


def test_a_sheet_with_one_cell_in_its_last_corner_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "near"
    sheet["XFD1048576"] = "far"
    path = tmp_path / "a.xlsx"
    book.save(path)
    document = parse_file(path)
    assert "near" in document.text
    assert document.warnings


def cells_of(document: ParsedDocument, words: str) -> str:
    """The range of the cells that these words come from."""
    start = document.text.index(words)
    rows = within(document.rows, start, start + len(words), document.text)
    return range_of(rows, document.text, 0)


def test_each_row_of_a_sheet_keeps_its_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for place, value in {"C4": "Day", "D4": "Euros", "F4": "Who", "C9": "Monday", "F9": "Ann", "D10": "7"}.items():
        sheet[place] = value
    for row in range(11, 300):
        sheet.cell(row, 3, f"row {row}")
    path = tmp_path / "a.xlsx"
    book.save(path)
    document = parse_file(path)
    assert document.text.startswith("Sheet\n\nDay\tEuros\tWho\nMonday\t\tAnn\n\t7\nrow 11\n")
    cells = [cells_of(document, words) for words in ("Sheet", "Euros", "Day\tEuros\tWho", "Ann", "7", "row 299")]
    assert cells == ["", "D4", "C4:F4", "F9", "D10", "C299"]
    assert cells_of(document, "Who\nMonday") == "C4:F9"
    assert cells_of(document, "Ann\n\t7\nrow 11\nrow") == "C9:F12"


def test_each_row_of_an_almost_empty_sheet_keeps_its_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for place in ("A1", "B2", "D2", "XFD1048576"):
        sheet[place] = f"at {place}"
    path = tmp_path / "a.xlsx"
    book.save(path)
    document = parse_file(path)
    assert document.text == "Sheet\n\nat A1\nat B2\tat D2\nat XFD1048576"
    for place in ("A1", "B2", "D2", "XFD1048576"):
        assert cells_of(document, f"at {place}") == place


def test_cells_after_repeated_ones_in_an_opendocument_sheet_are_located(tmp_path: Path) -> None:
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>".format
    empty = "<table:table-cell{}/>".format
    columns, rows = ' table:number-columns-repeated="{}"'.format, ' table:number-rows-repeated="{}"'.format
    body = (
        f'<table:table table:name="One"><table:table-row{rows(300)}>{empty(columns(9))}</table:table-row>'
        f"<table:table-row>{empty(columns(200))}{cell('', 'far')}{cell(columns(2), 'twin')}</table:table-row>"
        f"<table:table-row{rows(2)}>{cell('', 'near')}{empty(columns(9))}</table:table-row>"
        "</table:table><table:table table:name='Two'>"
        f"<table:table-row>{cell('', 'alone')}</table:table-row></table:table>"
    )
    document = parse_file(write_odf(tmp_path / "a.ods", body, kind="spreadsheet"))
    assert [cells_of(document, words) for words in ("far", "twin\ttwin", "near\nnear", "alone")] == [
        "GS301",
        "GT301:GU301",
        "A302:A303",
        "A1",
    ]


def test_sheets_of_an_almost_empty_workbook_keep_their_names_when_reordered(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "First"
    sheet["XFD1048576"] = "far"
    book.create_sheet("Second")["A1"] = "near"
    path = tmp_path / "a.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheets = re.findall(rb"<sheet [^>]*/>", members["xl/workbook.xml"])
    both = b"".join(sheets)
    assert both in members["xl/workbook.xml"] and len(sheets) == 2
    members["xl/workbook.xml"] = members["xl/workbook.xml"].replace(both, b"".join(reversed(sheets)))
    document = parse_file(write_zip(path, members))
    assert document.page_labels == ("Second", "First")
    assert document.text == "Second\n\nnear\n\nFirst\n\nfar"


def test_opendocument_text_keeps_headings_lists_tables_and_notes(tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="2">Mills</text:h><text:p>They<text:s/>grind<text:note><text:note-citation>1'
        "</text:note-citation><text:note-body><text:p>Slowly.</text:p></text:note-body></text:note>.</text:p>"
        "<text:list><text:list-item><text:p>wind</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell>"
        "<text:p>b</text:p></table:table-cell></table:table-row></table:table>"
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
    )
    document = parse_file(write_odf(tmp_path / "a.odt", body))
    assert block_list(document) == [
        ("heading", 2, "Mills"),
        ("paragraph", 0, "They grind."),
        ("paragraph", 0, "[Footnote: Slowly.]"),
        ("list_item", 0, "• wind"),
        ("table", 0, "a\tb"),
    ]


def test_empty_repeated_cells_of_an_opendocument_sheet_are_left_out(tmp_path: Path) -> None:
    body = (
        '<table:table table:name="One"><table:table-row><table:table-cell table:number-columns-repeated="3">'
        '<text:p>x</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16381"/>'
        '</table:table-row><table:table-row table:number-rows-repeated="1048575"><table:table-cell/>'
        "</table:table-row></table:table>"
    )
    document = parse_file(write_odf(tmp_path / "a.ods", body, kind="spreadsheet"))
    assert document.text == "One\n\nx\tx\tx"


def test_an_opendocument_row_repeated_zero_times_is_read_once(tmp_path: Path) -> None:
    cells = '<table:table-cell table:number-columns-repeated="0"><text:p>{}</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="0">{cells.format("a")}{cells.format("b")}</table:table-row>'
    body = f'<table:table table:name="One">{row}{row.replace(">a<", ">c<")}</table:table>'
    document = parse_file(write_odf(tmp_path / "a.ods", body, kind="spreadsheet"))
    assert document.text == "One\n\na\tb\nc\tb"
    assert cells_of(document, "c\tb") == "A2:B2"


def test_an_encrypted_opendocument_needs_a_password(tmp_path: Path) -> None:
    members = {"content.xml": "secret", "META-INF/manifest.xml": "<manifest:encryption-data/>"}
    assert problem_of(write_zip(tmp_path / "a.odt", members)) is ParseProblem.ENCRYPTED


def test_rich_text_is_read_in_its_code_page(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(
        rb"{\rtf1\ansi\ansicpg1251 {\fonttbl{\f0 Arial;}}\f0 \'cf\'f0\'e8\'e2\'e5\'f2\par Second \u8364?.}"
    )
    assert parse_file(path).text == "Привет\n\nSecond €."


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    package = (
        '<package><metadata><title>The Mill</title></metadata><manifest><item id="b" href="two.xhtml" '
        'media-type="application/xhtml+xml"/><item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>'
        '</manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    members = {
        "META-INF/container.xml": '<container><rootfile full-path="OPS/book.opf"/></container>',
        "OPS/book.opf": package,
        "OPS/one.xhtml": "<html><head><title>x</title></head><body><h1>One</h1><p>First.</p></body></html>",
        "OPS/two.xhtml": "<html><body><h1>Two</h1><p>Second.</p></body></html>",
    }
    document = parse_file(write_zip(tmp_path / "a.epub", members))
    assert document.text == "One\n\nFirst.\n\nTwo\n\nSecond."
    assert document.title == "The Mill"


def test_archives_are_not_opened(tmp_path: Path) -> None:
    assert problem_of(write_zip(tmp_path / "a.zip", {"a.txt": "text"})) is ParseProblem.ARCHIVE
    (tmp_path / "b.zip").write_bytes(b"PK\3\4 broken")
    assert problem_of(tmp_path / "b.zip") is ParseProblem.DAMAGED
