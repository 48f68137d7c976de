"""The line that says what an answer rests on ("6 passages from 4 of 212 documents"); opened, the whole of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal

from core.chat.messages import context_summary_text, omission_text
from core.domain.conversation import ContextSummary, Omission, SearchedDocuments
from core.domain.locations import location_words, section_words
from core.i18n import ngettext, tr
from gui.chat.fold import Fold
from gui.chat.turn import documents_among
from gui.documents.passage_references import PassageReference, ReferenceList, document_title
from gui.style.elements import ElidedButton, label
from gui.style.theme import Theme

LISTED = 40


class WhatWasRead(Fold):
    """Hidden until something is known. What was left out is said in the open line too: nothing is cut silently."""

    opened = Signal(object)  # Places

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._shown: object = None
        self._places: tuple[PassageReference, ...] = ()
        self.lines: list[str] = []
        self.passages: list[ElidedButton] = []
        self.hide()

    def show_reading(
        self,
        question: str,
        basis: ContextSummary | None,
        searched: SearchedDocuments | None,
        omissions: Sequence[Omission],
        places: Sequence[PassageReference],
    ) -> None:
        """`question` is what the person typed: the words that were searched are said where they differ from it."""
        known = (question, basis, searched, tuple(omissions), tuple(places))
        if known == self._shown or (basis is None and searched is None):
            return
        self._shown = known
        title = context_summary_text(basis) if basis is not None else searched_words(searched) if searched else ""
        if omissions:
            title = tr("{read} · not everything", read=title)
        self.set_title(title)
        query = basis.query if basis is not None else searched.query if searched else ""
        meaning = basis.semantic if basis is not None else searched is None or searched.semantic
        self.lines = [omission_text(omission) for omission in omissions]
        if " ".join(query.split()) != " ".join(question.split()) and query:
            self.lines.insert(0, tr("Searched for: {query}", query=query))
        if not meaning:
            self.lines.append(tr("Found by the words themselves: there is no search model."))
        self._places = tuple(places)
        self._fill()
        self.show()

    def _fill(self) -> None:
        while self.inside.count():
            item = self.inside.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for line in self.lines:
            self.inside.addWidget(label(line, "small", wrap=True))
        self.passages = []
        for at, place in enumerate(self._places[:LISTED]):
            words = " · ".join(
                filter(None, (document_title(place.path, place.title), location_words(place), section_words(place)))
            )
            made = ElidedButton(words, partial(self._open, at))
            made.setToolTip(str(place.path))
            self.inside.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
            self.passages.append(made)

    def _open(self, at: int) -> None:
        self.opened.emit(ReferenceList(self._places, at))


def searched_words(searched: SearchedDocuments) -> str:
    """For example: 6 passages from 4 of 212 documents."""
    if not searched.passages:
        return tr("No passage fits the question")
    passages = ngettext("{n} passage", "{n} passages", len(searched.passages))
    found_in = documents_among(searched.passages)
    documents = ngettext(
        "{found} of {n} document", "{found} of {n} documents", searched.documents_searched, found=found_in
    )
    return tr("{passages} from {documents}", passages=passages, documents=documents)
