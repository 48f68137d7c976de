"""The line that says what an answer is written from ("6 passages from 4 of 212 documents"); opens to the details."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal

from core.chat.turn_texts import context_lines, context_title
from core.domain.conversation import ContextSummary, Omission, SearchedDocuments
from core.domain.locations import location_words, section_words
from gui.chat.collapsible_section import CollapsibleSection
from gui.documents.passage_references import PassageReference, ReferenceList, document_title
from gui.style.elements import ElidedButton, label, plain_tool_tip
from gui.style.theme import Theme

MAX_LISTED = 40


class ContextSummaryView(CollapsibleSection):
    """Hidden until the context is known. Its title says too that something was left out: nothing is cut silently."""

    passage_opened = Signal(object)  # ReferenceList

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._shown: object = None
        self._references: tuple[PassageReference, ...] = ()
        self.lines: list[str] = []
        self.passages: list[ElidedButton] = []
        self.hide()

    def show_context(
        self,
        question: str,
        context: ContextSummary | SearchedDocuments | None,
        omissions: Sequence[Omission],
        references: Sequence[PassageReference],
    ) -> None:
        """Show the context of the answer to `question`, which is the text as typed, and references to its passages."""
        shown = (question, context, tuple(omissions), tuple(references))
        if context is None or shown == self._shown:
            return
        self._shown = shown
        self.set_title(context_title(context, omissions))
        self.lines = context_lines(question, context, omissions)
        self._references = tuple(references)
        self._fill()
        self.show()

    def _fill(self) -> None:
        while self.content.count():
            item = self.content.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for line in self.lines:
            self.content.addWidget(label(line, "small", wrap=True))
        self.passages = []
        for index, passage in enumerate(self._references[:MAX_LISTED]):
            title = document_title(passage.path, passage.title)
            text = " · ".join(filter(None, (title, location_words(passage), section_words(passage))))
            button = ElidedButton(text, partial(self._open, index))
            button.setToolTip(plain_tool_tip(str(passage.path)))
            self.content.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            self.passages.append(button)

    def _open(self, index: int) -> None:
        self.passage_opened.emit(ReferenceList(self._references, index))
