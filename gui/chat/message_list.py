"""The messages of one conversation, newest at the bottom. Earlier ones get widgets in batches, on request."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from core.chat.turn_state import TurnState
from core.domain.conversation import ChatMessage
from core.i18n import tr
from gui.chat.answer import AnswerView
from gui.chat.question import QuestionView
from gui.style.elements import column, icon_button, push_button, row
from gui.style.sheet import COLUMN_WIDTH, SPACE
from gui.style.theme import Theme

BATCH_SIZE = 30  # messages
NEAR_END_PX = 40


class MessageList(QScrollArea):
    """Stays at the end while text arrives, unless the person scrolled up."""

    references_wanted = Signal(object)  # ReferenceList
    source_wanted = Signal(int)  # number of a citation that is clicked before its source is known
    regenerate_wanted = Signal()
    edit_wanted = Signal(str)
    answer_now_wanted = Signal()
    reasoning_toggled = Signal(bool)  # True if it was opened
    link_clicked = Signal(QUrl)
    survey_wanted = Signal(object)  # SurveySuggested

    def __init__(self, theme: Theme, reasoning_open: bool | None) -> None:
        super().__init__()
        self._theme = theme
        self.reasoning_open = reasoning_open
        self._earlier: list[ChatMessage] = []
        self.shown: list[QuestionView | AnswerView] = []
        self._follows_end = True
        self._answering = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Messages"))
        self._page = QWidget()
        self._page.setObjectName("canvas")
        self._column = QWidget()
        self._column.setMaximumWidth(COLUMN_WIDTH)
        self._messages = column(self._column, 0, 2 * SPACE)
        self.earlier_button = push_button(tr("Show earlier messages"), self._show_earlier, "link")
        self.earlier_button.hide()
        self._messages.addWidget(self.earlier_button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._messages.addStretch(1)
        centred = row(self._page, 0, 0)
        centred.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 3 * SPACE)
        centred.addStretch(1)
        centred.addWidget(self._column, 1000)
        centred.addStretch(1)
        self.setWidget(self._page)
        self._to_end_button = icon_button(theme, "next", tr("Go to the end"), self.go_to_end)
        self._to_end_button.setParent(self)
        self._to_end_button.setProperty("kind", "float")
        self._to_end_button.hide()
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._range_changed)

    def clear(self) -> None:
        for widget in self.shown:
            self._messages.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.shown = []
        self._answering = False
        self._earlier = []
        self.earlier_button.hide()

    def show_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Show a stored conversation from its end."""
        self.clear()
        first = max(0, len(messages) - BATCH_SIZE)
        self._earlier = list(messages[:first])
        self.earlier_button.setVisible(bool(self._earlier))
        for index, message in enumerate(messages[first:], first):
            self._add(self._make_view(message, messages[index - 1] if index else None))
        if messages and messages[-1].role == "user":
            unanswered = self._make_answer()
            unanswered.show_unanswered()
            self._add(unanswered)
        self.update_last()
        self.go_to_end()

    def add_turn(self, turn: TurnState) -> AnswerView:
        """Add a question and the answer that follows it."""
        self._add(self._make_question(turn.question))
        answer = self._make_answer()
        self._add(answer)
        answer.follow(turn)
        self._answering = turn.phase.running
        self.update_last()
        self.go_to_end()
        return answer

    def go_to_end(self) -> None:
        self._follows_end = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        QTimer.singleShot(0, self, self._keep_at_end)

    def last_question(self) -> str:
        return next((widget.text for widget in reversed(self.shown) if isinstance(widget, QuestionView)), "")

    def remove_last_turn(self) -> None:
        """Remove the last question and what follows it from the list."""
        while self.shown:
            widget = self.shown.pop()
            self._messages.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
            if isinstance(widget, QuestionView):
                return

    def copy_last_answer(self) -> None:
        answer = next((widget for widget in reversed(self.shown) if isinstance(widget, AnswerView)), None)
        if answer is not None:
            answer.copy_text()

    def _add(self, widget: QuestionView | AnswerView, index: int | None = None) -> None:
        """Insert `widget` at `index` of those shown, or at the end: between the button at the top and the stretch."""
        index = len(self.shown) if index is None else index
        self.shown.insert(index, widget)
        self._messages.insertWidget(index + 1, widget)

    def _make_view(self, message: ChatMessage, before: ChatMessage | None) -> QuestionView | AnswerView:
        if message.role == "user":
            return self._make_question(message.text)
        answer = self._make_answer()
        answer.show_message(message, before)
        return answer

    def _make_question(self, text: str) -> QuestionView:
        question = QuestionView(self._theme, text)
        question.edit_wanted.connect(self.edit_wanted)
        return question

    def _make_answer(self) -> AnswerView:
        answer = AnswerView(self._theme, self.reasoning_open)
        answer.references_wanted.connect(self.references_wanted)
        answer.source_wanted.connect(self.source_wanted)
        answer.regenerate_wanted.connect(self.regenerate_wanted)
        answer.answer_now_wanted.connect(self.answer_now_wanted)
        answer.reasoning_toggled.connect(self._remember_reasoning)
        answer.survey_wanted.connect(self.survey_wanted)
        answer.text.link_clicked.connect(self.link_clicked)
        return answer

    def _remember_reasoning(self, opened: bool) -> None:
        self.reasoning_open = opened
        self.reasoning_toggled.emit(opened)

    def finish_turn(self) -> None:
        """Offer editing of the last question again: its answer has ended."""
        self._answering = False
        self.update_last()

    def update_last(self) -> None:
        """Offer editing on the last question only, and regenerating on the last answer only."""
        answers = [widget for widget in self.shown if isinstance(widget, AnswerView)]
        questions = [widget for widget in self.shown if isinstance(widget, QuestionView)]
        for answer in answers:
            answer.set_is_last(answer is answers[-1])
        for question in questions:
            question.set_editable(question is questions[-1] and not self._answering)

    def _show_earlier(self) -> None:
        """Add the messages before those shown, and keep the visible ones where they are."""
        bar = self.verticalScrollBar()
        from_end = bar.maximum() - bar.value()
        batch, self._earlier = self._earlier[-BATCH_SIZE:], self._earlier[:-BATCH_SIZE]
        before = [self._earlier[-1] if self._earlier else None, *batch]
        for index, message in enumerate(batch):
            self._add(self._make_view(message, before[index]), index)
        self.earlier_button.setVisible(bool(self._earlier))
        self.update_last()
        self._follows_end = False
        QTimer.singleShot(0, self, lambda: bar.setValue(bar.maximum() - from_end))

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._follows_end = value >= bar.maximum() - NEAR_END_PX
        self._to_end_button.setVisible(not self._follows_end)

    def _range_changed(self) -> None:
        if self._follows_end:
            self._keep_at_end()
        self._to_end_button.setVisible(not self._follows_end)

    def _keep_at_end(self) -> None:
        if self._follows_end:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = self._to_end_button.sizeHint()
        self._to_end_button.setGeometry(
            (self.viewport().width() - size.width()) // 2,
            self.viewport().height() - size.height() - SPACE,
            size.width(),
            size.height(),
        )
