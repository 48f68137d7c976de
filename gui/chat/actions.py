"""What people do with stored conversations: list, read, rename, delete, restore; one function each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.jobs import Job
from gui.bridge import Operation

if TYPE_CHECKING:
    from core.domain.conversation import ChatMessage, ConversationSummary, Scope
    from core.domain.documents import Citation
    from core.store.documents.scopes import Suggestion
    from core.workspace import Workspace
    from gui.chat.scope_model import ScopeTree

WORKER = "store"


def list_conversations(
    workspace: Workspace, owner: QObject, on_list: Callable[[tuple[ConversationSummary, ...]], None]
) -> Operation[tuple[ConversationSummary, ...]]:
    return Operation(WORKER, lambda job: workspace.conversations.list(), owner, on_result=on_list)


def read_messages(
    workspace: Workspace, conversation_id: int, owner: QObject, on_messages: Callable[[tuple[ChatMessage, ...]], None]
) -> Operation[tuple[ChatMessage, ...]]:
    return Operation(
        WORKER, lambda job: workspace.conversations.messages(conversation_id), owner, on_result=on_messages
    )


def find_source(
    workspace: Workspace,
    conversation_id: int,
    number: int,
    owner: QObject,
    on_source: Callable[[Citation | None], None],
) -> Operation[Citation | None]:
    """The source that `number` names in an answer that is still being written."""

    def work(job: Job) -> Citation | None:
        messages = workspace.conversations.messages(conversation_id)
        return next((s for message in reversed(messages) for s in message.sources if s.number == number), None)

    return Operation(WORKER, work, owner, on_result=on_source)


def read_scope(
    workspace: Workspace, conversation_id: int, owner: QObject, on_scope: Callable[[Scope], None]
) -> Operation[Scope]:
    """What a conversation looks into."""
    return Operation(WORKER, lambda job: workspace.conversations.scope(conversation_id), owner, on_result=on_scope)


def set_scope(workspace: Workspace, conversation_id: int, scope: Scope, owner: QObject) -> Operation[None]:
    return Operation(WORKER, lambda job: workspace.conversations.set_scope(conversation_id, scope), owner)


def read_scope_tree(
    workspace: Workspace, words: str, owner: QObject, on_tree: Callable[[ScopeTree], None]
) -> Operation[ScopeTree]:
    """The folders and documents that can be chosen, those whose names hold `words`."""

    def work(job: Job) -> ScopeTree:
        from gui.chat.scope_model import scope_tree

        return scope_tree(workspace.library.folders(), workspace.library.document_rows(), words)

    return Operation(WORKER, work, owner, on_result=on_tree)


def suggest_documents(
    workspace: Workspace, typed: str, owner: QObject, on_found: Callable[[tuple[Suggestion, ...]], None]
) -> Operation[tuple[Suggestion, ...]]:
    """Documents that what was typed after an "@" may mean."""
    return Operation(WORKER, lambda job: workspace.scopes.suggest(typed), owner, on_result=on_found)


def rename(
    workspace: Workspace, conversation_id: int, title: str, owner: QObject, on_done: Callable[[], object]
) -> Operation[None]:
    return _change(lambda: workspace.conversations.rename(conversation_id, title), owner, on_done)


def delete(
    workspace: Workspace, conversation_id: int, owner: QObject, on_done: Callable[[], object]
) -> Operation[None]:
    """Take a conversation off the list; `restore` brings it back."""
    return _change(lambda: workspace.conversations.delete(conversation_id), owner, on_done)


def restore(
    workspace: Workspace, conversation_id: int, owner: QObject, on_done: Callable[[], object]
) -> Operation[None]:
    return _change(lambda: workspace.conversations.restore(conversation_id), owner, on_done)


def _change(work: Callable[[], None], owner: QObject, on_done: Callable[[], object]) -> Operation[None]:
    return Operation(WORKER, lambda job: work(), owner, on_result=lambda nothing: _heard(on_done))


def _heard(on_done: Callable[[], object]) -> None:
    on_done()
