"""Conversations: kept, listed, renamed, deleted with a way back."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.conversation import (
    WHOLE_LIBRARY,
    AnswerCheck,
    Cause,
    ChatMessage,
    CheckedSentence,
    ContextSummary,
    LatencyBudget,
    Omission,
    OmissionKind,
    Scope,
    SurveyKind,
    SurveySuggested,
    ToolUsed,
    Verdict,
)
from core.domain.documents import Citation, Support
from core.store.conversations.conversations import Conversations
from core.store.conversations.model_speeds import Speed, Speeds
from core.store.database import Database
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


def test_what_was_read_and_found_comes_back_with_the_messages(conversations: Conversations) -> None:
    source = Citation(1, None, Path("/a/b.pdf"), "B", None, "", 0, 9, "the words", Support.UNCHECKED)
    basis = ContextSummary("Is it? 2022", 3, 2, 10, 12, True, False, 0.7, LatencyBudget.FAST, 12.5)
    omissions = (
        Omission(OmissionKind.PASSAGES, Cause.LATENCY_BUDGET, 4, 7),
        Omission(OmissionKind.MENTION, Cause.UNKNOWN, name="x"),
    )
    judgement = AnswerCheck(Verdict.NOT_IN_DOCUMENTS, (CheckedSentence(0, 9, (1, 2), Support.WEAK),), (source,))
    number = conversations.create()
    for message in (
        ChatMessage(0, "user", "Is it?", omissions=omissions, context_summary=basis),
        ChatMessage(0, "user", "All?", suggestion=SurveySuggested(SurveyKind.LIST, "All?", 1, None, (Path("a"),))),
        ChatMessage(0, "assistant", "So it is [1].", check=judgement, data='{"a": [1, 2]}'),
        ChatMessage(0, "assistant", "x", tools=(ToolUsed("find_text", "{}", "y", ok=True, cut_chars=7),)),
    ):
        stored = conversations.append(number, message)
        assert conversations.messages(number)[-1] == stored
        assert dataclasses.replace(stored, id=0, created_s=0.0) == message


def test_a_message_of_an_older_version_is_read(conversations: Conversations, tmp_path: Path) -> None:
    number = conversations.create()
    conversations.append(number, ChatMessage(0, "assistant", "So it is."))
    old = '{"text": "Old", "complete": true, "citations": [], "sources": []}'
    with sqlite3.connect(tmp_path / "library.db") as connection:
        connection.execute("UPDATE messages SET body = ?", (old,))
    (message,) = conversations.messages(number)
    assert (message.text, message.context_summary, message.check, message.omissions) == ("Old", None, None, ())


def test_a_scope_stays_with_its_conversation(conversations: Conversations) -> None:
    odd = Path(os.fsdecode(b"/d/caf\xe9"))  # no Unicode: such names are on every old disk
    scope = Scope((Path("/d/über uns"), odd), whole=True)
    number, other = conversations.create(scope=scope), conversations.create()
    assert conversations.scope(number) == scope
    assert conversations.scope(other) == conversations.scope(999) == WHOLE_LIBRARY
    conversations.set_scope(number, WHOLE_LIBRARY)
    assert conversations.scope(number) == WHOLE_LIBRARY


def test_a_citation_may_lie_under_a_path_that_is_no_unicode(conversations: Conversations) -> None:
    odd = Path(os.fsdecode(b"/d/caf\xe9.txt"))
    source = Citation(1, 7, odd, "é", None, "", 0, 1, "é", Support.SUPPORTED)
    number = conversations.create()
    conversations.append(number, ChatMessage(0, "user", "é?", sources=(source,)))
    assert conversations.messages(number)[0].sources == (source,)


def test_the_last_speed_of_each_model_is_kept(tmp_path: Path) -> None:
    with Database(tmp_path / "library.db") as database:
        speeds = Speeds(database)
        assert speeds.of("a.gguf 12") is None
        speeds.note("a.gguf 12", Speed(50.0, 8.0))
        speeds.note("a.gguf 12", Speed(60.0, 9.0))
        speeds.note("b.gguf 12", Speed(5.0, 1.0))
        assert speeds.of("a.gguf 12") == Speed(60.0, 9.0)
