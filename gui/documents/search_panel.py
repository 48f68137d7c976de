"""The results of a search: what was searched, the results, and what to do if nothing was found."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.domain.documents import SearchResult
from core.i18n import ngettext, tr
from core.retrieval.snippets import HighlightedResult
from gui.documents.results import ResultsView
from gui.style.elements import card, column, label, push_button
from gui.style.sheet import SPACE
from gui.style.theme import Theme


class SearchPanel(QWidget):
    """Shows one search; emits `search_model_wanted` where search by meaning needs an embedding model first."""

    opened = Signal(int)  # row of a result
    search_model_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.result: HighlightedResult | None = None
        self.summary = label("", "small", wrap=True)
        self.view = ResultsView(theme)
        self.view.opened.connect(self.opened)
        self._nothing_found = label("", "muted", wrap=True)
        self._nothing_found.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._search_model_card, inside = card("plain", margin=int(1.5 * SPACE), spacing=SPACE // 2)
        inside.addWidget(label(tr("Found by the words themselves."), "strong", wrap=True))
        inside.addWidget(
            label(
                tr("With a small search model, Papermoor also finds passages that say it in other words."),
                "small",
                wrap=True,
            )
        )
        self.get_search_model = push_button(tr("Search by meaning too…"), self.search_model_wanted.emit, "link")
        inside.addWidget(self.get_search_model)
        layout = column(self, 0, SPACE)
        layout.setContentsMargins(SPACE, 0, SPACE, SPACE)
        layout.addWidget(self.summary)
        layout.addWidget(self._nothing_found)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._search_model_card)
        layout.addStretch(0)
        self.show_searching()

    def show_searching(self) -> None:
        """A search has begun. Earlier results stay until it ends."""
        if self.result is None:
            self.summary.setText(tr("Searching…"))
            self._nothing_found.hide()
            self._search_model_card.hide()

    def show_result(self, result: HighlightedResult, *, still_indexing: bool) -> None:
        self.result = result
        search = result.search_result
        self.summary.setText(_summary(search))
        self.view.show_result(result)
        self.view.setVisible(bool(result.snippets))
        self._nothing_found.setText(_nothing_found_text(search, still_indexing))
        self._nothing_found.setVisible(not result.snippets)
        self._search_model_card.setVisible(not search.semantic and search.documents_searched > 0)

    def clear(self) -> None:
        self.result = None
        self.view.show_result(None)


def _summary(result: SearchResult) -> str:
    passages = ngettext("{n} passage", "{n} passages", len(result.passages))
    documents = ngettext("in {n} document", "in {n} documents", result.documents_searched)
    return tr("{passages} {in_documents} searched", passages=passages, in_documents=documents)


def _nothing_found_text(result: SearchResult, still_indexing: bool) -> str:
    if not result.documents_searched and still_indexing:
        return tr("The first documents are still being read. Try again in a moment.")
    if not result.documents_searched:
        return tr("There is nothing to search yet. Add a folder first.")
    text = tr("Nothing was found for “{query}”. Try fewer or other words.", query=result.query)
    return " ".join((text, tr("Some documents are still being read."))) if still_indexing else text
