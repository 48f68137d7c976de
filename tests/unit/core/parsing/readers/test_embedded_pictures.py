"""Pictures embedded in documents and messages: read by OCR in their place, once each, and marked as such."""

from __future__ import annotations

import zipfile
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from core.chunking.chunker import cut_document
from core.domain.locations import location_words, was_recognised
from core.parsing.document import ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process.pool import ParserPool
from core.parsing.registry import parse_file
from core.retrieval.phrase_search import PhraseSearch
from core.retrieval.retriever import Retriever
from tests.support.documents import (
    RELATION_KIND,
    RELATIONS,
    A,
    P,
    R,
    W,
    Words,
    word_paragraph,
    write_odf,
    write_pptx,
    write_zip,
)  # fmt: skip
from tests.support.libraries import open_library
from tests.support.pictures import picture_of, write_scan

ENGLISH = ("eng",)
WORDS = "The miller lives next door"


def png(image: Image.Image) -> bytes:
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two lines of print, cut out of a page."""
    words = [Words(f"{WORDS}.", y=720, size=14), Words("His flour is white.", y=700, size=14)]
    return png(picture_of(tmp_path_factory.mktemp("picture"), words).crop((80, 60, 700, 260)))


def drawing(key: str) -> str:
    return f'<w:r><w:drawing><a:blip {A} {R} r:embed="{key}"/></w:drawing></w:r>'


def write_letter(path: Path, body: str, **pictures: bytes) -> Path:
    """A Word file with these pictures, which the body refers to by their names."""
    relations = "".join(
        f'<Relationship Id="{key}" Type="{RELATION_KIND}/image" Target="media/{key}.png"/>' for key in pictures
    )
    members: dict[str, str | bytes] = {f"word/media/{key}.png": data for key, data in pictures.items()}
    members["word/document.xml"] = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    members["word/_rels/document.xml.rels"] = f"<Relationships {RELATIONS}>{relations}</Relationships>"
    return write_zip(path, members)


def in_order(document: ParsedDocument, *texts: str) -> bool:
    offsets = [document.text.index(text) for text in texts]
    return offsets == sorted(offsets)


def ocr_texts(document: ParsedDocument) -> list[str]:
    return [document.text[start:end] for start, end in document.ocr_ranges]


def test_a_picture_in_a_letter_is_read_where_it_stands(tmp_path: Path, picture: bytes) -> None:
    body = word_paragraph("Before.") + f"<w:p>{drawing('scan')}</w:p>" + word_paragraph("After.")
    path = write_letter(tmp_path / "a.docx", body, scan=picture)
    before = parse_file(path)
    assert (before.text, before.unread_pictures, before.ocr_ranges) == ("Before.\n\nAfter.", 1, ())
    document = parse_file(path, ocr_languages=ENGLISH)
    assert document.unread_pictures == 0 and in_order(document, "Before.", WORDS, "After.")
    (words,) = ocr_texts(document)
    assert WORDS in words and "Before" not in words and "After" not in words
    assert not any(block.kind == "heading" for block in document.blocks)


def test_a_picture_in_a_table_follows_it_and_one_shown_twice_is_read_once(tmp_path: Path, picture: bytes) -> None:
    cells = f"<w:tc>{word_paragraph('a')}</w:tc><w:tc><w:p>{drawing('scan')}</w:p></w:tc>"
    body = f"<w:tbl><w:tr>{cells}</w:tr></w:tbl><w:p>{drawing('twin')}</w:p>" + word_paragraph("After.")
    document = parse_file(write_letter(tmp_path / "a.docx", body, scan=picture, twin=picture), ocr_languages=ENGLISH)
    assert document.text.count(WORDS) == 1 and in_order(document, "a\n", WORDS, "After.")


def test_pictures_without_text_add_nothing(tmp_path: Path, picture: bytes) -> None:
    logo = png(Image.new("L", (300, 90), 200))
    damaged = picture[: len(picture) // 2]
    body = word_paragraph("Text.") + "".join(f"<w:p>{drawing(key)}</w:p>" for key in ("logo", "damaged", "none"))
    path = write_letter(tmp_path / "a.docx", body, logo=logo, damaged=damaged, none=b"nothing")
    assert parse_file(path).unread_pictures == 1  # the damaged one, which is not decoded yet
    document = parse_file(path, ocr_languages=ENGLISH)
    assert (document.text, document.ocr_ranges) == ("Text.", ())


def test_no_more_pictures_are_read_than_the_limit(tmp_path: Path, picture: bytes) -> None:
    other = png(Image.open(BytesIO(picture)).crop((0, 0, 600, 190)))
    body = f"<w:p>{drawing('one')}</w:p><w:p>{drawing('two')}</w:p>"
    path = write_letter(tmp_path / "a.docx", body, one=picture, two=other)
    limits = ParseLimits(embedded_pictures=1)
    assert parse_file(path, limits, ocr_languages=ENGLISH).text.count(WORDS) == 1
    assert parse_file(path, ocr_languages=ENGLISH).text.count(WORDS) == 2


def test_pictures_that_cannot_be_unpacked_do_not_cost_the_text(tmp_path: Path, picture: bytes) -> None:
    """Because they are too large together, or damaged in the archive."""
    body = word_paragraph("Text.") + "".join(f"<w:p>{drawing(key)}</w:p>" for key in ("one", "two"))
    path = write_letter(tmp_path / "a.docx", body, one=picture, two=picture[:-9] + b"different")
    limits = ParseLimits(archive_total_bytes=len(picture) + 100)
    assert (parse_file(path, limits).text, parse_file(path, limits).unread_pictures) == ("Text.", 1)
    data = bytearray(path.read_bytes())
    at = data.index(b"word/media/one.png") + 40
    data[at : at + 200] = bytes(200)
    path.write_bytes(data)
    assert (parse_file(path).text, parse_file(path).unread_pictures) == ("Text.", 1)


def test_a_letter_that_is_only_a_picture_is_scanned(tmp_path: Path, picture: bytes) -> None:
    def problem(path: Path, recognise: tuple[str, ...]) -> ParseProblem:
        with pytest.raises(ParseFault) as caught:
            parse_file(path, ocr_languages=recognise)
        return caught.value.problem

    body = f"<w:p>{drawing('scan')}</w:p>"
    path = write_letter(tmp_path / "a.docx", body, scan=picture)
    assert problem(path, ()) is ParseProblem.SCANNED
    assert WORDS in parse_file(path, ocr_languages=ENGLISH).text
    blank = write_letter(tmp_path / "b.docx", body, scan=png(Image.new("L", (640, 480), 255)))
    assert problem(blank, ENGLISH) is ParseProblem.NOTHING_RECOGNISED


def test_a_picture_on_a_slide_belongs_to_it(tmp_path: Path, picture: bytes) -> None:
    path = write_pptx(tmp_path / "a.pptx", [("First", ["One"]), ("Second", ["Two"])])
    add_picture_to_first_slide(path, picture)
    document = parse_file(path, ocr_languages=ENGLISH)
    assert in_order(document, "One", WORDS, "Second")
    ((start, _),) = document.ocr_ranges
    assert document.page_at(start) == 0


def add_picture_to_first_slide(path: Path, picture: bytes) -> None:
    """Add it to the first of two slides, which `write_pptx` stores as the second."""
    with zipfile.ZipFile(path) as archive:
        members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
        slide = archive.read("ppt/slides/slide2.xml").decode()
    shown = f'<p:pic {P} {A} {R}><p:blipFill><a:blip r:embed="rIdPicture"/></p:blipFill></p:pic>'
    end = slide.rindex("</p:sld>")
    members["ppt/slides/slide2.xml"] = slide[:end] + shown + slide[end:]
    members["ppt/slides/_rels/slide2.xml.rels"] = (
        f'<Relationships {RELATIONS}><Relationship Id="rIdPicture" Type="{RELATION_KIND}/image" '
        'Target="../media/a.png"/></Relationships>'
    )
    members["ppt/media/a.png"] = picture
    write_zip(path, members)


def test_opendocument_pictures_are_read_in_text_and_on_slides(tmp_path: Path, picture: bytes) -> None:
    frame = '<draw:frame><draw:image xlink:href="Pictures/a.png"/></draw:frame>'
    xlink = ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    for name, body in {
        "a.odt": f"<text:p>Before.</text:p><text:p{xlink}>{frame}</text:p><text:p>After.</text:p>",
        "a.odp": f"<draw:page{xlink}><text:p>Before.</text:p>{frame}</draw:page><draw:page><text:p>After.</text:p>"
        "</draw:page>",
    }.items():
        kind = "presentation" if name == "a.odp" else "text"
        path = write_odf(tmp_path / name, body, kind, pictures={"a.png": picture})
        assert parse_file(path).unread_pictures == 1
        document = parse_file(path, ocr_languages=ENGLISH)
        assert in_order(document, "Before.", WORDS, "After.") and len(document.ocr_ranges) == 1


def test_scans_in_a_message_are_read_under_their_names(tmp_path: Path, picture: bytes) -> None:
    message = EmailMessage()
    message["Subject"] = "The mill"
    message.set_content("See the pictures.")
    scan = write_scan(tmp_path / "scan.pdf", picture_of(tmp_path, [Words("The mill on the hill grinds.", size=14)]))
    body = f"<w:p>{drawing('scan')}</w:p>"
    letter = write_letter(tmp_path / "a.docx", body, scan=png(Image.open(BytesIO(picture)).crop((0, 0, 600, 190))))
    message.add_attachment(picture, maintype="image", subtype="png", filename="photo.png")
    message.add_attachment(scan.read_bytes(), maintype="application", subtype="pdf", filename="scan.pdf")
    message.add_attachment(letter.read_bytes(), maintype="application", subtype="msword", filename="letter.docx")
    path = tmp_path / "a.eml"
    path.write_bytes(message.as_bytes())
    before = parse_file(path)
    assert before.unread_pictures == 3 and "Attached: photo.png, scan.pdf, letter.docx" in before.text
    saved: dict[int, str] = {}
    document = parse_file(path, ocr_languages=ENGLISH, on_ocr_page=lambda page, words: saved.update({page: words}))
    assert in_order(document, "photo.png", WORDS, "scan.pdf", "The mill on the hill", "letter.docx")
    assert len(saved) == 3 and document.text.count(WORDS) == 2
    assert document.is_from_ocr(document.text.index(WORDS)) and not document.is_from_ocr(0)
    again = parse_file(path, ocr_languages=ENGLISH, saved_pages={page: "[]" for page in saved})
    assert WORDS not in again.text  # saved pages are not read again


def test_the_library_marks_what_was_read_by_ocr(tmp_path: Path, picture: bytes) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    body = word_paragraph("Plain words of the letter.") * 40 + f"<w:p>{drawing('scan')}</w:p>"
    write_letter(folder / "letter.docx", body, scan=picture)
    slides = write_pptx(folder / "talk.pptx", [("First", ["One " * 200]), ("Second", ["Two " * 200])])
    add_picture_to_first_slide(slides, png(Image.open(BytesIO(picture)).crop((0, 0, 600, 190))))
    with ParserPool(cutter=cut_document) as pool, open_library(tmp_path / "data", pool) as opened:
        report = opened.index(folder)
        assert [one.path.name for one in report.scanned] == ["letter.docx", "talk.pptx"]
        assert all("its pictures" in one.reason for one in report.scanned)
        retriever = Retriever(opened.database, opened.vectors, lambda: None)
        found = {one.path.name: one for one in retriever.search("miller door", limit=2).passages}
        assert location_words(found["letter.docx"], found["letter.docx"].recognised) == "read by OCR"
        assert location_words(found["talk.pptx"], found["talk.pptx"].recognised) == "slide 1, read by OCR"
        (plain,) = retriever.search("two", limit=1).passages
        assert not plain.recognised
        assert all(place.recognised for place in PhraseSearch(opened.database).find(WORDS).passages)
        text = opened.library.document_text(found["letter.docx"].document_id)
        assert text is not None and was_recognised(text, *text.pictured[0]) and not was_recognised(text, 0, 9)
        assert opened.index(folder).indexed == 0
