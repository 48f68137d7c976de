"""The results of a search: how many and how they were found, the cards, and what to do when nothing was found."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.domain.documents import SearchResult
from core.i18n import ngettext, tr
from gui.documents.marks import TextMatch
from gui.documents.results import ResultsView
from gui.style.elements import card, column, label, push_button
from gui.style.sheet import SPACE
from gui.style.theme import Theme


class SearchPanel(QWidget):
    """Shows one search. `meaning_wanted` asks for the embedding model."""

    opened = Signal(int)
    meaning_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.found: TextMatch | None = None
        self.summary = label("", "small", wrap=True)
        self.view = ResultsView(theme)
        self.view.opened.connect(self.opened)
        self._nothing = label("", "muted", wrap=True)
        self._nothing.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._meaning, inside = card("plain", margin=int(1.5 * SPACE), spacing=SPACE // 2)
        inside.addWidget(label(tr("Found by the words themselves."), "strong", wrap=True))
        inside.addWidget(
            label(
                tr("With a small search model, Papermoor also finds passages that say it in other words."),
                "small",
                wrap=True,
            )
        )
        self.get_meaning = push_button(tr("Search by meaning too…"), self.meaning_wanted.emit, "link")
        inside.addWidget(self.get_meaning)
        layout = column(self, 0, SPACE)
        layout.setContentsMargins(SPACE, 0, SPACE, SPACE)
        layout.addWidget(self.summary)
        layout.addWidget(self._nothing)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._meaning)
        layout.addStretch(0)
        self.show_searching()

    def show_searching(self) -> None:
        """A search is on its way; earlier results stay until it ends."""
        if self.found is None:
            self.summary.setText(tr("Searching…"))
            self._nothing.hide()
            self._meaning.hide()

    def show_found(self, found: TextMatch, *, still_indexing: bool) -> None:
        self.found = found
        result = found.result
        self.summary.setText(_summary(result))
        self.view.show_found(found)
        self.view.setVisible(bool(found.snippets))
        self._nothing.setText(_nothing_found(result, still_indexing))
        self._nothing.setVisible(not found.snippets)
        self._meaning.setVisible(not result.meaning and result.documents_searched > 0)

    def clear(self) -> None:
        self.found = None
        self.view.show_found(None)


def _summary(result: SearchResult) -> str:
    passages = ngettext("{n} passage", "{n} passages", len(result.passages))
    documents = ngettext("in {n} document", "in {n} documents", result.documents_searched)
    return tr("{passages} {in_documents} searched", passages=passages, in_documents=documents)


def _nothing_found(result: SearchResult, still_indexing: bool) -> str:
    if not result.documents_searched and still_indexing:
        return tr("The first documents are still being read. Try again in a moment.")
    if not result.documents_searched:
        return tr("There is nothing to search yet. Add a folder first.")
    words = tr("Nothing was found for “{query}”. Try fewer or other words.", query=result.query)
    return " ".join((words, tr("Some documents are still being read."))) if still_indexing else words
