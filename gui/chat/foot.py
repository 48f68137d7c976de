"""Below the messages: the card of a missing model and the composer, with what they need of the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from core.domain.conversation import WHOLE_LIBRARY, AnswerFormat, FormatKind, LatencyBudget, Scope
from core.engines.model_availability import ModelKind
from core.i18n import tr
from gui.chat import actions
from gui.chat.composer import Composer
from gui.models.card import ModelCard
from gui.style.elements import column, row
from gui.style.sheet import COLUMN_WIDTH, SPACE
from gui.window_context import WindowContext

if TYPE_CHECKING:
    from core.store.documents.scopes import Suggestion
    from core.workspace import Workspace
    from gui.chat.asking import AskOptions
    from gui.chat.form_dialog import FormDialog
    from gui.chat.scope_dialog import ScopeDialog


class ChatFoot(QWidget):
    """`scope` is that of the conversation shown; a new choice is kept with it, or goes with the first question."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self._context = context
        self._workspace: Workspace | None = None
        self._conversation_id = 0
        self.model_card = ModelCard(context.theme, ModelKind.CHAT)
        self.composer = Composer(context.theme, "medium")
        self.composer.scope_wanted.connect(self.choose_scope)
        self.composer.options.form_wanted.connect(self.choose_form)
        self.composer.field.naming.connect(self._suggest)
        inside = QWidget()
        inside.setMaximumWidth(COLUMN_WIDTH)
        lines = column(inside, 0, SPACE)
        lines.addWidget(self.model_card)
        lines.addWidget(self.composer)
        around = row(self, spacing=0)
        around.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 2 * SPACE)
        around.addStretch(1)
        around.addWidget(inside, 1000)
        around.addStretch(1)

    def attach(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.show_usual()

    @property
    def manner(self) -> AskOptions:
        from gui.chat.asking import AskOptions

        options = self.composer.options
        return AskOptions(self.composer.effort, options.patience, options.answer_format)

    @property
    def scope(self) -> Scope:
        return self.composer.scope.scope

    def show_usual(self) -> None:
        """As a new conversation begins: everything as the settings say."""
        if self._workspace is not None:
            settings = self._workspace.settings.current
            self.composer.set_effort(settings.effort)
            self.composer.options.set_patience(LatencyBudget(settings.patience))
        self.composer.options.set_format(AnswerFormat())

    def show_conversation(self, conversation_id: int) -> None:
        """Show what a conversation looks into; 0 begins a new one with the whole library."""
        self._conversation_id = conversation_id
        self.composer.scope.show_scope(WHOLE_LIBRARY)
        if conversation_id and self._workspace is not None:

            def show(scope: Scope) -> None:
                if self._conversation_id == conversation_id:
                    self.composer.scope.show_scope(scope)

            self._context.bridge.run(actions.read_scope(self._workspace, conversation_id, self, show))

    def stored_as(self, conversation_id: int) -> None:
        """The new conversation has its number; what it looks into was stored with it."""
        self._conversation_id = conversation_id

    def choose_scope(self) -> ScopeDialog | None:
        from gui.chat.scoping import open_scope_dialog

        if self._workspace is None:
            return None
        return open_scope_dialog(self._context, self._workspace, self.scope, self, self._scope_chosen)

    def choose_form(self, kind: FormatKind) -> FormDialog:
        from gui.chat.form_dialog import FormDialog

        before = self.composer.options.answer_format
        dialog = FormDialog(kind, before if before.kind is kind else AnswerFormat(kind), self.window())
        dialog.chosen.connect(self.composer.options.set_format)
        dialog.open()
        return dialog

    def show_state(self, *, running: bool, ready: bool, known: bool, editing: bool) -> None:
        """What can be typed and sent now, and why not. `known`: whether there is a model has been found out."""
        missing = tr("There is no language model yet") if known and not ready else ""
        if editing:
            placeholder = tr("Your last question, to be asked again")
        else:
            placeholder = missing or tr("Ask about your documents")
        note = tr("Editing: this replaces the last question and its answer. Esc keeps them.") if editing else ""
        self.composer.set_state(running=running, can_send=ready, why_not=missing, placeholder=placeholder, note=note)

    def _scope_chosen(self, scope: Scope) -> None:
        self.composer.scope.show_scope(scope)
        if self._conversation_id and self._workspace is not None:
            self._context.bridge.run(actions.set_scope(self._workspace, self._conversation_id, scope, self))

    def _suggest(self, typed: str) -> None:
        if self._workspace is None:
            return

        def show(found: Sequence[Suggestion]) -> None:
            self.composer.field.offer(typed, found)

        self._context.bridge.run(actions.suggest_documents(self._workspace, typed, self, show))
