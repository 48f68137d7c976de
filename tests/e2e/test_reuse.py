"""Reuse of the KV cache: from turn to turn, between conversations, and after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.conversation import AnswerSaved, ChatMessage, Scope
from core.jobs import Job
from core.workspace import Workspace
from models.conversation import Sampling, Usage
from models.llama.saved_kv import FOLDER
from models.progress import ignore_progress
from tests.support import speech

SUBJECTS = ("harbour", "orchard", "lighthouse", "quarry", "brewery", "windmill", "cemetery", "observatory")
NOISE_TOKENS = 64  # that may be evaluated besides the new ones


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for subject in SUBJECTS:
        text = " ".join(f"The {subject} was repaired in {1900 + year} for {year * 7} pounds." for year in range(1, 16))
        (folder / f"{subject}.md").write_text(f"# The {subject}\n\n{text}\n", encoding="utf-8")
    return folder


def opened(tmp_path: Path, model: Path, answer: str = "In 1901 [1].") -> Workspace:
    words = speech.speech("Years.", answer)
    return Workspace.open(tmp_path / "data", model=model, sampling=Sampling(grammar=words, seed=1))


@pytest.fixture
def workspace(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> Iterator[Workspace]:
    made = opened(tmp_path, tiny_gpt_oss)
    made.library.index([folder], Job())
    yield made
    made.close()


def ask(workspace: Workspace, conversation: int, question: str) -> tuple[ChatMessage, Usage]:
    """Ask and return the answer with its usage."""
    *_, last = workspace.chat.ask(conversation, question)
    assert isinstance(last, AnswerSaved) and last.message.usage is not None
    return last.message, last.message.usage


def evaluated(usage: Usage) -> int:
    return usage.prompt_tokens - usage.reused_tokens


def tokens_of(workspace: Workspace, text: str) -> int:
    return workspace.engines.chat_model(ignore_progress, Job().cancel).count_tokens(text)


def question(subject: str) -> str:
    return f"When was the {subject} repaired, and for how many pounds?"


def test_each_turn_evaluates_only_its_new_tokens(workspace: Workspace, folder: Path) -> None:
    def ask_about(subject: str) -> tuple[ChatMessage, Usage]:
        """Ask in the scope of the subject's document, so that no question brings the passages of all."""
        workspace.conversations.set_scope(conversation, Scope((folder / f"{subject}.md",)))
        return ask(workspace, conversation, question(subject))

    conversation = workspace.conversations.create()
    answer, before = ask_about(SUBJECTS[0])
    for subject in SUBJECTS[1:4]:
        new_answer, usage = ask_about(subject)
        question_message = workspace.conversations.messages(conversation)[-2]
        assert question_message.sources, "the question brought passages of its own"
        assert usage.prompt_tokens > before.prompt_tokens
        assert usage.reused_tokens >= 0.95 * before.prompt_tokens
        new_tokens = usage.prompt_tokens - before.prompt_tokens
        assert evaluated(usage) <= new_tokens + NOISE_TOKENS
        answer, before = new_answer, usage
    assert answer.text


def test_an_answer_is_prefilled_before_the_next_question(workspace: Workspace) -> None:
    conversation = workspace.conversations.create()
    ask(workspace, conversation, question(SUBJECTS[0]))
    workspace.chat.prefill_history(conversation)
    _, usage = ask(workspace, conversation, question(SUBJECTS[1]))
    question_message = workspace.conversations.messages(conversation)[2]
    assert evaluated(usage) <= tokens_of(workspace, question_message.prompt) + NOISE_TOKENS


def test_a_new_conversation_reuses_the_prefilled_instructions(workspace: Workspace) -> None:
    workspace.chat.prefill_history(0)
    conversation = workspace.conversations.create()
    _, usage = ask(workspace, conversation, question(SUBJECTS[0]))
    question_message = workspace.conversations.messages(conversation)[0]
    assert evaluated(usage) <= tokens_of(workspace, question_message.prompt) + NOISE_TOKENS
    assert usage.reused_tokens > 300


def test_switching_between_two_conversations_reuses_both(workspace: Workspace) -> None:
    one, other = workspace.conversations.create(), workspace.conversations.create()
    for conversation, subject in ((one, SUBJECTS[0]), (other, SUBJECTS[1])):
        ask(workspace, conversation, question(subject))
        workspace.chat.prefill_history(conversation)
    for conversation, subject in ((one, SUBJECTS[2]), (other, SUBJECTS[3])):
        _, usage = ask(workspace, conversation, question(subject))
        question_message = workspace.conversations.messages(conversation)[2]
        assert evaluated(usage) <= tokens_of(workspace, question_message.prompt) + NOISE_TOKENS


def test_a_conversation_is_reused_after_a_restart(workspace: Workspace, tmp_path: Path, tiny_gpt_oss: Path) -> None:
    conversation = workspace.conversations.create()
    ask(workspace, conversation, question(SUBJECTS[0]))
    workspace.chat.prefill_history(conversation)
    workspace.close()
    again = opened(tmp_path, tiny_gpt_oss)
    try:
        _, usage = ask(again, conversation, question(SUBJECTS[1]))
        question_message = again.conversations.messages(conversation)[2]
        assert evaluated(usage) <= tokens_of(again, question_message.prompt) + NOISE_TOKENS
    finally:
        again.close()


def test_an_edited_question_evaluates_only_itself(workspace: Workspace) -> None:
    conversation = workspace.conversations.create()
    ask(workspace, conversation, question(SUBJECTS[0]))
    ask(workspace, conversation, question(SUBJECTS[1]))
    second = workspace.conversations.messages(conversation)[2]
    workspace.conversations.cut_from(second.id)
    _, usage = ask(workspace, conversation, question(SUBJECTS[2]))
    question_message = workspace.conversations.messages(conversation)[2]
    assert evaluated(usage) <= tokens_of(workspace, question_message.prompt) + NOISE_TOKENS


def test_a_deleted_conversation_leaves_no_saved_cache(workspace: Workspace, tmp_path: Path, tiny_gpt_oss: Path) -> None:
    kept, deleted, held = (workspace.conversations.create() for _ in range(3))
    for number, conversation in enumerate((kept, deleted, held)):
        ask(workspace, conversation, question(SUBJECTS[number]))
    saved = tmp_path / "data" / "cache" / FOLDER
    assert {file.stem for file in saved.iterdir()} == {f"c{kept}", f"c{deleted}"}
    workspace.conversations.delete(deleted)
    workspace.conversations.delete(held)  # still in the model, which would save it when closed
    assert {file.stem for file in saved.iterdir()} == {f"c{kept}"}
    workspace.close()
    assert {file.stem for file in saved.iterdir()} == {f"c{kept}"}
    (saved / "c999.state").write_bytes(b"left behind by a crash")
    opened(tmp_path, tiny_gpt_oss).close()
    assert {file.stem for file in saved.iterdir()} == {f"c{kept}"}


def test_a_restored_conversation_is_saved_again(workspace: Workspace, tmp_path: Path) -> None:
    conversation = workspace.conversations.create()
    ask(workspace, conversation, question(SUBJECTS[0]))
    workspace.conversations.delete(conversation)
    workspace.conversations.restore(conversation)
    ask(workspace, conversation, question(SUBJECTS[1]))
    workspace.close()
    assert (tmp_path / "data" / "cache" / FOLDER / f"c{conversation}.state").exists()


def test_an_idle_model_is_unloaded_and_comes_back_with_its_cache(workspace: Workspace) -> None:
    conversation = workspace.conversations.create()
    ask(workspace, conversation, question(SUBJECTS[0]))
    workspace.chat.prefill_history(conversation)
    assert not workspace.engines.release_idle_chat_model(), "it was used just now"
    workspace.settings.change(unload_minutes=0)
    assert not workspace.engines.release_idle_chat_model(idle_s=10**6), "never, as the settings say"
    workspace.settings.change(unload_minutes=30)
    assert workspace.engines.release_idle_chat_model(idle_s=31 * 60.0)
    assert not workspace.engines.chat_model_is_loaded
    _, usage = ask(workspace, conversation, question(SUBJECTS[1]))
    question_message = workspace.conversations.messages(conversation)[2]
    assert evaluated(usage) <= tokens_of(workspace, question_message.prompt) + NOISE_TOKENS, (
        "the cache of the conversation was kept"
    )
