"""Scanned documents and pictures in the library: read last and labelled; and encrypted documents unlocked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chunking.chunker import cut_document
from core.domain.documents import Document, DocumentState
from core.jobs import Job
from core.library.ocr_pass import OcrPass, OcrReport
from core.library.rules import LibraryRules
from core.library.throttle import Throttle
from core.parsing.process.passwords import Passwords
from core.parsing.process.pool import ParserPool
from core.retrieval.retriever import Retriever
from core.store.documents.contents import ContentStore
from core.store.documents.documents import Documents
from core.store.documents.folders import Subtree
from core.store.documents.ocr_cache import OcrCache
from core.store.documents.ocr_pages import OcrPages
from models.cancel import CancelToken
from models.faults import Cancelled
from models.progress import Progress
from tests.support.documents import Words, write_encrypted_pdf, write_scanned_pdf
from tests.support.libraries import OpenLibrary, content_of, open_library
from tests.support.pictures import picture_of, write_scan, write_scanned_folder

LETTER = [Words("The miller lives next door.", y=644, size=14)]


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture(scope="module")
def pool(passwords: Passwords) -> Iterator[ParserPool]:
    with ParserPool(1, passwords=passwords, cutter=cut_document) as pool:
        yield pool


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_scanned_folder(tmp_path)


def document(opened: OpenLibrary, name: str) -> Document:
    return next(one for one in opened.library.documents() if one.path.name == name)


def text_of(opened: OpenLibrary, name: str) -> str:
    found = opened.library.document_text(document(opened, name).id)
    return found.text if found else ""


def test_pictures_are_read_and_the_report_says_of_which_documents(opened: OpenLibrary, folder: Path) -> None:
    report = opened.index(folder)
    assert (report.documents, report.indexed) == (3, 3)
    assert [(one.path.name, "scanned" in one.reason) for one in report.scanned] == [
        ("mixed.pdf", True),
        ("scan.pdf", True),
    ]
    (white,) = report.skipped
    assert white.path.name == "white.png" and "scanned" in white.reason
    assert "The miller lives next door." in text_of(opened, "scan.pdf")
    retriever = Retriever(opened.database, opened.vectors, lambda: None)
    found = retriever.search("miller door").passages
    assert {(one.path.name, one.recognised) for one in found} == {("mixed.pdf", True), ("scan.pdf", True)}
    assert not any(one.recognised for one in retriever.search("note").passages if one.path.name == "note.txt")
    shown = opened.library.document_text(document(opened, "mixed.pdf").id)
    assert shown is not None and shown.recognised == (1,)


def test_while_ocr_is_off_scanned_documents_are_reported(tmp_path: Path, pool: ParserPool, folder: Path) -> None:
    rules = [LibraryRules(ocr=False)]
    with open_library(tmp_path / "data", pool, rules=lambda: rules[0]) as opened:
        report = opened.index(folder)
        assert {one.path.name for one in report.skipped} == {"scan.pdf", "white.png"}
        assert all("scanned" in one.reason for one in report.skipped)
        assert document(opened, "scan.pdf").problem == "scanned"
        assert opened.index(folder).scanned == ()
        rules[0] = LibraryRules()  # switched on: what waited is read, though no file has changed
        assert len(opened.index(folder).scanned) == 2
        before = content_of(opened.database)
        assert opened.index(folder).indexed == 0
        assert content_of(opened.database) == before


def test_a_document_is_indexed_with_its_text_before_its_pictures_are_read(opened: OpenLibrary, folder: Path) -> None:
    """A run that is stopped when OCR begins has everything else, and the next one resumes there."""
    cancel = CancelToken()
    rounds = []

    def watch(progress: Progress) -> None:
        if progress.done == 0 and progress.total:
            rounds.append(progress.total)
            if len(rounds) == 2:
                cancel.cancel()

    with pytest.raises(Cancelled):
        opened.library.index([folder], Job(watch, cancel))
    assert rounds == [4, 3]
    assert "Printed words of the contract" in text_of(opened, "mixed.pdf")
    assert document(opened, "scan.pdf").state is DocumentState.SKIPPED
    opened.index()
    assert "The miller lives next door." in text_of(opened, "mixed.pdf")
    assert document(opened, "scan.pdf").state is DocumentState.INDEXED


def test_ocr_resumes_at_the_next_picture(tmp_path: Path, pool: ParserPool) -> None:
    fax = tmp_path / "documents" / "fax.tif"
    fax.parent.mkdir()
    pages = [picture_of(tmp_path, [Words(f"The page number {number}.", size=14)]) for number in (1, 2, 3)]
    pages[0].save(fax, save_all=True, append_images=pages[1:])
    cancel = CancelToken()

    class StopsAfterTwo(OcrCache):
        def keep(self, document_id: int, page: int, words: str) -> None:
            super().keep(document_id, page, words)
            if page == 1:
                cancel.cancel()

    with open_library(tmp_path / "data", pool, rules=lambda: LibraryRules(ocr=False)) as opened:
        opened.index(fax)
        words, id = StopsAfterTwo(opened.database), document(opened, "fax.tif").id
        ocr_pass = OcrPass(
            Documents(opened.database),
            ContentStore(opened.database),
            lambda: pool,
            Throttle(),
            words,
            OcrPages(opened.database),
            lambda: ("eng",),
        )
        part = Subtree(document(opened, "fax.tif").folder_id, os.fsencode(fax), os.fsencode(fax))
        with pytest.raises(Cancelled):
            ocr_pass.run([part], Job(cancel=cancel), lambda: False)
        assert sorted(words.of(id)) == [0, 1]
        words.keep(id, 0, words.of(id)[0].replace("number 1", "number one"))  # shows that it is not read once more
        assert ocr_pass.run([part], Job(), lambda: False) == OcrReport(1, 1)
        text = text_of(opened, "fax.tif")
        assert text.split("\n\n") == ["The page number one.", "The page number 2.", "The page number 3."]
        assert words.of(id) == {}


def test_an_edited_scan_is_read_anew(opened: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    opened.index(folder)
    write_scan(folder / "scan.pdf", picture_of(tmp_path, [Words("The baker moved away.", size=14)]))
    opened.index(folder)
    assert text_of(opened, "scan.pdf").strip() == "The baker moved away."
    write_scanned_pdf(folder / "scan.pdf")
    (skip, _) = opened.index(folder).skipped
    assert (skip.path.name, "scanned" in skip.reason) == ("scan.pdf", True)


def test_a_password_unlocks_a_document_and_others_that_have_the_same(
    opened: OpenLibrary, tmp_path: Path, passwords: Passwords
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("one.pdf", "two.pdf"):
        write_encrypted_pdf(folder / name, "sesame")
    opened.index(folder)
    locked = document(opened, "one.pdf")
    assert (locked.problem, locked.is_locked) == ("encrypted", True)

    passwords.add("barley", locked.path)
    opened.library.retry([locked.id])
    opened.index(folder)
    assert document(opened, "one.pdf").problem == "wrong_password"
    assert document(opened, "one.pdf").is_locked

    passwords.add("sesame", locked.path)
    opened.library.retry(one.id for one in opened.library.documents())
    assert opened.index(folder).skipped == ()
    assert not document(opened, "two.pdf").is_locked
