"""The chat pane: conversations at its side, the messages of one, and the composer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QSplitter, QStackedWidget, QWidget

from core.engines.model_availability import ModelAvailability
from core.i18n import tr
from gui.chat import actions
from gui.chat.conversations import ConversationList
from gui.chat.empty import EmptyPage
from gui.chat.foot import ChatFoot
from gui.chat.header import ChatHeader
from gui.style.elements import column
from gui.window_context import WindowContext

if TYPE_CHECKING:
    from core.domain.conversation import ChatMessage
    from core.domain.documents import Citation
    from core.workspace import Workspace
    from gui.chat.answer import AnswerView
    from gui.chat.message_list import MessageList
    from gui.chat.turn import TurnView
    from gui.chat.turns import Turns

FOLD_BELOW = 600  # the list of conversations folds by itself when the pane is narrower
LIST_WIDTH = 216


class ChatPane(QFrame):
    """Shows one conversation; turns of others go on behind it. Useful once `attach` has given it the workspace."""

    places_wanted = Signal(object)  # Places
    linked = Signal(QUrl)
    typing = Signal()
    survey_wanted = Signal(object)  # SurveySuggested

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self._context = context
        self._workspace: Workspace | None = None
        self._turns: Turns | None = None
        self.current = 0
        self._following: tuple[TurnView, AnswerView] | None = None
        self._editing = False
        self._model: ModelAvailability | None = None
        self._narrow = False
        theme = context.theme
        self.setObjectName("canvas")
        self.conversations = ConversationList(context.bridge, theme)
        self.foot = ChatFoot(context)
        self.composer, self.model_card = self.foot.composer, self.foot.model_card
        self.header = ChatHeader(theme)
        self.pages = QStackedWidget()
        self._empty = EmptyPage()
        self.pages.addWidget(self._empty)
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.conversations)
        self.splitter.addWidget(self._main())
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([LIST_WIDTH, 3 * LIST_WIDTH])
        column(self, 0, 0).addWidget(self.splitter)
        self._connect()
        self._show_composer()

    @cached_property
    def messages(self) -> MessageList:
        """Made with the first message: the window is there sooner."""
        from gui.chat.message_list import MessageList

        state = self._context.state
        made = MessageList(self._context.theme, state.flag("reasoning_open"))
        made.places_wanted.connect(self.places_wanted)
        made.number_wanted.connect(self._find_source)
        made.again_wanted.connect(self.ask_again)
        made.edit_wanted.connect(self._edit)
        made.linked.connect(self.linked)
        made.survey_wanted.connect(self.survey_wanted)
        made.folding_chosen.connect(lambda opened: state.set("reasoning_open", opened))
        made.answer_now.connect(lambda: self._turns.answer_now() if self._turns else None)
        self.pages.addWidget(made)
        return made

    def attach(self, workspace: Workspace, turns: Turns) -> None:
        """The workspace is open: list its conversations."""
        self._workspace, self._turns = workspace, turns
        turns.began.connect(self._stored)
        turns.changed.connect(self._turn_changed)
        turns.ended.connect(self._turn_ended)
        self.foot.attach(workspace)
        self.conversations.attach(workspace)
        self._show_composer()

    def show_model(self, situation: ModelAvailability) -> None:
        self._model = situation
        self.model_card.show_availability(situation)
        self._show_composer()

    def new_conversation(self) -> None:
        """An empty page; the conversation is stored with its first question."""
        self._show_conversation(0)
        self.foot.show_usual()
        if "messages" in self.__dict__:
            self.messages.clear()
        self.pages.setCurrentWidget(self._empty)
        self.composer.field.setFocus()

    def open_conversation(self, conversation_id: int) -> None:
        """Show a stored conversation; an answer that is being written in it goes on where it is."""
        if self._workspace is None or (conversation_id == self.current and self.running_turn() is not None):
            return
        self._show_conversation(conversation_id)

        def show(messages: tuple[ChatMessage, ...]) -> None:
            if self.current == conversation_id:
                self._show_messages(messages)

        self._context.bridge.run(actions.read_messages(self._workspace, conversation_id, self, show))

    def ask(self, question: str) -> None:
        """Ask what was typed: as a new question, or in place of the last one while that is being edited."""
        if self._turns is None:
            return
        self.composer.take()
        if self._editing:
            self._editing = False
            self.ask_again(question)
        else:
            self._follow(self._turns.ask(self.current, question, self.foot.manner, self.foot.scope))

    def ask_again(self, question: str = "") -> None:
        """Replace the last question and its answer, by the same question or by `question`."""
        if self._turns is None or self.running_turn() is not None:
            return
        text = question or self.messages.last_question()
        if not text:
            return
        self.messages.remove_last_turn()
        if self.current:
            self._follow(self._turns.ask_again(self.current, text, self.foot.manner))
        else:
            self._follow(self._turns.ask(0, text, self.foot.manner, self.foot.scope))

    def running_turn(self) -> TurnView | None:
        """The turn that runs in the conversation that is shown."""
        turn = self._following[0] if self._following else None
        return turn if turn is not None and self._turns is not None and turn in self._turns.running else None

    def stop(self) -> bool:
        """Stop the answer that is being written here, or the editing of a question; False if there is neither."""
        turn = self.running_turn()
        if turn is not None and self._turns is not None:
            self._turns.stop(turn)
            return True
        if self._editing:
            self._editing = False
            self.composer.take()
            self._show_composer()
            return True
        return False

    def rename_current(self) -> None:
        self.show_conversations(True)
        self.conversations.rename_current()

    def show_conversations(self, shown: bool) -> None:
        """Show or fold the list of conversations, and remember it."""
        self._context.state.set("conversations_shown", shown)
        self.conversations.setVisible(shown)
        self.header.show_list_folded(not shown)

    def toggle_conversations(self) -> None:
        self.show_conversations(not self.conversations.isVisibleTo(self))

    def copy_last_answer(self) -> None:
        self.messages.copy_last_answer()

    def _connect(self) -> None:
        self.conversations.chosen.connect(self.open_conversation)
        self.conversations.new_wanted.connect(self.new_conversation)
        self.header.new_wanted.connect(self.new_conversation)
        self.header.list_wanted.connect(self.toggle_conversations)
        self.conversations.listed.connect(self._show_title)
        self.conversations.deleted.connect(self._deleted)
        self.composer.asked.connect(self.ask)
        self.composer.stopped.connect(self.stop)
        self.composer.typing.connect(self.typing)
        shown = self._context.state.flag("conversations_shown")
        self.conversations.setVisible(shown is not False)
        self.header.show_list_folded(shown is False)

    def _show_conversation(self, conversation_id: int) -> None:
        self.current = conversation_id
        self._following = None
        self._editing = False
        self.conversations.select(conversation_id)
        self.foot.show_conversation(conversation_id)
        self._show_title()
        self._show_composer()

    def _show_messages(self, messages: tuple[ChatMessage, ...]) -> None:
        turn = self._turns.of(self.current) if self._turns else None
        if turn is not None and messages and messages[-1].role == "user":
            messages = messages[:-1]
        self.messages.show_messages(messages)
        self.pages.setCurrentWidget(self.messages)
        if turn is not None:
            self._follow(turn)
        self._show_composer()

    def _follow(self, turn: TurnView) -> None:
        self.pages.setCurrentWidget(self.messages)
        self._following = (turn, self.messages.add_turn(turn))
        self._show_composer()
        self._show_title()

    def _stored(self, turn: TurnView) -> None:
        """The conversation that `turn` began has its number now."""
        if self._following is not None and self._following[0] is turn:
            self.current = turn.conversation_id
            self.foot.stored_as(self.current)
            self.conversations.select(self.current)
        self.conversations.refresh()

    def _turn_changed(self, turn: TurnView) -> None:
        from gui.chat.turn import Phase

        if self._following is not None and self._following[0] is turn:
            self._following[1].follow(turn)
        if turn.phase is Phase.SEARCHING or turn.searched is not None and turn.phase is Phase.LOADING:
            self.conversations.refresh()
        self._show_busy()

    def _turn_ended(self, turn: TurnView) -> None:
        from gui.chat.turn import Phase

        if self._following is not None and self._following[0] is turn:
            self._following[1].finish(turn)
            self.messages.finish_turn()
            if turn.phase is Phase.DONE:
                self._announce(tr("The answer is complete."))
        elif turn.conversation_id == self.current and self.current:
            self.open_conversation(self.current)
        self._show_busy()
        self._show_composer()
        self.conversations.refresh()

    def _announce(self, text: str) -> None:
        """Say `text` to screen readers."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _show_busy(self) -> None:
        running = self._turns.running if self._turns else ()
        self.conversations.model.set_busy(frozenset(turn.conversation_id for turn in running))

    def _find_source(self, number: int) -> None:
        if self._workspace is None:
            return

        from gui.documents.passage_references import references_to_citations

        def show(source: Citation | None) -> None:
            if source is not None:
                self.places_wanted.emit(references_to_citations([source]))

        self._context.bridge.run(actions.find_source(self._workspace, self.current, number, self, show))

    def _edit(self, question: str) -> None:
        if self.running_turn() is None:
            self._editing = True
            self.composer.put(question)
            self._show_composer()

    def _deleted(self, conversation_id: int) -> None:
        turn = self._turns.of(conversation_id) if self._turns else None
        if turn is not None and self._turns is not None:
            self._turns.stop(turn)
        if self.current == conversation_id:
            self.new_conversation()

    def _show_title(self) -> None:
        self.header.title.setText(
            self.conversations.model.title(self.current) if self.current else tr("New conversation")
        )

    def _show_composer(self) -> None:
        model = self._model
        self.foot.show_state(
            running=self.running_turn() is not None,
            ready=self._turns is not None and model is not None and model.ready,
            known=model is not None and model.status is not None,
            editing=self._editing,
        )

    def _main(self) -> QWidget:
        main = QWidget()
        layout = column(main, 0, 0)
        layout.addWidget(self.header)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.foot)
        self._context.theme.changed.connect(self.update)
        return main

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow pane the list of conversations folds by itself; it comes back with the room."""
        super().resizeEvent(event)
        narrow = event.size().width() < FOLD_BELOW
        if narrow != self._narrow:
            self._narrow = narrow
            shown = not narrow and self._context.state.flag("conversations_shown") is not False
            self.conversations.setVisible(shown)
            self.header.show_list_folded(not shown)
