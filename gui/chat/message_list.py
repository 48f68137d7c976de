"""The messages of one conversation, newest at the bottom. Of a long conversation only the recent ones are made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from core.domain.conversation import ChatMessage
from core.i18n import tr
from gui.chat.answer import AnswerView
from gui.chat.question import QuestionView
from gui.chat.turn import TurnView
from gui.style.elements import column, icon_button, push_button, row
from gui.style.sheet import COLUMN_WIDTH, SPACE
from gui.style.theme import Theme

MADE_AT_ONCE = 30
NEAR_END_PX = 40


class MessageList(QScrollArea):
    """Stays at the end while text arrives, unless the person scrolled up."""

    places_wanted = Signal(object)
    number_wanted = Signal(int)
    again_wanted = Signal()
    edit_wanted = Signal(str)
    answer_now = Signal()
    folding_chosen = Signal(bool)
    linked = Signal(QUrl)
    survey_wanted = Signal(object)  # SurveySuggested

    def __init__(self, theme: Theme, reasoning_chosen: bool | None) -> None:
        super().__init__()
        self._theme = theme
        self.reasoning_chosen = reasoning_chosen
        self._earlier: list[ChatMessage] = []
        self.shown: list[QuestionView | AnswerView] = []
        self._following = True
        self._writing = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Messages"))
        self._page = QWidget()
        self._page.setObjectName("canvas")
        self._column = QWidget()
        self._column.setMaximumWidth(COLUMN_WIDTH)
        self._messages = column(self._column, 0, 2 * SPACE)
        self.more = push_button(tr("Show earlier messages"), self._show_earlier, "link")
        self.more.hide()
        self._messages.addWidget(self.more, 0, Qt.AlignmentFlag.AlignHCenter)
        self._messages.addStretch(1)
        around = row(self._page, 0, 0)
        around.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 3 * SPACE)
        around.addStretch(1)
        around.addWidget(self._column, 1000)
        around.addStretch(1)
        self.setWidget(self._page)
        self._down = icon_button(theme, "next", tr("Go to the end"), self.go_to_end)
        self._down.setParent(self)
        self._down.setProperty("kind", "float")
        self._down.hide()
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._grown)

    def clear(self) -> None:
        for widget in self.shown:
            self._messages.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.shown = []
        self._writing = False
        self._earlier = []
        self.more.hide()

    def show_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Show a stored conversation from its end."""
        self.clear()
        first = max(0, len(messages) - MADE_AT_ONCE)
        self._earlier = list(messages[:first])
        self.more.setVisible(bool(self._earlier))
        for at, message in enumerate(messages[first:], first):
            self._add(self._made(message, messages[at - 1] if at else None))
        if messages and messages[-1].role == "user":
            unanswered = self._answer()
            unanswered.show_unanswered()
            self._add(unanswered)
        self.mark_last()
        self.go_to_end()

    def add_turn(self, turn: TurnView) -> AnswerView:
        """Add a question and the answer that follows it."""
        self._add(self._question(turn.question))
        answer = self._answer()
        self._add(answer)
        answer.follow(turn)
        self._writing = turn.phase.running
        self.mark_last()
        self.go_to_end()
        return answer

    def go_to_end(self) -> None:
        self._following = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        QTimer.singleShot(0, self, self._keep_at_end)

    def last_question(self) -> str:
        return next((widget.text for widget in reversed(self.shown) if isinstance(widget, QuestionView)), "")

    def remove_last_turn(self) -> None:
        """Take the last question and what follows it off the list."""
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

    def _add(self, widget: QuestionView | AnswerView, at: int | None = None) -> None:
        self.shown.insert(len(self.shown) if at is None else at, widget)
        place = self._messages.count() - 1 if at is None else at + 1
        self._messages.insertWidget(place, widget)

    def _made(self, message: ChatMessage, before: ChatMessage | None) -> QuestionView | AnswerView:
        if message.role == "user":
            return self._question(message.text)
        answer = self._answer()
        answer.show_message(message, before)
        return answer

    def _question(self, text: str) -> QuestionView:
        question = QuestionView(self._theme, text)
        question.edit_wanted.connect(self.edit_wanted)
        return question

    def _answer(self) -> AnswerView:
        answer = AnswerView(self._theme, self.reasoning_chosen)
        answer.places_wanted.connect(self.places_wanted)
        answer.number_wanted.connect(self.number_wanted)
        answer.again_wanted.connect(self.again_wanted)
        answer.answer_now.connect(self.answer_now)
        answer.folding_chosen.connect(self._remember_folding)
        answer.survey_wanted.connect(self.survey_wanted)
        answer.text.linked.connect(self.linked)
        return answer

    def _remember_folding(self, opened: bool) -> None:
        self.reasoning_chosen = opened
        self.folding_chosen.emit(opened)

    def finish_turn(self) -> None:
        """The last answer is whole, or will not become so."""
        self._writing = False
        self.mark_last()

    def mark_last(self) -> None:
        """Offer what can be done with the last question and answer, there only."""
        answers = [widget for widget in self.shown if isinstance(widget, AnswerView)]
        questions = [widget for widget in self.shown if isinstance(widget, QuestionView)]
        for answer in answers:
            answer.set_last(answer is answers[-1])
        for question in questions:
            question.set_editable(question is questions[-1] and not self._writing)

    def _show_earlier(self) -> None:
        """Make the messages before those shown, and keep what is seen where it is."""
        bar = self.verticalScrollBar()
        from_end = bar.maximum() - bar.value()
        batch, self._earlier = self._earlier[-MADE_AT_ONCE:], self._earlier[:-MADE_AT_ONCE]
        before = [self._earlier[-1] if self._earlier else None, *batch]
        for at, message in enumerate(batch):
            self._add(self._made(message, before[at]), at)
        self.more.setVisible(bool(self._earlier))
        self.mark_last()
        self._following = False
        QTimer.singleShot(0, self, lambda: bar.setValue(bar.maximum() - from_end))

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._following = value >= bar.maximum() - NEAR_END_PX
        self._down.setVisible(not self._following)

    def _grown(self) -> None:
        if self._following:
            self._keep_at_end()
        self._down.setVisible(not self._following)

    def _keep_at_end(self) -> None:
        if self._following:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = self._down.sizeHint()
        self._down.setGeometry(
            (self.viewport().width() - size.width()) // 2,
            self.viewport().height() - size.height() - SPACE,
            size.width(),
            size.height(),
        )
