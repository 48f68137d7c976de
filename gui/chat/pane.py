"""The chat pane: the list of conversations, the messages of one of them, and the composer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QSplitter, QStackedWidget, QWidget

from core.engines.model_availability import ModelAvailability
from core.i18n import tr
from gui.chat import operations
from gui.chat.conversation_list import ConversationList
from gui.chat.empty_page import EmptyChatPage
from gui.chat.footer import ChatFooter
from gui.chat.header import ChatHeader
from gui.lazy import Lazy
from gui.style.elements import column
from gui.window_context import WindowContext

if TYPE_CHECKING:
    from core.chat.turn_state import TurnState
    from core.domain.conversation import ChatMessage
    from core.domain.documents import Citation
    from core.workspace import Workspace
    from gui.chat.answer import AnswerView
    from gui.chat.message_list import MessageList
    from gui.chat.turn_controller import TurnController

NARROW_PX = 600  # a narrower pane hides the list of conversations by itself
LIST_WIDTH_PX = 216


class ChatPane(QFrame):
    """Shows one conversation, while turns of others continue. Works once `attach` has given it the workspace."""

    references_wanted = Signal(object)  # ReferenceList
    link_clicked = Signal(QUrl)
    typed = Signal()
    survey_wanted = Signal(object)  # SurveySuggested

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self._context = context
        self._workspace: Workspace | None = None
        self._turn_controller: TurnController | None = None
        self.conversation_id = 0
        self._followed: tuple[TurnState, AnswerView] | None = None
        self._editing = False
        self._availability: ModelAvailability | None = None
        self._narrow = False
        self._messages = Lazy(self._create_messages)
        theme = context.theme
        self.setObjectName("canvas")
        self.conversations = ConversationList(context.bridge, theme)
        self.footer = ChatFooter(context)
        self.composer, self.model_card = self.footer.composer, self.footer.model_card
        self.header = ChatHeader(theme)
        self.pages = QStackedWidget()
        self._empty = EmptyChatPage()
        self.pages.addWidget(self._empty)
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.conversations)
        self.splitter.addWidget(self._make_main())
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([LIST_WIDTH_PX, 3 * LIST_WIDTH_PX])
        column(self, 0, 0).addWidget(self.splitter)
        self._connect()
        self._show_composer()

    @property
    def messages(self) -> MessageList:
        """The messages of the conversation, created with the first one."""
        return self._messages.get()

    def _create_messages(self) -> MessageList:
        from gui.chat.message_list import MessageList

        state = self._context.state
        messages = MessageList(self._context.theme, state.flag("reasoning_open"))
        messages.references_wanted.connect(self.references_wanted)
        messages.source_wanted.connect(self._open_source)
        messages.regenerate_wanted.connect(self.ask_again)
        messages.edit_wanted.connect(self._edit_question)
        messages.link_clicked.connect(self.link_clicked)
        messages.survey_wanted.connect(self.survey_wanted)
        messages.reasoning_toggled.connect(lambda opened: state.set("reasoning_open", opened))
        messages.answer_now_wanted.connect(
            lambda: self._turn_controller.answer_now() if self._turn_controller else None
        )
        self.pages.addWidget(messages)
        return messages

    def attach(self, workspace: Workspace, turn_controller: TurnController) -> None:
        """Take the open workspace and list its conversations."""
        self._workspace, self._turn_controller = workspace, turn_controller
        turn_controller.conversation_created.connect(self._conversation_created)
        turn_controller.changed.connect(self._turn_changed)
        turn_controller.ended.connect(self._turn_ended)
        self.footer.attach(workspace)
        self.conversations.attach(workspace)
        self._show_composer()

    def show_availability(self, availability: ModelAvailability) -> None:
        self._availability = availability
        self.model_card.show_availability(availability)
        self._show_composer()

    def new_conversation(self) -> None:
        """Show an empty page. The conversation is stored with its first question."""
        self._show_conversation(0)
        self.footer.show_defaults()
        if self._messages.existing is not None:
            self._messages.existing.clear()
        self.pages.setCurrentWidget(self._empty)
        self.composer.field.setFocus()

    def open_conversation(self, conversation_id: int) -> None:
        """Show a stored conversation, and the answer that is being written in it."""
        if self._workspace is None or (conversation_id == self.conversation_id and self.running_turn() is not None):
            return
        self._show_conversation(conversation_id)

        def show(messages: tuple[ChatMessage, ...]) -> None:
            if self.conversation_id == conversation_id:
                self._show_messages(messages)

        self._context.bridge.run(operations.read_messages(self._workspace, conversation_id, self, show))

    def ask(self, question: str) -> None:
        """Ask `question`: as a new one, or in place of the last one while that is being edited."""
        if self._turn_controller is None:
            return
        self.composer.take_question()
        if self._editing:
            self._editing = False
            self.ask_again(question)
        else:
            self._follow(
                self._turn_controller.ask(self.conversation_id, question, self.footer.ask_options, self.footer.scope)
            )

    def ask_again(self, question: str = "") -> None:
        """Replace the last question and its answer, by the same question or by `question`."""
        if self._turn_controller is None or self.running_turn() is not None:
            return
        text = question or self.messages.last_question()
        if not text:
            return
        self.messages.remove_last_turn()
        if self.conversation_id:
            self._follow(self._turn_controller.ask_again(self.conversation_id, text, self.footer.ask_options))
        else:
            self._follow(self._turn_controller.ask(0, text, self.footer.ask_options, self.footer.scope))

    def running_turn(self) -> TurnState | None:
        """The turn that runs in this conversation."""
        turn = self._followed[0] if self._followed else None
        running = self._turn_controller.running if self._turn_controller else ()
        return turn if turn in running else None

    def stop(self) -> bool:
        """Stop the answer that is being written here, or end the editing of a question. False if there is neither."""
        turn = self.running_turn()
        if turn is not None and self._turn_controller is not None:
            self._turn_controller.stop(turn)
            return True
        if self._editing:
            self._editing = False
            self.composer.take_question()
            self._show_composer()
            return True
        return False

    def rename_current(self) -> None:
        self.show_conversations(True)
        self.conversations.rename_current()

    def show_conversations(self, shown: bool) -> None:
        """Show or hide the list of conversations, and remember it."""
        self._context.state.set("conversations_shown", shown)
        self.conversations.setVisible(shown)
        self.header.show_list_hidden(not shown)

    def toggle_conversations(self) -> None:
        self.show_conversations(not self.conversations.isVisibleTo(self))

    def copy_last_answer(self) -> None:
        self.messages.copy_last_answer()

    def _connect(self) -> None:
        self.conversations.conversation_chosen.connect(self.open_conversation)
        self.conversations.new_wanted.connect(self.new_conversation)
        self.header.new_wanted.connect(self.new_conversation)
        self.header.list_toggled.connect(self.toggle_conversations)
        self.conversations.refreshed.connect(self._show_title)
        self.conversations.conversation_deleted.connect(self._conversation_deleted)
        self.composer.asked.connect(self.ask)
        self.composer.stop_wanted.connect(self.stop)
        self.composer.typed.connect(self.typed)
        shown = self._context.state.flag("conversations_shown")
        self.conversations.setVisible(shown is not False)
        self.header.show_list_hidden(shown is False)

    def _show_conversation(self, conversation_id: int) -> None:
        self.conversation_id = conversation_id
        self._followed = None
        self._editing = False
        self.conversations.select(conversation_id)
        self.footer.show_conversation(conversation_id)
        self._show_title()
        self._show_composer()

    def _show_messages(self, messages: tuple[ChatMessage, ...]) -> None:
        turn = self._turn_controller.running_in(self.conversation_id) if self._turn_controller else None
        if turn is not None and messages and messages[-1].role == "user":
            messages = messages[:-1]  # the question of the running turn, which `_follow` adds
        self.messages.show_messages(messages)
        self.pages.setCurrentWidget(self.messages)
        if turn is not None:
            self._follow(turn)
        self._show_composer()

    def _follow(self, turn: TurnState) -> None:
        self.pages.setCurrentWidget(self.messages)
        self._followed = (turn, self.messages.add_turn(turn))
        self._show_composer()
        self._show_title()

    def _view_of(self, turn: TurnState) -> AnswerView | None:
        """The view that follows `turn`, if this conversation does."""
        return self._followed[1] if self._followed is not None and self._followed[0] is turn else None

    def _conversation_created(self, turn: TurnState) -> None:
        """Take the id of the conversation that was stored for the first question."""
        if self._view_of(turn) is not None:
            self.conversation_id = turn.conversation_id
            self.footer.set_conversation(self.conversation_id)
            self.conversations.select(self.conversation_id)
        self.conversations.refresh()

    def _turn_changed(self, turn: TurnState) -> None:
        from core.chat.turn_state import TurnPhase

        if (view := self._view_of(turn)) is not None:
            view.follow(turn)
        if turn.phase is TurnPhase.SEARCHING or turn.searched is not None and turn.phase is TurnPhase.LOADING:
            self.conversations.refresh()
        self._show_answering()

    def _turn_ended(self, turn: TurnState) -> None:
        from core.chat.turn_state import TurnPhase

        if (view := self._view_of(turn)) is not None:
            view.finish(turn)
            self.messages.finish_turn()
            if turn.phase is TurnPhase.DONE:
                self._announce(tr("The answer is complete."))
        elif turn.conversation_id == self.conversation_id and self.conversation_id:
            self.open_conversation(self.conversation_id)
        self._show_answering()
        self._show_composer()
        self.conversations.refresh()

    def _announce(self, text: str) -> None:
        """Have screen readers say `text`."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _show_answering(self) -> None:
        running = self._turn_controller.running if self._turn_controller else ()
        self.conversations.model.set_answering(frozenset(turn.conversation_id for turn in running))

    def _open_source(self, number: int) -> None:
        if self._workspace is None:
            return

        from gui.documents.passage_references import references_to_citations

        def show(source: Citation | None) -> None:
            if source is not None:
                self.references_wanted.emit(references_to_citations([source]))

        self._context.bridge.run(operations.find_source(self._workspace, self.conversation_id, number, self, show))

    def _edit_question(self, question: str) -> None:
        if self.running_turn() is None:
            self._editing = True
            self.composer.edit_question(question)
            self._show_composer()

    def _conversation_deleted(self, conversation_id: int) -> None:
        turn = self._turn_controller.running_in(conversation_id) if self._turn_controller else None
        if turn is not None and self._turn_controller is not None:
            self._turn_controller.stop(turn)
        if self.conversation_id == conversation_id:
            self.new_conversation()

    def _show_title(self) -> None:
        self.header.title.setText(
            self.conversations.model.title(self.conversation_id) if self.conversation_id else tr("New conversation")
        )

    def _show_composer(self) -> None:
        availability = self._availability
        self.footer.show_state(
            running=self.running_turn() is not None,
            model_ready=self._turn_controller is not None and availability is not None and availability.ready,
            model_known=availability is not None and availability.status is not None,
            editing=self._editing,
        )

    def _make_main(self) -> QWidget:
        main = QWidget()
        layout = column(main, 0, 0)
        layout.addWidget(self.header)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.footer)
        self._context.theme.changed.connect(self.update)
        return main

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the list of conversations in a narrow pane, and show it again in a wide one."""
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW_PX
        if narrow != self._narrow:
            self._narrow = narrow
            shown = not narrow and self._context.state.flag("conversations_shown") is not False
            self.conversations.setVisible(shown)
            self.header.show_list_hidden(not shown)
