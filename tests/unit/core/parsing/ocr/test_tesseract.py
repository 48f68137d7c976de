"""OCR: scanned pages and pictures are read page by page; pictures without text have problems of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from core.parsing.document import ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.ocr import tessdata
from core.parsing.process.pool import ParserPool
from core.parsing.registry import parse_file
from tests.support.documents import Words
from tests.support.pictures import picture_of, write_scan

ENGLISH = ("eng",)
LETTER = [
    Words("The mill on the hill", y=700, size=14),
    Words("It grinds the grain of the village.", y=660, size=12),
    Words("The miller lives next door.", y=644, size=12),
]


def read(path: Path, limits: ParseLimits | None = None) -> ParsedDocument:
    return parse_file(path, limits, ocr_languages=ENGLISH)


def problem_of(path: Path, recognise: tuple[str, ...] = ENGLISH, limits: ParseLimits | None = None) -> ParseProblem:
    with pytest.raises(ParseFault) as caught:
        parse_file(path, limits, ocr_languages=recognise)
    return caught.value.problem


def test_a_scanned_page_is_read_and_marked(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "scan.pdf", picture_of(tmp_path, LETTER))
    assert problem_of(path, recognise=()) is ParseProblem.SCANNED
    document = read(path)
    assert "It grinds the grain of the village.\nThe miller lives next door." in document.text
    assert document.ocr_pages == (0,)
    assert any("scanned" in warning for warning in document.warnings)


def test_only_scanned_pages_are_read_by_ocr(tmp_path: Path) -> None:
    printed = [Words("Printed words, which need no recognition at all, and stay exactly as they are: 1lIO0.")]
    path = write_scan(tmp_path / "mixed.pdf", picture_of(tmp_path, LETTER), printed=printed)
    before = parse_file(path)
    assert (before.unread_pictures, before.ocr_pages) == (1, ())
    document = read(path)
    assert (document.unread_pictures, document.ocr_pages) == (0, (1,))
    assert document.text[: document.pages[1]].strip() == printed[0].text
    assert "miller lives next door" in document.text[document.pages[1] :]


def test_a_stamp_on_a_scanned_page_does_not_make_it_a_page_of_text(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "scan.pdf", picture_of(tmp_path, LETTER), stamp=Words("Exhibit 10.4", y=30, size=8))
    assert parse_file(path).unread_pictures == 1
    document = read(path)
    assert document.text.startswith("Exhibit 10.4") and "The miller lives next door." in document.text


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_rotated_page_is_read(tmp_path: Path, degrees: int) -> None:
    picture = picture_of(tmp_path, LETTER).rotate(degrees, expand=True)
    assert "The miller lives next door." in read(write_scan(tmp_path / "scan.pdf", picture)).text


@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp", "bmp", "gif"])
def test_a_picture_of_any_kind_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo.{suffix}"
    picture_of(tmp_path, LETTER).save(path)
    assert problem_of(path, recognise=()) is ParseProblem.SCANNED
    document = read(path)
    assert "The miller lives next door." in document.text
    assert (document.format, document.ocr_pages) == ("image", (0,))


def test_each_page_of_a_fax_is_a_page(tmp_path: Path) -> None:
    first, second = (picture_of(tmp_path, [Words(text, size=14)]) for text in ("The first page.", "The second page."))
    path = tmp_path / "fax.tif"
    first.save(path, save_all=True, append_images=[second])
    document = read(path)
    assert len(document.pages) == 2
    assert document.text[document.pages[1] :].strip() == "The second page."


def test_transparent_pixels_count_as_white(tmp_path: Path) -> None:
    page = picture_of(tmp_path, LETTER)
    seen = Image.merge("RGBA", [Image.new("L", page.size)] * 3 + [page.point(lambda value: 255 - value)])
    seen.save(tmp_path / "glass.png")
    assert "The miller lives next door." in read(tmp_path / "glass.png").text


def test_columns_are_read_one_after_the_other_and_rows_of_a_table_across(tmp_path: Path) -> None:
    lines = ["the wheel turns in the wind", "the stone turns with the wheel", "the grain falls on the stone"] * 2
    columns = [Words(text, x=60, y=600 - 16 * at) for at, text in enumerate(lines)]
    columns += [Words("so " + text, x=330, y=600 - 16 * at) for at, text in enumerate(lines)]
    table = [
        Words(text, x=x, y=300 - 18 * at)
        for at, row in enumerate([("Wheat flour", "1,204", "1,377"), ("Rye flour", "415", "398")] * 3)
        for x, text in zip((60, 300, 400), row, strict=True)
    ]
    text = read(write_scan(tmp_path / "scan.pdf", picture_of(tmp_path, columns + table))).text
    assert text.index("the grain falls on the stone") < text.index("so the wheel turns in the wind")
    assert "Wheat flour 1,204 1,377" in text


def test_pictures_without_text_have_their_own_problems(tmp_path: Path) -> None:
    Image.new("L", (800, 600), 255).save(tmp_path / "white.png")
    Image.new("L", (12, 12)).save(tmp_path / "icon.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "white.png").read_bytes()[:60])
    (tmp_path / "words.png").write_text("not a picture at all")
    assert problem_of(tmp_path / "white.png") is ParseProblem.NOTHING_RECOGNISED
    assert problem_of(tmp_path / "icon.png") is ParseProblem.EMPTY
    assert problem_of(tmp_path / "cut.png") is ParseProblem.DAMAGED
    assert problem_of(tmp_path / "words.png") is ParseProblem.DAMAGED
    assert problem_of(tmp_path / "white.png", limits=ParseLimits(image_pixels=1000)) is ParseProblem.TOO_LARGE
    white = write_scan(tmp_path / "white.pdf", Image.new("L", (800, 600), 255))
    assert problem_of(white) is ParseProblem.NOTHING_RECOGNISED


def test_no_more_pages_are_read_than_the_limit(tmp_path: Path) -> None:
    pages = [picture_of(tmp_path, [Words(f"The page number {number}.", size=14)]) for number in (1, 2, 3)]
    pages[0].save(tmp_path / "fax.tif", save_all=True, append_images=pages[1:])
    assert read(tmp_path / "fax.tif", ParseLimits(ocr_pages=2)).ocr_pages == (0, 1)


def test_ocr_works_in_a_confined_process(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "scan.pdf", picture_of(tmp_path, LETTER, dpi=300))
    with ParserPool(1) as pool:
        document = pool.parse(path, ocr_languages=ENGLISH)
    assert "The miller lives next door." in document.text
    assert document.ocr_pages == (0,)


def test_a_language_without_data_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    (tmp_path / "deu.traineddata").write_bytes(b"data")
    (tmp_path / "osd.traineddata").write_bytes(b"data")
    assert {"deu", "eng"} <= set(tessdata.installed_languages())
    assert "osd" not in tessdata.installed_languages()
    assert tessdata.choose_languages("deu+xyz", "en") == ("deu",)
    assert tessdata.choose_languages("", "de_AT") == ("eng", "deu")
    assert tessdata.choose_languages("xyz", "xx") == ("eng",)
    assert tessdata.folder_with(("deu", "xyz")) == (tmp_path, ("deu",))
    assert tessdata.folder_with(("xyz",)) is None
