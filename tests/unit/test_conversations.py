"""Conversations: kept, listed, renamed, deleted with a way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store.conversations import Conversations
from core.store.database import Database
from core.values import ChatMessage, Citation, Support
from models.conversation import Effort, Usage


@pytest.fixture
def conversations(tmp_path: Path) -> Iterator[Conversations]:
    with Database(tmp_path / "library.db") as database:
        yield Conversations(database)


def test_messages_come_back_as_they_were_stored(conversations: Conversations) -> None:
    citation = Citation(1, 7, Path("/a/b.pdf"), "B", 2, "Intro", 10, 20, "the words", Support.WEAK)
    answer = ChatMessage(
        0, "assistant", "So it is [1].", "hm", (citation,), effort=Effort.HIGH, usage=Usage(10, 4, 3, 0.5, 0.1)
    )
    question = ChatMessage(0, "user", "Is it?", sources=(citation,), prompt="[1] the words\n\nQuestion: Is it?")
    number = conversations.create()
    stored = tuple(conversations.append(number, message) for message in (question, answer))
    assert conversations.messages(number) == stored
    assert stored[1].citations == (citation,) and stored[0].prompt.endswith("Is it?")


def test_the_first_question_names_the_conversation(conversations: Conversations) -> None:
    number = conversations.create()
    conversations.append(number, ChatMessage(0, "user", "What does the lease say about pets, " + "please " * 20))
    conversations.append(number, ChatMessage(0, "user", "Another"))
    (summary,) = conversations.list()
    assert summary.title.startswith("What does the lease say about pets") and len(summary.title) <= 61


def test_the_latest_used_comes_first_and_a_deleted_one_can_be_restored(conversations: Conversations) -> None:
    first, second = conversations.create("first"), conversations.create("second")
    conversations.append(first, ChatMessage(0, "user", "again"))
    assert [summary.id for summary in conversations.list()] == [first, second]
    conversations.delete(first)
    assert [summary.id for summary in conversations.list()] == [second]
    conversations.restore(first)
    assert [message.text for message in conversations.messages(first)] == ["again"]
    conversations.delete(first)
    conversations.purge_deleted()
    conversations.restore(first)
    assert [summary.id for summary in conversations.list()] == [second]
    assert conversations.messages(first) == ()


def test_renaming_and_cutting(conversations: Conversations) -> None:
    number = conversations.create()
    kept = conversations.append(number, ChatMessage(0, "user", "one"))
    conversations.append(number, ChatMessage(0, "assistant", "two"))
    cut = conversations.messages(number)[1]
    conversations.append(number, ChatMessage(0, "user", "three"))
    conversations.cut_from(cut.id)
    conversations.rename(number, "  A name ")
    assert conversations.messages(number) == (kept,)
    assert conversations.list()[0].title == "A name"
