"""An answer in the list of messages: what was searched, the reasoning, the text, its sources, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from core.i18n import fault_text, fault_title, ngettext, tr
from core.values import ChatMessage, SearchedDocuments
from gui import words
from gui.chat.answer_text import AnswerText
from gui.chat.reasoning import Reasoning
from gui.chat.sources import Sources
from gui.chat.turn import Phase, Turn, documents_among
from gui.documents.place import of_citations, page_words
from gui.style.elements import card, column, icon_button, label, push_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme
from models.faults import Fault


class Answer(QWidget):
    """Follows a running turn by `follow`, or shows a stored message by `show_message`."""

    places_wanted = Signal(object)  # Places
    number_wanted = Signal(int)  # a citation clicked before its sources are known
    again_wanted = Signal()
    answer_now = Signal()
    folding_chosen = Signal(bool)

    def __init__(self, theme: Theme, reasoning_chosen: bool | None) -> None:
        super().__init__()
        self._theme = theme
        self._shown = 0
        self.message: ChatMessage | None = None
        self.status = label("", "small", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Progress"))
        self.progress.hide()
        self.reasoning = Reasoning(theme, reasoning_chosen)
        self.reasoning.folding_chosen.connect(self.folding_chosen)
        self.reasoning.answer_now.connect(self.answer_now)
        self.text = AnswerText(theme)
        self.text.hide()
        self.text.cited.connect(self._cite)
        self.sources = Sources(theme)
        self.sources.opened.connect(self._open_source)
        self.note = label("", "small", wrap=True)
        self.note.hide()
        self._fault_card, self._fault_title, self._fault_text = self._make_fault_card()
        self._buttons = QWidget()
        self._buttons.setLayout(self._make_buttons())
        self._buttons.hide()
        layout = column(self, 0, SPACE)
        for widget in (
            self.status,
            self.progress,
            self.reasoning,
            self.text,
            self.note,
            self._fault_card,
            self.sources,
            self._buttons,
        ):
            layout.addWidget(widget)

    def follow(self, turn: Turn) -> None:
        """Show what has arrived of `turn`; called again as more comes."""
        self._show_status(turn)
        if turn.answer or not turn.phase.running:
            self.reasoning.show_finished(turn.reasoning, turn.reasoning_s)
        elif turn.reasoning:
            self.reasoning.show_running(turn.reasoning, turn.reasoning_s)
        if len(turn.answer) > self._shown:
            self.text.show()
            self.text.append(turn.answer[self._shown :])
            self._shown = len(turn.answer)

    def finish(self, turn: Turn) -> None:
        """`turn` has ended: show the answer as it was stored, or why there is none."""
        self.follow(turn)
        if turn.fault is not None:
            self.show_fault(turn.fault)
        else:
            self._finish(turn)

    def show_message(self, message: ChatMessage) -> None:
        """Show a stored answer."""
        self.message = message
        self.status.hide()
        self.progress.hide()
        self.reasoning.show_finished(message.reasoning)
        self.reasoning.open_if_chosen()
        self._show_text(message)
        if not message.complete:
            self._say(tr("This answer was stopped before its end."))
        self._buttons.show()

    def show_unanswered(self) -> None:
        """A stored question that has no answer: the program ended, or a fault came."""
        self.status.hide()
        self._say(tr("This question has no answer yet."))
        self.copy.hide()
        self._buttons.show()

    def show_fault(self, fault: Fault) -> None:
        self.status.hide()
        self.progress.hide()
        self._fault_title.setText(fault_title(fault))
        self._fault_text.setText(fault_text(fault))
        self._fault_card.show()

    def set_last(self, last: bool) -> None:
        """Only the last answer can be written again."""
        self.again.setVisible(last)

    def _finish(self, turn: Turn) -> None:
        self.status.setVisible(turn.searched is not None)
        self.progress.hide()
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
        self.text.finish(message.text, frozenset(citation.number for citation in message.citations))
        self.sources.show_citations(message.citations)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.show()

    def _show_status(self, turn: Turn) -> None:
        phase, searched = turn.phase, turn.searched
        text = _searched_words(searched) if searched else tr("Searching your documents…")
        self.progress.hide()
        if phase is Phase.QUEUED:
            text = tr("Waiting for another answer to be finished…")
        elif phase is Phase.LOADING and turn.loading is not None:
            text = f"{text} · {tr('loading the model')}"
            self._show_progress(turn.loading.done, turn.loading.total, turn.loading.seconds_left)
        elif phase is Phase.READING and turn.reading is not None:
            reading = turn.reading
            left = words.time_left(reading.seconds_left)
            text = " · ".join(part for part in (text, tr("the model is reading them"), left) if part)
            self._show_progress(reading.done_tokens, reading.total_tokens, None)
        if turn.steps:
            looked = ngettext("looked further {n} time", "looked further {n} times", len(turn.steps))
            text = f"{text} · {looked}"
        self.status.setText(text)

    def _show_progress(self, done: int, total: int, seconds_left: float | None) -> None:
        self.progress.setRange(0, 1000 if total else 0)
        self.progress.setValue(int(1000 * done / total) if total else 0)
        self.progress.show()

    def _cite(self, number: int) -> None:
        citations = self.message.citations if self.message else ()
        at = next((i for i, citation in enumerate(citations) if citation.number == number), None)
        if at is None:
            self.number_wanted.emit(number)
        else:
            self._open_source(at)

    def _open_source(self, at: int) -> None:
        if self.message is not None:
            self.places_wanted.emit(of_citations(self.message.citations, at))

    def copy_text(self) -> None:
        """Put the answer on the clipboard, with the list of its sources."""
        citations = self.message.citations if self.message else ()
        sources = "\n".join(
            f"[{c.number}] " + ", ".join(part for part in (str(c.path), page_words(c.page)) if part) for c in citations
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


def _searched_words(searched: SearchedDocuments) -> str:
    """For example: 6 passages from 4 of 212 documents."""
    if not searched.passages:
        return tr("No passage fits the question")
    passages = ngettext("{n} passage", "{n} passages", len(searched.passages))
    found_in = documents_among(searched.passages)
    documents = ngettext(
        "{found} of {n} document", "{found} of {n} documents", searched.documents_searched, found=found_in
    )
    return tr("{passages} from {documents}", passages=passages, documents=documents)
