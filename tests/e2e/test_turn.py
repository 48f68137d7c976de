"""Turns of a conversation on real parts, with a real model whose words are given by a grammar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chat.turn import TurnEvent
from core.domain.conversation import AnswerSaved, ChatMessage, SearchedDocuments, ToolUsed
from core.domain.documents import Support
from core.domain.faults import ChatFault, ModelFault
from core.jobs import Job
from core.workspace import Workspace
from models.cancel import CancelToken
from models.conversation import AnswerDelta, Finished, FinishReason, PrefillProgress, ReasoningDelta, Sampling
from tests.support import speech

LEASE = """# Lease of 12 Harbour Street

## Rent

The monthly rent is 940 euros, due on the third working day of each month.

## Pets

The tenant may keep one cat. Dogs are not allowed.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "lease.md").write_text(LEASE, encoding="utf-8")
    (folder / "note.txt").write_text("Buy paint and rope for the boat.\n", encoding="utf-8")
    return folder


def opened(tmp_path: Path, folder: Path, model: Path, words: str) -> Workspace:
    workspace = Workspace.open(tmp_path / "data", model=model, sampling=Sampling(grammar=words, seed=1))
    workspace.library.index([folder], Job())
    return workspace


@pytest.fixture
def workspace(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> Iterator[Workspace]:
    words = speech.speech("Look at the rent.", "The monthly rent is 940 euros [1]. It is 990 euros [1].")
    workspace = opened(tmp_path, folder, tiny_gpt_oss, words)
    yield workspace
    workspace.close()


def ask(workspace: Workspace, conversation: int, question: str) -> list[TurnEvent]:
    return list(workspace.chat.ask(conversation, question))


def saved(events: list[TurnEvent]) -> ChatMessage:
    assert isinstance(events[-1], AnswerSaved)
    return events[-1].message


def test_a_question_is_searched_answered_checked_and_stored(workspace: Workspace, folder: Path) -> None:
    conversation = workspace.conversations.create()
    events = ask(workspace, conversation, "How much is the monthly rent?")
    (found,) = [event for event in events if isinstance(event, SearchedDocuments)]
    assert found.documents_searched == 2 and found.passages[0].path == folder / "lease.md"
    assert any(isinstance(event, PrefillProgress) for event in events)
    assert "".join(e.text for e in events if isinstance(e, ReasoningDelta)) == "Look at the rent."
    assert "".join(e.text for e in events if isinstance(e, AnswerDelta)).startswith("The monthly rent is 940")
    (finished,) = [event for event in events if isinstance(event, Finished)]
    assert finished.reason is FinishReason.COMPLETE

    (citation,) = saved(events).citations
    assert citation.support is Support.NOT_FOUND, "the second sentence cites the same passage with another number"
    assert LEASE[citation.start : citation.end] == citation.quote and "940 euros" in citation.quote
    assert workspace.conversations.messages(conversation)[1] == saved(events)
    assert workspace.conversations.list()[0].title == "How much is the monthly rent?"


def test_the_next_turn_reuses_the_cache(workspace: Workspace) -> None:
    conversation = workspace.conversations.create()
    ask(workspace, conversation, "How much is the monthly rent?")
    events = ask(workspace, conversation, "And who may keep a cat there, the tenant or the landlord?")
    usage = saved(events).usage
    assert usage is not None
    question = workspace.conversations.messages(conversation)[2]
    new = question.prompt + saved(ask(workspace, conversation, "Is a dog allowed by the lease?")).text
    assert usage.prompt_tokens - usage.reused_tokens <= len(new) + 64


def test_a_stopped_answer_is_stored_as_far_as_it_was_written(workspace: Workspace) -> None:
    conversation, cancel = workspace.conversations.create(), CancelToken()
    events: list[TurnEvent] = []
    for event in workspace.chat.ask(conversation, "How much is the monthly rent?", cancel=cancel):
        events.append(event)
        if isinstance(event, AnswerDelta):
            cancel.cancel()
    assert saved(events).complete is False
    question, answer = workspace.conversations.messages(conversation)
    assert question.text == "How much is the monthly rent?" and answer.text and not answer.complete


def test_a_tool_call_is_run_and_shown(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    words = speech.grammar(speech.call("read_document", {"name": "note.txt"}))
    workspace = opened(tmp_path, folder, tiny_gpt_oss, words)
    try:
        conversation = workspace.conversations.create()
        events = ask(workspace, conversation, "How much is the monthly rent?")
        used = [event for event in events if isinstance(event, ToolUsed)]
        assert used[0].name == "read_document" and used[0].ok and "paint and rope" in used[0].result
        assert used[-1].result.startswith("error: no more calls"), "a model that only calls is told to stop"
    finally:
        workspace.close()


def test_without_a_model_the_question_is_stored_and_a_fault_raised(tmp_path: Path, folder: Path) -> None:
    workspace = Workspace.open(tmp_path / "data")
    try:
        workspace.library.index([folder], Job())
        conversation = workspace.conversations.create()
        with pytest.raises(ModelFault, match="gpt-oss-20b"):
            ask(workspace, conversation, "How much is the rent?")
        assert [m.text for m in workspace.conversations.messages(conversation)] == ["How much is the rent?"]
        with pytest.raises(ChatFault, match="empty"):
            ask(workspace, conversation, "   ")
    finally:
        workspace.close()
