"""Conversations and their messages in SQLite; deletion can be undone until the program ends."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from core.store.database import Database
from core.values import ChatMessage, Citation, ConversationSummary, Support, ToolUsed
from models.conversation import Effort, Usage

TITLE_LENGTH = 60


class Conversations:
    """Called from any thread; each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, title: str = "") -> int:
        """A new conversation's id. Without a title it takes its first question's words."""
        now = time.time()
        with self._database.write(durable=True) as connection:
            row = connection.execute(
                "INSERT INTO conversations (title, created_s, updated_s) VALUES (?, ?, ?)", (title, now, now)
            )
            return int(row.lastrowid or 0)

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
        return tuple(_message(*row) for row in rows)

    def rename(self, conversation_id: int, title: str) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (title.strip(), conversation_id))

    def delete(self, conversation_id: int) -> None:
        """Take it off the list; `restore` brings it back, `purge_deleted` ends that."""
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE conversations SET deleted_s = ? WHERE id = ?", (time.time(), conversation_id))

    def restore(self, conversation_id: int) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE conversations SET deleted_s = NULL WHERE id = ?", (conversation_id,))

    def purge_deleted(self) -> None:
        """Erase deleted conversations for good; run when a data directory is opened."""
        with self._database.write(durable=True) as connection:
            gone = "SELECT id FROM conversations WHERE deleted_s IS NOT NULL"
            connection.execute(f"DELETE FROM messages WHERE conversation_id IN ({gone})")
            connection.execute("DELETE FROM conversations WHERE deleted_s IS NOT NULL")

    def append(self, conversation_id: int, message: ChatMessage) -> ChatMessage:
        """Store `message` as the last one; returns it with its id and time. The first question gives the title."""
        now = time.time()
        with self._database.write(durable=True) as connection:
            row = connection.execute(
                "INSERT INTO messages (conversation_id, ordinal, role, body, created_s) VALUES (?, "
                "(SELECT COALESCE(MAX(ordinal), -1) + 1 FROM messages WHERE conversation_id = ?), ?, ?, ?)",
                (conversation_id, conversation_id, message.role, _body(message), now),
            )
            connection.execute("UPDATE conversations SET updated_s = ? WHERE id = ?", (now, conversation_id))
            if message.role == "user":
                _name_after(connection, conversation_id, message.text)
            return _message(int(row.lastrowid or 0), message.role, _body(message), now)

    def replace(self, message: ChatMessage) -> None:
        """Store `message` in place of the one with its id."""
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE messages SET body = ? WHERE id = ?", (_body(message), message.id))

    def cut_from(self, message_id: int) -> None:
        """Remove a message and all after it, for asking again or asking differently."""
        with self._database.write(durable=True) as connection:
            connection.execute(
                "DELETE FROM messages WHERE conversation_id = (SELECT conversation_id FROM messages WHERE id = ?1) "
                "AND ordinal >= (SELECT ordinal FROM messages WHERE id = ?1)",
                (message_id,),
            )


def _name_after(connection: Connection, conversation_id: int, question: str) -> None:
    words = " ".join(question.split())
    if len(words) > TITLE_LENGTH:
        words = words[:TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",.;:") + "…"
    connection.execute("UPDATE conversations SET title = ? WHERE id = ? AND title = ''", (words, conversation_id))


def _body(message: ChatMessage) -> str:
    body: dict[str, Any] = {"text": message.text, "complete": message.complete}
    if message.prompt:
        body["prompt"] = message.prompt
    if message.reasoning:
        body["reasoning"] = message.reasoning
    if message.effort:
        body["effort"] = message.effort.value
    if message.usage:
        body["usage"] = asdict(message.usage)
    body["citations"] = [asdict(citation) | {"path": str(citation.path)} for citation in message.citations]
    body["sources"] = [asdict(source) | {"path": str(source.path)} for source in message.sources]
    if message.tools:
        body["tools"] = [asdict(tool) for tool in message.tools]
    return json.dumps(body, ensure_ascii=False)


def _message(message_id: int, role: str, body_text: str, created_s: float) -> ChatMessage:
    body = json.loads(body_text)
    return ChatMessage(
        id=message_id,
        role=role,
        text=body["text"],
        reasoning=body.get("reasoning", ""),
        citations=tuple(_citation(c) for c in body.get("citations", ())),
        sources=tuple(_citation(c) for c in body.get("sources", ())),
        tools=tuple(ToolUsed(**tool) for tool in body.get("tools", ())),
        effort=Effort(body["effort"]) if "effort" in body else None,
        complete=body.get("complete", True),
        usage=Usage(**body["usage"]) if "usage" in body else None,
        prompt=body.get("prompt", ""),
        created_s=created_s,
    )


def _citation(stored: dict[str, Any]) -> Citation:
    return Citation(**stored | {"path": Path(stored["path"]), "support": Support(stored["support"])})
