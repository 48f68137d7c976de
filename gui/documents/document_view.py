"""An opened document in the document pane: where it is, a step to the next place, its text with the passage marked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QToolButton, QWidget

from core.domain.documents import DocumentText
from core.domain.locations import page_at, page_name, place_words, section_words, spot_in, was_recognised
from core.i18n import tr
from gui.documents.passage_view import PassageView
from gui.documents.place import PassageTarget, PassageTargets, shown_title
from gui.documents.text_window import find_quote
from gui.style.elements import ElidedLabel, card, column, icon_button, label, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

SLOW_MS = 150


class DocumentView(QWidget):
    """Shows `Places`, one at a time; whoever owns it fetches the texts that `wanted` asks for."""

    closed = Signal()
    wanted = Signal(object)  # Place
    open_outside = Signal(object)  # Path
    reveal = Signal(object)  # Path

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._places: PassageTargets | None = None
        self._text: DocumentText | None = None
        self._page_count = 0
        self._cells: tuple[int | None, str] = (None, "")
        self._changed = False
        self.view = PassageView(theme)
        self.view.page_changed.connect(self._show_page)
        self._notice_card, notice_column = card("warning", margin=SPACE)
        self.notice = label("", wrap=True)
        notice_column.addWidget(self.notice)
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(SLOW_MS)
        self._waiting.timeout.connect(lambda: self._say(tr("Opening the document…")))
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

    def _with_path(self, act: object) -> None:
        if self._places is not None and callable(act):
            act(self._places.current.path)

    def show_places(self, places: PassageTargets) -> None:
        """Show the current one of `places`: at once if its document is the open one, else when its text comes."""
        self._places = places
        place = places.current
        self.title.setText(shown_title(place.path, place.title))
        self.where.setText(section_words(place) or _short(place.path))
        self.where.setToolTip(str(place.path))
        several = len(places.items) > 1
        for widget in (self._previous, self._next, self._count):
            widget.setVisible(several)
        self._count.setText(tr("{at} of {all}", at=places.at + 1, all=len(places.items)))
        self.page.setText(place_words(place))
        self._say("")
        if self._text is not None and self._text.document.id == place.document_id:
            self.show_text(self._text)
            return
        self._text = None
        self.view.clear()
        if place.document_id is None:
            self._show_gone(place)
        else:
            self._waiting.start()
            self.wanted.emit(place)

    def show_text(self, text: DocumentText | None) -> None:
        """The text that was asked for came; None if the document is no longer there."""
        self._waiting.stop()
        if text is None and self._places is not None:
            self._show_gone(self._places.current)
        if text is None or self._places is None or self._places.current.document_id != text.document.id:
            return
        self._text = text
        self._page_count = len(text.pages)
        place = self._places.current
        found = (place.start, place.end)
        if place.quote:
            found = find_quote(text.text, place.quote, place.start) or (0, 0)
        changed = bool(place.quote) and found == (0, 0) and not text.text.startswith(place.quote)
        self._changed = changed
        self._say(tr("The document has changed: the cited words are no longer in it.") if changed else "")
        names = tuple(page_name(text, page) for page in range(self._page_count))
        self.view.show_passage(text.text, text.pages, *found, suffix=text.document.path.suffix, names=names)
        page = page_at(text.pages, found[0])
        self._cells = (page, _exactly(place, text, found) if text.rows else "")
        if page is not None:
            self._show_page(page)
        else:
            self.page.setText(_exactly(place, text, found))
            if not changed and was_recognised(text, *found):
                self._say(_pictures_words())

    def _show_gone(self, place: PassageTarget) -> None:
        if place.quote:
            self._say(tr("This document is no longer in Papermoor. These are the words that were cited."))
        else:
            self._say(tr("This document is no longer in Papermoor."))
        self.view.show_passage(place.quote, (), 0, len(place.quote))

    def show_fault(self, words: str) -> None:
        self._waiting.stop()
        self._say(words)

    def forget(self, document_id: int | None = None) -> None:
        """Read the document anew the next time: it was indexed again."""
        if document_id is None or (self._text is not None and self._text.document.id == document_id):
            self._text = None

    def _step(self, by: int) -> None:
        if self._places is not None:
            self.show_places(self._places.stepped(by))

    def _say(self, words: str) -> None:
        self.notice.setText(words)
        self._notice_card.setVisible(bool(words))

    def _show_page(self, page: int) -> None:
        if page < 0 or not self._page_count or self._text is None:
            return
        cited, cells = self._cells
        self.page.setText((cells if page == cited else "") or page_name(self._text, page, of_all=True))
        if not self._changed:
            self._say(_recognition_words(self._text, page))


def _recognition_words(text: DocumentText, page: int) -> str:
    """That this page, or pictures on it, were read by text recognition."""
    if page in text.recognised:
        return tr("This page is scanned: text recognition (OCR) read it, and makes mistakes.")
    end = text.pages[page + 1] if page + 1 < len(text.pages) else len(text.text)
    return _pictures_words() if was_recognised(text, text.pages[page], end) else ""


def _pictures_words() -> str:
    return tr("Some of this stands in a picture: text recognition (OCR) read it, and makes mistakes.")


def _exactly(place: PassageTarget, text: DocumentText, found: tuple[int, int]) -> str:
    """The lines or cells of the place; it may have moved within the document since it was found."""
    start, end = found
    if start >= end:
        return ""
    return place_words(
        replace(place, page=None, start=start, quote=text.text[start:end], spot=spot_in(text, start, end))
    )


def _short(path: Path) -> str:
    """The folder a document is in, for the line under its title."""
    return str(path.parent)
