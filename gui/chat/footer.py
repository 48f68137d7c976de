"""Below the messages: the card for a missing model, and the composer connected to the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from core.domain.conversation import WHOLE_LIBRARY, AnswerFormat, FormatKind, LatencyBudget, Scope
from core.engines.model_availability import ModelKind
from core.i18n import tr
from gui.chat import operations
from gui.chat.composer import Composer
from gui.models.card import ModelCard
from gui.style.elements import column, row
from gui.style.sheet import COLUMN_WIDTH, SPACE
from gui.window_context import WindowContext

if TYPE_CHECKING:
    from core.chat.ask_options import AskOptions
    from core.store.documents.scopes import Suggestion
    from core.workspace import Workspace
    from gui.chat.answer_format_dialog import AnswerFormatDialog
    from gui.chat.scope_dialog import ScopeDialog


class ChatFooter(QWidget):
    """Shows options and scope of one conversation. A new scope is stored at once, or with the first question."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self._context = context
        self._workspace: Workspace | None = None
        self._conversation_id = 0
        self.model_card = ModelCard(context.theme, ModelKind.CHAT)
        self.composer = Composer(context.theme, "medium")
        self.composer.scope_wanted.connect(self.choose_scope)
        self.composer.options.format_wanted.connect(self.choose_format)
        self.composer.field.mention_typed.connect(self._suggest_documents)
        content = QWidget()
        content.setMaximumWidth(COLUMN_WIDTH)
        lines = column(content, 0, SPACE)
        lines.addWidget(self.model_card)
        lines.addWidget(self.composer)
        centred = row(self, spacing=0)
        centred.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 2 * SPACE)
        centred.addStretch(1)
        centred.addWidget(content, 1000)
        centred.addStretch(1)

    def attach(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.show_defaults()

    @property
    def ask_options(self) -> AskOptions:
        from core.chat.ask_options import AskOptions

        options = self.composer.options
        return AskOptions(self.composer.effort, options.latency_budget, options.answer_format)

    @property
    def scope(self) -> Scope:
        return self.composer.scope.scope

    def show_defaults(self) -> None:
        """Show the options that a new conversation begins with: those of the settings."""
        if self._workspace is not None:
            settings = self._workspace.settings.current
            self.composer.set_effort(settings.effort)
            self.composer.options.set_latency_budget(LatencyBudget(settings.patience))
        self.composer.options.set_answer_format(AnswerFormat())

    def show_conversation(self, conversation_id: int) -> None:
        """Show the scope of a stored conversation, or with 0 that of a new one, the whole library."""
        self._conversation_id = conversation_id
        self.composer.scope.show_scope(WHOLE_LIBRARY)
        if conversation_id and self._workspace is not None:

            def show(scope: Scope) -> None:
                if self._conversation_id == conversation_id:
                    self.composer.scope.show_scope(scope)

            self._context.bridge.run(operations.read_scope(self._workspace, conversation_id, self, show))

    def set_conversation(self, conversation_id: int) -> None:
        """Take the id of the new conversation, whose scope was stored with it."""
        self._conversation_id = conversation_id

    def choose_scope(self) -> ScopeDialog | None:
        from gui.chat.scope_dialog import open_scope_dialog

        if self._workspace is None:
            return None
        return open_scope_dialog(self._context, self._workspace, self.scope, self, self._scope_chosen)

    def choose_format(self, kind: FormatKind) -> AnswerFormatDialog:
        from gui.chat.answer_format_dialog import AnswerFormatDialog

        current = self.composer.options.answer_format
        dialog = AnswerFormatDialog(kind, current if current.kind is kind else AnswerFormat(kind), self.window())
        dialog.chosen.connect(self.composer.options.set_answer_format)
        dialog.open()
        return dialog

    def show_state(self, *, running: bool, model_ready: bool, model_known: bool, editing: bool) -> None:
        """Show whether a question can be sent, or why not. Until `model_known`, nothing is said of a missing model."""
        reason = tr("There is no language model yet") if model_known and not model_ready else ""
        if editing:
            placeholder = tr("Your last question, to be asked again")
        else:
            placeholder = reason or tr("Ask about your documents")
        note = tr("Editing: this replaces the last question and its answer. Esc keeps them.") if editing else ""
        self.composer.set_state(
            running=running, can_send=model_ready, cannot_send_reason=reason, placeholder=placeholder, note=note
        )

    def _scope_chosen(self, scope: Scope) -> None:
        self.composer.scope.show_scope(scope)
        if self._conversation_id and self._workspace is not None:
            self._context.bridge.run(operations.set_scope(self._workspace, self._conversation_id, scope, self))

    def _suggest_documents(self, typed: str) -> None:
        if self._workspace is None:
            return

        def show(found: Sequence[Suggestion]) -> None:
            self.composer.field.show_suggestions(typed, found)

        self._context.bridge.run(operations.suggest_documents(self._workspace, typed, self, show))
