"""An opened document: its title and location, steps to the next passage, its text with the passage highlighted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QToolButton, QWidget

from core.domain.documents import DocumentText
from core.domain.locations import location_in, location_words, page_at, page_name, section_words, was_recognised
from core.i18n import tr
from gui.documents.passage_references import PassageReference, ReferenceList, document_title
from gui.documents.passage_view import PassageView
from gui.documents.text_window import find_quote
from gui.style.elements import ElidedLabel, card, column, icon_button, label, plain_tool_tip, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

SLOW_MS = 150  # a document that takes longer is announced


class DocumentView(QWidget):
    """Shows a `ReferenceList`, one passage at a time; its owner answers `text_wanted` with `show_text`."""

    closed = Signal()
    text_wanted = Signal(object)  # PassageReference
    open_outside = Signal(object)  # Path
    reveal = Signal(object)  # Path

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._references: ReferenceList | None = None
        self._text: DocumentText | None = None
        self._page_count = 0
        self._cited_location: tuple[int | None, str] = (None, "")  # the cited page, and its cells or lines
        self._quote_is_gone = False
        self.view = PassageView(theme)
        self.view.page_changed.connect(self._show_page)
        self._notice_card, notice_column = card("warning", margin=SPACE)
        self.notice = label("", wrap=True)
        notice_column.addWidget(self.notice)
        self._slow_timer = QTimer(self)
        self._slow_timer.setSingleShot(True)
        self._slow_timer.setInterval(SLOW_MS)
        self._slow_timer.timeout.connect(lambda: self._show_notice(tr("Opening the document…")))
        layout = column(self, 0, 0)
        layout.addWidget(self._header())
        layout.addWidget(self._notice_card)
        layout.addWidget(self.view, 1)

    def _header(self) -> QWidget:
        header = QFrame()
        header.setProperty("edge", "bottom")
        lines = column(header, SPACE, SPACE // 2)
        first, second = row(), row()
        self.title = ElidedLabel("", "strong")
        self.title.setAccessibleName(tr("Document"))
        self._back = icon_button(self._theme, "back", tr("Back (Alt+Left)"), self.closed.emit)
        self._back.setShortcut("Alt+Left")
        self._previous = icon_button(self._theme, "previous", tr("Previous passage"), lambda: self._step(-1))
        self._next = icon_button(self._theme, "next", tr("Next passage"), lambda: self._step(1))
        self._count = label("", "small")
        first.addWidget(self._back)
        first.addWidget(self.title, 1)
        for widget in (self._previous, self._count, self._next, self._more_button()):
            first.addWidget(widget)
        self.where = ElidedLabel("", "small")
        second.addSpacing(SPACE // 2)
        second.addWidget(self.where, 1)
        self.page = QLabel()
        self.page.setProperty("role", "small")
        second.addWidget(self.page)
        lines.addLayout(first)
        lines.addLayout(second)
        return header

    def _more_button(self) -> QToolButton:
        button = icon_button(self._theme, "more", tr("More about this document"))
        menu = QMenu(button)
        menu.addAction(tr("Open in its application"), lambda: self._with_path(self.open_outside.emit))
        menu.addAction(tr("Show in folder"), lambda: self._with_path(self.reveal.emit))
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _with_path(self, act: Callable[[Path], object]) -> None:
        if self._references is not None:
            act(self._references.current.path)

    def show_references(self, references: ReferenceList) -> None:
        """Show the current passage: at once if its document is the open one, else when its text comes."""
        self._references = references
        self._show_header(references)
        self._show_notice("")
        reference = references.current
        if self._text is not None and self._text.document.id == reference.document_id:
            self.show_text(self._text)
            return
        self._text = None
        self.view.clear()
        if reference.document_id is None:
            self._show_gone(reference)
        else:
            self._slow_timer.start()
            self.text_wanted.emit(reference)

    def _show_header(self, references: ReferenceList) -> None:
        reference = references.current
        self.title.setText(document_title(reference.path, reference.title))
        self.where.setText(section_words(reference) or str(reference.path.parent))
        self.where.setToolTip(plain_tool_tip(str(reference.path)))
        several = len(references.items) > 1
        for widget in (self._previous, self._next, self._count):
            widget.setVisible(several)
        self._count.setText(tr("{at} of {all}", at=references.index + 1, all=len(references.items)))
        self.page.setText(location_words(reference))

    def show_text(self, text: DocumentText | None) -> None:
        """Show the text that was asked for; None if the document is no longer in the library."""
        self._slow_timer.stop()
        if self._references is None:
            return
        reference = self._references.current
        if text is None:
            self._show_gone(reference)
        elif text.document.id == reference.document_id:
            self._text = text
            self._show_passage(text, reference)

    def _show_passage(self, text: DocumentText, reference: PassageReference) -> None:
        start, end = reference.start, reference.end
        if reference.quote:
            start, end = find_quote(text.text, reference.quote, start) or (0, 0)
        gone = bool(reference.quote) and start == end and not text.text.startswith(reference.quote)
        self._quote_is_gone = gone
        self._show_notice(tr("The document has changed: the cited words are no longer in it.") if gone else "")
        self._page_count = len(text.pages)
        names = tuple(page_name(text, page) for page in range(self._page_count))
        suffix = text.document.path.suffix
        self.view.show_passage(text.text, text.pages, start, end, suffix=suffix, page_names=names)
        page = page_at(text.pages, start)
        self._cited_location = (page, _location_text(reference, text, start, end) if text.rows else "")
        if page is not None:
            self._show_page(page)
        else:
            self.page.setText(_location_text(reference, text, start, end))
            if not gone and was_recognised(text, start, end):
                self._show_notice(_pictures_notice())

    def _show_gone(self, reference: PassageReference) -> None:
        if reference.quote:
            self._show_notice(tr("This document is no longer in Papermoor. These are the words that were cited."))
        else:
            self._show_notice(tr("This document is no longer in Papermoor."))
        self.view.show_passage(reference.quote, (), 0, len(reference.quote))

    def show_fault(self, text: str) -> None:
        """Say why the text that was asked for cannot be read."""
        self._slow_timer.stop()
        self._show_notice(text)

    def forget(self, document_id: int | None = None) -> None:
        """Ask for the text of this document, or of any, again the next time: it was indexed again."""
        if document_id is None or (self._text is not None and self._text.document.id == document_id):
            self._text = None

    def _step(self, by: int) -> None:
        if self._references is not None:
            self.show_references(self._references.stepped(by))

    def _show_notice(self, text: str) -> None:
        self.notice.setText(text)
        self._notice_card.setVisible(bool(text))

    def _show_page(self, page: int) -> None:
        if page < 0 or not self._page_count or self._text is None:
            return
        cited_page, location = self._cited_location
        self.page.setText((location if page == cited_page else "") or page_name(self._text, page, of_all=True))
        if not self._quote_is_gone:
            self._show_notice(_ocr_notice(self._text, page))


def _ocr_notice(text: DocumentText, page: int) -> str:
    """That this page, or a picture on it, was read by text recognition; "" if neither was."""
    if page in text.recognised:
        return tr("This page is scanned: text recognition (OCR) read it, and makes mistakes.")
    end = text.pages[page + 1] if page + 1 < len(text.pages) else len(text.text)
    return _pictures_notice() if was_recognised(text, text.pages[page], end) else ""


def _pictures_notice() -> str:
    return tr("Some of this stands in a picture: text recognition (OCR) read it, and makes mistakes.")


def _location_text(reference: PassageReference, text: DocumentText, start: int, end: int) -> str:
    """The lines or cells between two offsets: the passage may have moved within the document since it was found."""
    if start >= end:
        return ""
    location = location_in(text, start, end)
    return location_words(replace(reference, page=None, start=start, quote=text.text[start:end], location=location))
