"""An answer in the list of messages: its context, tool calls, reasoning, text, verdict, sources and buttons."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from core.chat.turn_state import TurnState
from core.chat.turn_texts import ending_text, source_list_text
from core.domain.conversation import ChatMessage, FormatKind
from core.i18n import fault_text, fault_title, tr
from gui.chat.answer_text import AnswerText
from gui.chat.context_summary import ContextSummaryView
from gui.chat.reasoning import ReasoningView
from gui.chat.sources import SourceList
from gui.chat.survey_offer import SurveyOffer
from gui.chat.tool_calls import ToolCallList
from gui.chat.turn_progress import TurnProgressView
from gui.chat.verdict_card import VerdictCard
from gui.documents.passage_references import references_to_citations, references_to_passages
from gui.style.elements import card, column, icon_button, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme
from models.faults import Fault


class AnswerView(QWidget):
    """Shows a running turn through `follow` and `finish`, or a stored message through `show_message`."""

    references_wanted = Signal(object)  # ReferenceList
    source_wanted = Signal(int)  # number of a citation that is clicked before its source is known
    regenerate_wanted = Signal()
    answer_now_wanted = Signal()
    reasoning_toggled = Signal(bool)
    survey_wanted = Signal(object)  # SurveySuggested

    def __init__(self, theme: Theme, reasoning_open: bool | None) -> None:
        super().__init__()
        self._theme = theme
        self._shown_length = 0
        self.message: ChatMessage | None = None
        self.context = ContextSummaryView(theme)
        self.context.passage_opened.connect(self.references_wanted)
        self.tool_calls = ToolCallList(theme)
        self.progress = TurnProgressView()
        self.reasoning = ReasoningView(theme, reasoning_open)
        self.reasoning.toggled_by_user.connect(self.reasoning_toggled)
        self.reasoning.answer_now_wanted.connect(self.answer_now_wanted)
        self.text = AnswerText(theme)
        self.text.hide()
        self.text.citation_clicked.connect(self._open_citation)
        self.sources = SourceList(theme)
        self.sources.source_opened.connect(self._open_source)
        self.verdict = VerdictCard(theme)
        self.verdict.passage_opened.connect(self._open_nearest_passage)
        self.survey_offer = SurveyOffer()
        self.survey_offer.accepted.connect(self.survey_wanted)
        self.note = label("", "small", wrap=True)
        self.note.hide()
        self._fault_card, self._fault_title, self._fault_text = self._make_fault_card()
        self._buttons = QWidget()
        self._buttons.setLayout(self._make_buttons())
        self._buttons.hide()
        layout = column(self, 0, SPACE)
        for widget in (
            self.context,
            self.tool_calls,
            self.progress,
            self.reasoning,
            self.text,
            self.note,
            self._fault_card,
            self.verdict,
            self.sources,
            self.survey_offer,
            self._buttons,
        ):
            layout.addWidget(widget)

    def follow(self, turn: TurnState) -> None:
        """Show what has arrived of `turn`; called again as more comes."""
        self.progress.show_turn(turn)
        passages = turn.searched.passages if turn.searched is not None else ()
        references = references_to_passages(passages).items
        self.context.show_context(turn.question, turn.context, turn.omissions, references)
        self.tool_calls.show_calls(turn.tool_calls)
        if turn.answer or not turn.phase.running:
            self.reasoning.show_finished(turn.reasoning, turn.reasoning_s)
        elif turn.reasoning:
            self.reasoning.show_running(turn.reasoning, turn.reasoning_s)
        if len(turn.answer) > self._shown_length:
            self.text.show()
            if not self._shown_length and turn.options.answer_format.kind is not FormatKind.TEXT:
                self.text.append("```json\n")  # streamed as JSON, formatted once it is whole
            self.text.append(turn.answer[self._shown_length :])
            self._shown_length = len(turn.answer)

    def finish(self, turn: TurnState) -> None:
        """Show the answer of an ended turn as it was stored, or why there is none."""
        self.follow(turn)
        if turn.fault is not None:
            self.show_fault(turn.fault)
        else:
            self._show_end(turn)

    def show_message(self, message: ChatMessage, question: ChatMessage | None = None) -> None:
        """Show a stored answer to `question`."""
        self.message = message
        self.progress.clear()
        if question is not None:
            omissions = (*question.omissions, *message.omissions)
            references = references_to_citations(question.sources).items
            self.context.show_context(question.text, question.context_summary, omissions, references)
            self.survey_offer.show_suggestion(question.suggestion)
        self.tool_calls.show_calls(message.tools)
        self.reasoning.show_finished(message.reasoning)
        self.reasoning.open_if_chosen()
        self._show_text(message)
        if not message.complete:
            self._show_note(tr("This answer was stopped before its end."))
        self._buttons.show()

    def show_unanswered(self) -> None:
        """Show that a stored question has no answer, since the program ended or a fault occurred."""
        self.progress.clear()
        self._show_note(tr("This question has no answer yet."))
        self.copy_button.hide()
        self._buttons.show()

    def show_fault(self, fault: Fault) -> None:
        self.progress.clear()
        self._fault_title.setText(fault_title(fault))
        self._fault_text.setText(fault_text(fault))
        self._fault_card.show()

    def set_is_last(self, last: bool) -> None:
        """Only the last answer can be regenerated."""
        self.regenerate_button.setVisible(last)

    def _show_end(self, turn: TurnState) -> None:
        self.progress.clear()
        self.survey_offer.show_suggestion(turn.suggestion)
        if turn.message is not None:
            self.message = turn.message
            self._show_text(turn.message)
        if text := ending_text(turn):
            self._show_note(text)
        self._buttons.show()

    def _show_text(self, message: ChatMessage) -> None:
        self.text.setVisible(bool(message.text))
        checked = message.check.sentences if message.check is not None else ()
        self.text.finish(message.text, frozenset(citation.number for citation in message.citations), checked)
        self.verdict.show_check(message.check)
        self.sources.show_citations(message.citations)

    def _show_note(self, text: str) -> None:
        self.note.setText(text)
        self.note.show()

    def _open_citation(self, number: int) -> None:
        citations = self.message.citations if self.message else ()
        index = next((i for i, citation in enumerate(citations) if citation.number == number), None)
        if index is None:
            self.source_wanted.emit(number)
        else:
            self._open_source(index)

    def _open_source(self, index: int) -> None:
        if self.message is not None:
            self.references_wanted.emit(references_to_citations(self.message.citations, index))

    def _open_nearest_passage(self, index: int) -> None:
        self.references_wanted.emit(references_to_citations(self.verdict.passages, index))

    def copy_text(self) -> None:
        """Copy the answer and the list of its sources to the clipboard."""
        sources = source_list_text(self.message.citations if self.message else ())
        QGuiApplication.clipboard().setText("\n\n".join(part for part in (self.text.markdown, sources) if part))

    def _make_buttons(self) -> QHBoxLayout:
        self.copy_button = icon_button(
            self._theme, "copy", tr("Copy the answer with its sources"), self.copy_text, size_px=16
        )
        self.regenerate_button = icon_button(
            self._theme, "again", tr("Write the answer again"), self.regenerate_wanted.emit, size_px=16
        )
        buttons = row(spacing=SPACE // 2)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.regenerate_button)
        buttons.addStretch(1)
        return buttons

    def _make_fault_card(self) -> tuple[QWidget, QLabel, QLabel]:
        frame, inside = card("danger")
        title, text = label("", "strong", wrap=True), label("", wrap=True)
        inside.addWidget(title)
        inside.addWidget(text)
        self.retry_button = push_button(tr("Try again"), self.regenerate_wanted.emit)
        line = row()
        line.addWidget(self.retry_button)
        line.addStretch(1)
        inside.addLayout(line)
        frame.hide()
        return frame, title, text
