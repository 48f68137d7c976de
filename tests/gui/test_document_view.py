"""The opened document says of what it shows that it was read from a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.domain.documents import Document, DocumentState, DocumentText
from gui.documents.document_view import DocumentView
from gui.documents.place import PassageTarget, PassageTargets
from gui.style.theme import Theme

LETTER = "Plain words.\n\nWords of a scan.\n\nPlain again."
SCAN = (LETTER.index("Words of"), LETTER.index("\n\nPlain again"))


def text_of(name: str, text: str, **more: object) -> DocumentText:
    document = Document(1, 1, Path("/d") / name, "Title", DocumentState.INDEXED, "", 1, 1, None, 1)
    return DocumentText(document, text, **{"pages": ()} | more)  # type: ignore[arg-type]  # its own fields


@pytest.fixture
def view(qapp: QApplication, qtbot: QtBot) -> DocumentView:
    made = DocumentView(Theme(qapp, "light"))
    qtbot.addWidget(made)
    return made


def told(view: DocumentView, text: DocumentText, start: int, end: int) -> str:
    quote = text.text[start:end]
    view.forget()
    view.show_places(PassageTargets((PassageTarget(1, text.document.path, "Title", None, "", start, end, quote),)))
    view.show_text(text)
    return view.notice.text()


def test_words_of_a_scan_in_a_letter_say_so_and_those_beside_it_do_not(view: DocumentView) -> None:
    text = text_of("letter.docx", LETTER, pictured=(SCAN,))
    assert "stands in a picture" in told(view, text, *SCAN)
    assert told(view, text, 0, 12) == ""


def test_a_slide_with_a_scan_says_so_and_a_scanned_page_is_one(view: DocumentView) -> None:
    second = LETTER.index("Plain again")
    slides = text_of("talk.pptx", LETTER, pages=(0, second), pictured=(SCAN,))
    assert "stands in a picture" in told(view, slides, 0, 5)
    assert told(view, slides, second, second + 5) == ""
    pages = text_of("lease.pdf", LETTER, pages=(0, second), recognised=(0,))
    assert "This page is scanned" in told(view, pages, 0, 5)
