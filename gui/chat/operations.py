"""Operations on stored conversations and their scopes: list, read, rename, delete, restore, suggest documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.jobs import Job
from gui.bridge import Operation

if TYPE_CHECKING:
    from core.chat.scope_selection import ScopeTree
    from core.domain.conversation import ChatMessage, ConversationSummary, Scope
    from core.domain.documents import Citation
    from core.store.documents.scopes import Suggestion
    from core.workspace import Workspace

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
    """Find the source with this number, for an answer that is still being written; None if it is not stored yet."""

    def work(job: Job) -> Citation | None:
        messages = workspace.conversations.messages(conversation_id)
        return next((s for message in reversed(messages) for s in message.sources if s.number == number), None)

    return Operation(WORKER, work, owner, on_result=on_source)


def read_scope(
    workspace: Workspace, conversation_id: int, owner: QObject, on_scope: Callable[[Scope], None]
) -> Operation[Scope]:
    """Read what a conversation looks into."""
    return Operation(WORKER, lambda job: workspace.conversations.scope(conversation_id), owner, on_result=on_scope)


def set_scope(workspace: Workspace, conversation_id: int, scope: Scope, owner: QObject) -> Operation[None]:
    return Operation(WORKER, lambda job: workspace.conversations.set_scope(conversation_id, scope), owner)


def read_scope_tree(
    workspace: Workspace, words: str, owner: QObject, on_tree: Callable[[ScopeTree], None]
) -> Operation[ScopeTree]:
    """Read the folders and documents that can be chosen, filtered by `words` in their names."""

    def work(job: Job) -> ScopeTree:
        from core.chat.scope_selection import build_scope_tree

        return build_scope_tree(workspace.library.folders(), workspace.library.document_rows(), words)

    return Operation(WORKER, work, owner, on_result=on_tree)


def suggest_documents(
    workspace: Workspace, typed: str, owner: QObject, on_found: Callable[[tuple[Suggestion, ...]], None]
) -> Operation[tuple[Suggestion, ...]]:
    """Find documents for what was typed after an "@"."""
    return Operation(WORKER, lambda job: workspace.scopes.suggest(typed), owner, on_result=on_found)


def rename_conversation(
    workspace: Workspace, conversation_id: int, title: str, owner: QObject, on_done: Callable[[], object]
) -> Operation[None]:
    return _change(lambda: workspace.conversations.rename(conversation_id, title), owner, on_done)


def delete_conversation(
    workspace: Workspace, conversation_id: int, owner: QObject, on_done: Callable[[], object]
) -> Operation[None]:
    """Remove a conversation from the list; `restore_conversation` undoes it."""
    return _change(lambda: workspace.conversations.delete(conversation_id), owner, on_done)


def restore_conversation(
    workspace: Workspace, conversation_id: int, owner: QObject, on_done: Callable[[], object]
) -> Operation[None]:
    return _change(lambda: workspace.conversations.restore(conversation_id), owner, on_done)


def _change(work: Callable[[], None], owner: QObject, on_done: Callable[[], object]) -> Operation[None]:
    def done(nothing: None) -> None:
        on_done()

    return Operation(WORKER, lambda job: work(), owner, on_result=done)
