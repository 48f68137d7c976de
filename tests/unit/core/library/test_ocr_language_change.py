"""Other OCR languages: pages read before are read again only after consent, then all of them and only them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chunking.chunker import cut_document
from core.jobs import Job
from core.library.ocr_language_change import OcrLanguageChange
from core.library.rules import LibraryRules
from core.parsing.process.pool import ParserPool
from core.store.documents.ocr_pages import OcrPages
from models.cancel import CancelToken
from models.faults import Cancelled
from models.progress import Progress
from tests.support.libraries import OpenLibrary, content_of, open_library
from tests.support.pictures import two_languages, write_scanned_folder


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ParserPool]:
    monkeypatch.setenv("TESSDATA_PREFIX", str(two_languages(tmp_path)))
    with ParserPool(1, cutter=cut_document) as pool:
        yield pool


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_scanned_folder(tmp_path)


def languages_read_in(opened: OpenLibrary) -> dict[str, str]:
    """The languages in which each scanned document was read."""
    with opened.database.read() as connection:
        rows = connection.execute(
            "SELECT CAST(path AS TEXT), recognised_in FROM documents WHERE recognised OR problem = 'nothing_recognised'"
        ).fetchall()
    return {Path(path).name: languages for path, languages in rows}


def test_scanned_pages_are_read_again_only_after_a_yes(tmp_path: Path, pool: ParserPool, folder: Path) -> None:
    rules = [LibraryRules(ocr_languages="eng")]
    with open_library(tmp_path / "data", pool, rules=lambda: rules[-1]) as opened:
        change = OcrLanguageChange(opened.database, opened.library.ocr_languages)
        assert change.question() is None
        opened.index(folder)
        before = languages_read_in(opened)
        assert before == {"mixed.pdf": "eng", "scan.pdf": "eng", "white.png": "eng"}

        rules.append(LibraryRules(ocr_languages="enm+eng"))
        question = change.question()
        assert question is not None
        assert (question.languages, question.pages_to_read_again.documents, question.pages_to_read_again.pages) == (
            "enm+eng",
            3,
            3,
        )
        assert opened.index(folder).indexed == 0 and languages_read_in(opened) == before
        change.decline(question)
        assert change.question() is None
        assert opened.index(folder).indexed == 0 and languages_read_in(opened) == before

        rules.append(LibraryRules(ocr_languages="eng"))
        assert change.question() is None  # they are read in these
        rules.append(LibraryRules(ocr_languages="enm"))
        question = change.question()
        assert question is not None
        change.agree(question)
        cancel = CancelToken()
        with pytest.raises(Cancelled):
            opened.library.index([folder], Job(_stop_at(cancel, 1), cancel))
        assert set(languages_read_in(opened).values()) == {"eng", "enm"}
        report = opened.index(folder)
        assert (report.documents, report.indexed, len(report.scanned)) == (3, 0, 2)
        assert languages_read_in(opened) == dict.fromkeys(before, "enm")
        assert change.question() is None
        with open_library(tmp_path / "fresh", pool, rules=lambda: rules[-1]) as fresh:
            fresh.index(folder)
            assert content_of(opened.database) == content_of(fresh.database)


def _stop_at(cancel: CancelToken, done: int):  # type: ignore[no-untyped-def]  # a progress listener
    """Cancel once `done` scanned documents are done: they are counted anew, after all others."""
    rounds: list[int] = []

    def watch(progress: Progress) -> None:
        if progress.total == 3 and progress.done == 0:
            rounds.append(progress.total)
        if rounds and progress.done >= done:
            cancel.cancel()

    return watch


def test_the_expected_time_is_computed_from_the_measured_speed(tmp_path: Path, pool: ParserPool, folder: Path) -> None:
    rules = [LibraryRules(ocr_languages="eng")]
    with open_library(tmp_path / "data", pool, rules=lambda: rules[-1]) as opened:
        opened.index(folder)
        pages = OcrPages(opened.database)
        pages.note_speed(10, ("eng",), 30.0)
        assert pages.in_others("eng").pages == 0
        assert pages.in_others("enm").seconds == pytest.approx(3 * 3.0)
        assert pages.in_others("enm+eng").seconds == pytest.approx(3 * 2 * 3.0)


def test_kept_words_of_an_unfinished_document_are_dropped_when_the_languages_change(
    tmp_path: Path, pool: ParserPool, folder: Path
) -> None:
    """After a stopped run and a change of languages no page is left in the old ones."""
    from core.store.documents.ocr_cache import OcrCache

    with open_library(tmp_path / "data", pool, rules=lambda: LibraryRules(ocr=False)) as opened:
        opened.index(folder)
        words = OcrCache(opened.database)
        scan = next(one.id for one in opened.library.documents() if one.path.name == "scan.pdf")
        words.hold_to("eng")
        words.keep(scan, 0, "kept")
        words.hold_to("eng")
        assert words.of(scan) == {0: "kept"}
        words.hold_to("enm")
        assert words.of(scan) == {}
