"""The opened document says which of its text was read by text recognition."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.domain.documents import Document, DocumentState, DocumentText
from gui.documents.document_view import DocumentView
from gui.documents.passage_references import PassageReference, ReferenceList
from gui.style.theme import Theme

LETTER = "Plain words.\n\nWords of a scan.\n\nPlain again."
SCAN = (LETTER.index("Words of"), LETTER.index("\n\nPlain again"))


def text_of(name: str, text: str, **more: object) -> DocumentText:
    document = Document(1, 1, Path("/d") / name, "Title", DocumentState.INDEXED, "", 1, 1, None, 1)
    return DocumentText(document, text, **{"pages": ()} | more)  # type: ignore[arg-type]  # its own fields


@pytest.fixture
def view(qapp: QApplication, qtbot: QtBot) -> DocumentView:
    view = DocumentView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    return view


def notice(view: DocumentView, text: DocumentText, start: int, end: int) -> str:
    """What the view says of the passage between two offsets."""
    quote = text.text[start:end]
    view.forget()
    view.show_references(
        ReferenceList((PassageReference(1, text.document.path, "Title", None, "", start, end, quote),))
    )
    view.show_text(text)
    return view.notice.text()


def test_a_passage_in_a_scanned_picture_is_announced_and_one_beside_it_is_not(view: DocumentView) -> None:
    text = text_of("letter.docx", LETTER, pictured=(SCAN,))
    assert "stands in a picture" in notice(view, text, *SCAN)
    assert notice(view, text, 0, 12) == ""


def test_a_slide_with_a_scanned_picture_and_a_scanned_page_are_announced(view: DocumentView) -> None:
    second = LETTER.index("Plain again")
    slides = text_of("talk.pptx", LETTER, pages=(0, second), pictured=(SCAN,))
    assert "stands in a picture" in notice(view, slides, 0, 5)
    assert notice(view, slides, second, second + 5) == ""
    pages = text_of("lease.pdf", LETTER, pages=(0, second), recognised=(0,))
    assert "This page is scanned" in notice(view, pages, 0, 5)
