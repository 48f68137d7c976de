"""An answer in the list of messages: what was read, the reasoning, the text, its sources, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from core.domain.conversation import ChatMessage, FormatKind, Omission
from core.domain.locations import location_words, section_words
from core.i18n import fault_text, fault_title, tr
from gui.chat.answer_text import AnswerText
from gui.chat.reading import WhatWasRead
from gui.chat.reasoning import Reasoning
from gui.chat.sources import Sources
from gui.chat.steps import Steps
from gui.chat.suggestion import SurveyOffer
from gui.chat.turn import Phase, TurnView
from gui.chat.verdict import VerdictCard
from gui.chat.waiting import Waiting
from gui.documents.passage_references import references_to_citations, references_to_passages
from gui.style.elements import card, column, icon_button, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme
from models.faults import Fault


class AnswerView(QWidget):
    """Follows a running turn by `follow`, or shows a stored message by `show_message`."""

    places_wanted = Signal(object)  # Places
    number_wanted = Signal(int)  # a citation clicked before its sources are known
    again_wanted = Signal()
    answer_now = Signal()
    folding_chosen = Signal(bool)
    survey_wanted = Signal(object)  # SurveySuggested

    def __init__(self, theme: Theme, reasoning_chosen: bool | None) -> None:
        super().__init__()
        self._theme = theme
        self._shown = 0
        self.message: ChatMessage | None = None
        self.read = WhatWasRead(theme)
        self.read.opened.connect(self.places_wanted)
        self.steps = Steps(theme)
        self.waiting = Waiting()
        self.reasoning = Reasoning(theme, reasoning_chosen)
        self.reasoning.chosen.connect(self.folding_chosen)
        self.reasoning.answer_now.connect(self.answer_now)
        self.text = AnswerText(theme)
        self.text.hide()
        self.text.cited.connect(self._cite)
        self.sources = Sources(theme)
        self.sources.opened.connect(self._open_source)
        self.verdict = VerdictCard(theme)
        self.verdict.opened.connect(self._open_nearest)
        self.offer = SurveyOffer()
        self.offer.wanted.connect(self.survey_wanted)
        self.note = label("", "small", wrap=True)
        self.note.hide()
        self._fault_card, self._fault_title, self._fault_text = self._make_fault_card()
        self._buttons = QWidget()
        self._buttons.setLayout(self._make_buttons())
        self._buttons.hide()
        layout = column(self, 0, SPACE)
        for widget in (
            self.read,
            self.steps,
            self.waiting,
            self.reasoning,
            self.text,
            self.note,
            self._fault_card,
            self.verdict,
            self.sources,
            self.offer,
            self._buttons,
        ):
            layout.addWidget(widget)

    def follow(self, turn: TurnView) -> None:
        """Show what has arrived of `turn`; called again as more comes."""
        self.waiting.show_turn(turn)
        searched = turn.searched
        places = references_to_passages(searched.passages).items if searched is not None else ()
        self.read.show_reading(turn.question, turn.basis, searched, turn.omissions, places)
        self.steps.show_steps(turn.steps)
        if turn.answer or not turn.phase.running:
            self.reasoning.show_finished(turn.reasoning, turn.reasoning_s)
        elif turn.reasoning:
            self.reasoning.show_running(turn.reasoning, turn.reasoning_s)
        if len(turn.answer) > self._shown:
            self.text.show()
            if not self._shown and turn.manner.answer_format.kind is not FormatKind.TEXT:
                self.text.append("```json\n")  # as it comes; in its form once it is whole
            self.text.append(turn.answer[self._shown :])
            self._shown = len(turn.answer)

    def finish(self, turn: TurnView) -> None:
        """`turn` has ended: show the answer as it was stored, or why there is none."""
        self.follow(turn)
        if turn.fault is not None:
            self.show_fault(turn.fault)
        else:
            self._finish(turn)

    def show_message(self, message: ChatMessage, question: ChatMessage | None = None) -> None:
        """Show a stored answer to `question`."""
        self.message = message
        self.waiting.end()
        if question is not None:
            omissions: tuple[Omission, ...] = (*question.omissions, *message.omissions)
            self.read.show_reading(
                question.text, question.context_summary, None, omissions, references_to_citations(question.sources).items
            )
            self.offer.show_suggestion(question.suggestion)
        self.steps.show_steps(message.tools)
        self.reasoning.show_finished(message.reasoning)
        self.reasoning.open_if_chosen()
        self._show_text(message)
        if not message.complete:
            self._say(tr("This answer was stopped before its end."))
        self._buttons.show()

    def show_unanswered(self) -> None:
        """A stored question that has no answer: the program ended, or a fault came."""
        self.waiting.end()
        self._say(tr("This question has no answer yet."))
        self.copy.hide()
        self._buttons.show()

    def show_fault(self, fault: Fault) -> None:
        self.waiting.end()
        self._fault_title.setText(fault_title(fault))
        self._fault_text.setText(fault_text(fault))
        self._fault_card.show()

    def set_last(self, last: bool) -> None:
        """Only the last answer can be written again."""
        self.again.setVisible(last)

    def _finish(self, turn: TurnView) -> None:
        self.waiting.end()
        self.offer.show_suggestion(turn.suggestion)
        stopped = turn.phase is Phase.STOPPED
        if turn.message is not None:
            self.message = turn.message
            self._show_text(turn.message)
        if stopped and not turn.answer:
            self._say(tr("Stopped before an answer was written."))
        elif stopped:
            self._say(tr("Stopped. What was written is kept."))
        elif turn.cut:
            self._say(tr("The answer reached the longest length set in the settings and was cut there."))
        elif not turn.answer:
            self._say(tr("The model ended without an answer. Try again, or ask in other words."))
        self._buttons.show()

    def _show_text(self, message: ChatMessage) -> None:
        self.text.setVisible(bool(message.text))
        checked = message.check.sentences if message.check is not None else ()
        self.text.finish(message.text, frozenset(citation.number for citation in message.citations), checked)
        self.verdict.show_judgement(message.check)
        self.sources.show_citations(message.citations)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.show()

    def _cite(self, number: int) -> None:
        citations = self.message.citations if self.message else ()
        at = next((i for i, citation in enumerate(citations) if citation.number == number), None)
        if at is None:
            self.number_wanted.emit(number)
        else:
            self._open_source(at)

    def _open_source(self, at: int) -> None:
        if self.message is not None:
            self.places_wanted.emit(references_to_citations(self.message.citations, at))

    def _open_nearest(self, at: int) -> None:
        self.places_wanted.emit(references_to_citations(self.verdict.passages, at))

    def copy_text(self) -> None:
        """Put the answer on the clipboard, with the list of its sources."""
        citations = self.message.citations if self.message else ()
        sources = "\n".join(
            f"[{c.number}] " + ", ".join(filter(None, (str(c.path), location_words(c), section_words(c))))
            for c in citations
        )
        QGuiApplication.clipboard().setText("\n\n".join(part for part in (self.text.written, sources) if part))

    def _make_buttons(self) -> QHBoxLayout:
        self.copy = icon_button(self._theme, "copy", tr("Copy the answer with its sources"), self.copy_text, size_px=16)
        self.again = icon_button(self._theme, "again", tr("Write the answer again"), self.again_wanted.emit, size_px=16)
        buttons = row(spacing=SPACE // 2)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        return buttons

    def _make_fault_card(self) -> tuple[QWidget, QLabel, QLabel]:
        frame, inside = card("danger")
        title, text = label("", "strong", wrap=True), label("", wrap=True)
        inside.addWidget(title)
        inside.addWidget(text)
        self.retry = push_button(tr("Try again"), self.again_wanted.emit)
        line = row()
        line.addWidget(self.retry)
        line.addStretch(1)
        inside.addLayout(line)
        frame.hide()
        return frame, title, text
