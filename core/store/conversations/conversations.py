"""Conversations and their messages in SQLite. Deletion can be undone until the program ends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection

from core.domain.conversation import WHOLE_LIBRARY, ChatMessage, ConversationSummary, Scope
from core.store.conversations.message_json import body_of, message_of
from core.store.conversations.stored_json import to_json
from core.store.database import Database
from core.store.file_rewriting import mark_for_rewriting

TITLE_LENGTH = 60

OnDeleted = Callable[[int, bool], None]


class Conversations:
    """Any thread; each call is one transaction."""

    def __init__(self, database: Database, on_deleted: OnDeleted = lambda conversation_id, deleted: None) -> None:
        """`on_deleted` is called with each conversation that is deleted (True), so that what was derived from it goes
        too, or restored (False)."""
        self._database = database
        self._on_deleted = on_deleted

    def create(self, title: str = "", scope: Scope = WHOLE_LIBRARY) -> int:
        """Create a conversation and return its id. Without a title it takes the words of its first question."""
        now = time.time()
        with self._database.write(durable=True) as connection:
            row = connection.execute(
                "INSERT INTO conversations (title, created_s, updated_s, scope) VALUES (?, ?, ?, ?)",
                (title, now, now, _scope_text(scope)),
            )
            return int(row.lastrowid or 0)

    def scope(self, conversation_id: int) -> Scope:
        """The conversation's scope; the whole library if there is no such conversation."""
        with self._database.read() as connection:
            row = connection.execute("SELECT scope FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
        return _scope(row[0] if row else "")

    def set_scope(self, conversation_id: int, scope: Scope) -> None:
        """Set the scope from the next question on; earlier answers stay as they are."""
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE conversations SET scope = ? WHERE id = ?", (_scope_text(scope), conversation_id))

    def list(self) -> tuple[ConversationSummary, ...]:
        """All that are not deleted, the most recently used first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT id, title, created_s, updated_s FROM conversations WHERE deleted_s IS NULL "
                "ORDER BY updated_s DESC, id DESC"
            ).fetchall()
        return tuple(ConversationSummary(*row) for row in rows)

    def messages(self, conversation_id: int) -> tuple[ChatMessage, ...]:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT id, role, body, created_s FROM messages WHERE conversation_id = ? ORDER BY ordinal",
                (conversation_id,),
            ).fetchall()
        return tuple(message_of(*row) for row in rows)

    def rename(self, conversation_id: int, title: str) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (title.strip(), conversation_id))

    def delete(self, conversation_id: int) -> None:
        """Take the conversation off the list. `restore` undoes it until `purge_deleted`."""
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE conversations SET deleted_s = ? WHERE id = ?", (time.time(), conversation_id))
        self._on_deleted(conversation_id, True)

    def restore(self, conversation_id: int) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE conversations SET deleted_s = NULL WHERE id = ?", (conversation_id,))
        self._on_deleted(conversation_id, False)

    def purge_deleted(self) -> None:
        """Erase deleted conversations for good; called when a data directory is opened and when it is closed."""
        gone = "SELECT id FROM conversations WHERE deleted_s IS NOT NULL"
        with self._database.read() as connection:
            if connection.execute(gone).fetchone() is None:
                return
        self._database.delete_backups()  # first: after an interruption nobody would know that they hold something
        with self._database.write(durable=True) as connection:
            connection.execute(f"DELETE FROM messages WHERE conversation_id IN ({gone})")
            connection.execute("DELETE FROM conversations WHERE deleted_s IS NOT NULL")
            mark_for_rewriting(connection)
        self._database.checkpoint()

    def append(self, conversation_id: int, message: ChatMessage) -> ChatMessage:
        """Append `message` and return it with its id and time. The first question gives the title."""
        now = time.time()
        with self._database.write(durable=True) as connection:
            row = connection.execute(
                "INSERT INTO messages (conversation_id, ordinal, role, body, created_s) VALUES (?, "
                "(SELECT COALESCE(MAX(ordinal), -1) + 1 FROM messages WHERE conversation_id = ?), ?, ?, ?)",
                (conversation_id, conversation_id, message.role, body_of(message), now),
            )
            connection.execute("UPDATE conversations SET updated_s = ? WHERE id = ?", (now, conversation_id))
            if message.role == "user":
                _name_after(connection, conversation_id, message.text)
            return message_of(int(row.lastrowid or 0), message.role, body_of(message), now)

    def replace(self, message: ChatMessage) -> None:
        """Replace the message that has `message`'s id."""
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE messages SET body = ? WHERE id = ?", (body_of(message), message.id))

    def cut_from(self, message_id: int) -> None:
        """Remove a message and all after it, to ask again or differently."""
        with self._database.write(durable=True) as connection:
            connection.execute(
                "DELETE FROM messages WHERE conversation_id = (SELECT conversation_id FROM messages WHERE id = ?1) "
                "AND ordinal >= (SELECT ordinal FROM messages WHERE id = ?1)",
                (message_id,),
            )
            mark_for_rewriting(connection)


def _name_after(connection: Connection, conversation_id: int, question: str) -> None:
    words = " ".join(question.split())
    if len(words) > TITLE_LENGTH:
        words = words[:TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",.;:") + "…"
    connection.execute("UPDATE conversations SET title = ? WHERE id = ? AND title = ''", (words, conversation_id))


def _scope_text(scope: Scope) -> str:
    return (
        to_json({"paths": [str(path) for path in scope.paths], "whole": scope.whole}) if scope != WHOLE_LIBRARY else ""
    )


def _scope(text: str) -> Scope:
    try:
        stored = json.loads(text) if text else {}
        return Scope(tuple(map(Path, stored.get("paths", ()))), bool(stored.get("whole", False)))
    except (ValueError, TypeError, AttributeError):  # damaged on the disk
        return WHOLE_LIBRARY
