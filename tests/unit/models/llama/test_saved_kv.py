"""A saved conversation continues without a new prefill; the folder of saved KV caches stays within its bounds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.encryption.sealing import SealedFiles
from models.chat_model import ChatModel
from models.conversation import Conversation, Finished, Message, Role, Sampling
from models.gguf.header import read_header
from models.llama.context import ChatContext, ContextSettings
from models.llama.kv_cache import KvCache
from models.llama.native import LoadSettings, NativeModel
from models.llama.saved_kv import SavedKvStore
from models.loading.load_plan import GIB, LoadPlan, plan_chat
from models.machine.probe import Machine

SETTINGS = ContextSettings(context_tokens=2048, batch_tokens=48, ubatch_tokens=48, threads=1, threads_batch=1)
TOKENS = list(range(1000, 1600))
PASSAGES = "The valve of the northern basin closes in winter, and the bridge is raised for repairs. " * 30
QUESTION = Conversation((Message(Role.USER, PASSAGES + "When does the valve close?"),), instructions="Be brief.")


@pytest.fixture(scope="module")
def model(tiny_gpt_oss: Path) -> Iterator[NativeModel]:
    loaded = NativeModel.load(tiny_gpt_oss, LoadSettings())
    yield loaded
    loaded.close()


@pytest.fixture
def context(model: NativeModel) -> Iterator[ChatContext]:
    made = ChatContext(model, SETTINGS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def plan(tiny_gpt_oss: Path) -> LoadPlan:
    machine = Machine(16 * GIB, 8 * GIB, physical_cores=1)
    return replace(plan_chat(read_header(tiny_gpt_oss), machine, wanted_context=4096), mmap=True, repack=False)


def fill(context: ChatContext, tokens: list[int] = TOKENS) -> KvCache:
    context.clear()
    cache = KvCache(context)
    for start in range(0, len(tokens), 48):
        cache.extend(tokens[start : start + 48], output_last=False)
        cache.add_checkpoint()
    return cache


def next_logits(context: ChatContext, cache: KvCache) -> np.ndarray:
    cache.extend([5], output_last=True)
    return context.logits().copy()


def test_what_is_restored_is_what_was_saved(context: ChatContext, model: NativeModel, tmp_path: Path) -> None:
    saved, cache = SavedKvStore(tmp_path, "a"), fill(context)
    assert saved.save("c1", context, cache.tokens, cache.checkpoints)
    expected = next_logits(context, cache)
    other = ChatContext(model, SETTINGS)
    try:
        found = saved.restore("c1", other)
        assert found is not None and list(found.tokens) == TOKENS
        restored = KvCache(other)
        restored.set_contents(found.tokens, found.checkpoints)
        difference = np.abs(next_logits(other, restored) - expected).max()
        assert difference < 0.06 * expected.std(), "equal to floating-point noise, see test_kv_cache.py"
        assert restored.reuse(TOKENS[:300]) == 288, "the checkpoints are restored, too"
    finally:
        other.close()


def test_another_model_or_setting_restores_nothing(context: ChatContext, tmp_path: Path) -> None:
    cache = fill(context)
    SavedKvStore(tmp_path, "a").save("c1", context, cache.tokens, [])
    assert SavedKvStore(tmp_path, "b").restore("c1", context) is None
    assert context.cached_tokens == len(TOKENS), "the context's own cache is unchanged"


def test_a_context_too_small_restores_nothing(context: ChatContext, model: NativeModel, tmp_path: Path) -> None:
    saved, cache = SavedKvStore(tmp_path, "a"), fill(context)
    saved.save("c1", context, cache.tokens, [])
    small = ChatContext(model, replace(SETTINGS, context_tokens=512))
    try:
        assert saved.restore("c1", small) is None
    finally:
        small.close()


@pytest.mark.parametrize("damage", ["cut state", "cut points", "no state", "other state", "garbled points"])
def test_damaged_files_restore_nothing_and_do_no_harm(context: ChatContext, tmp_path: Path, damage: str) -> None:
    saved, cache = SavedKvStore(tmp_path, "a"), fill(context)
    saved.save("c1", context, cache.tokens, cache.checkpoints)
    state, points = tmp_path / "conversations" / "c1.state", tmp_path / "conversations" / "c1.points"
    if damage == "cut state":
        os.truncate(state, state.stat().st_size // 2)
    elif damage == "cut points":
        os.truncate(points, points.stat().st_size // 2)
    elif damage == "no state":
        state.unlink()
    elif damage == "other state":
        state.write_bytes(os.urandom(state.stat().st_size))
    else:
        points.write_bytes(b'{"tokens": 3}\n')
    assert saved.restore("c1", context) is None
    fill(context)
    assert context.cached_tokens == len(TOKENS)


def test_the_folder_stays_within_its_bound_and_the_least_recently_used_is_deleted(
    context: ChatContext, tmp_path: Path
) -> None:
    cache = fill(context)
    size = context.state_size()
    saved = SavedKvStore(tmp_path, "a", max_bytes=3 * size + size // 2)
    for number, key in enumerate(["c1", "c2", "c3"]):
        saved.save(key, context, cache.tokens, [])
        os.utime(tmp_path / "conversations" / f"{key}.points", (number, number))
    assert saved.restore("c1", context) is not None, "now it is the most recently used"
    saved.save("c4", context, cache.tokens, [])
    kept = {file.stem for file in (tmp_path / "conversations").glob("*.state")}
    assert kept == {"c1", "c3", "c4"}


def test_what_is_larger_than_the_bound_is_not_saved(context: ChatContext, tmp_path: Path) -> None:
    cache = fill(context)
    assert not SavedKvStore(tmp_path, "a", max_bytes=1000).save("c1", context, cache.tokens, [])
    assert not list(tmp_path.rglob("*.state"))


def test_a_deleted_conversation_leaves_nothing(context: ChatContext, tmp_path: Path) -> None:
    saved, cache = SavedKvStore(tmp_path, "a"), fill(context)
    saved.save("c1", context, cache.tokens, cache.checkpoints)
    SavedKvStore(tmp_path).remove("c1")
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
    SavedKvStore(tmp_path).remove("c1")


def test_a_folder_that_cannot_be_written_is_no_fault(context: ChatContext, tmp_path: Path) -> None:
    (tmp_path / "conversations").write_text("in the way")
    cache = fill(context)
    assert not SavedKvStore(tmp_path, "a").save("c1", context, cache.tokens, [])


@pytest.mark.parametrize("key", ["", "../up", "a/b", "a" * 65, "ä"])
def test_keys_that_are_no_file_names_raise_value_error(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError):
        SavedKvStore(tmp_path).remove(key)


def prefill(chat: ChatModel, conversation: Conversation) -> tuple[int, int]:
    """Generate a few tokens; the number of tokens in the prompt, and how many of them were not cached."""
    *_, last = chat.generate(conversation, max_tokens=8, sampling=Sampling(seed=1))
    assert isinstance(last, Finished)
    return last.usage.prompt_tokens, last.usage.prompt_tokens - last.usage.reused_tokens


def test_after_a_restart_a_conversation_continues_with_little_prefill(
    tiny_gpt_oss: Path, plan: LoadPlan, tmp_path: Path
) -> None:
    answered = replace(QUESTION, messages=(*QUESTION.messages, Message(Role.ASSISTANT, "In winter [1].")))
    asked_again = replace(answered, messages=(*answered.messages, Message(Role.USER, "And the bridge?")))
    chat = ChatModel.open(tiny_gpt_oss, plan, tmp_path)
    chat.switch_to("c1")
    prompt, prefilled = prefill(chat, QUESTION)
    assert prefilled == prompt > 400
    chat.warm_up(answered)
    chat.close()
    chat = ChatModel.open(tiny_gpt_oss, plan, tmp_path)
    try:
        chat.switch_to("c1")
        assert prefill(chat, asked_again)[1] <= 64
    finally:
        chat.close()


def test_switching_between_conversations_prefills_neither_again(
    tiny_gpt_oss: Path, plan: LoadPlan, tmp_path: Path
) -> None:
    other = replace(QUESTION, messages=(Message(Role.USER, "Ships and harbours. " * 200),))
    chat = ChatModel.open(tiny_gpt_oss, plan, tmp_path)
    try:
        for key, conversation in (("c1", QUESTION), ("c2", other)):
            chat.switch_to(key)
            prefill(chat, conversation)
        for key, conversation in (("c1", QUESTION), ("c2", other)):
            chat.switch_to(key)
            assert prefill(chat, conversation)[1] <= 64
    finally:
        chat.close()


def test_a_conversation_without_a_key_is_not_saved(tiny_gpt_oss: Path, plan: LoadPlan, tmp_path: Path) -> None:
    chat = ChatModel.open(tiny_gpt_oss, plan, tmp_path)
    prefill(chat, QUESTION)
    chat.close()
    assert not list(tmp_path.rglob("*.state"))


def test_what_was_evaluated_before_a_removal_is_never_saved(tiny_gpt_oss: Path, plan: LoadPlan, tmp_path: Path) -> None:
    chat = ChatModel.open(tiny_gpt_oss, plan, tmp_path)
    chat.switch_to("c1")
    prefill(chat, QUESTION)
    chat.forget_contents()
    chat.switch_to("c2")
    assert not list(tmp_path.rglob("*.state")) and not list(tmp_path.rglob("*.points"))
    prompt, prefilled = prefill(chat, QUESTION)
    assert prefilled == prompt
    chat.forget_contents()
    chat.close()
    assert not list(tmp_path.rglob("*.state")) and not list(tmp_path.rglob("*.points"))


def test_what_is_sealed_is_restored_and_shows_nothing(context: ChatContext, model: NativeModel, tmp_path: Path) -> None:
    sealing = SealedFiles(bytes(range(32)))
    plain, saved, cache = (
        SavedKvStore(tmp_path / "plain", "a"),
        SavedKvStore(tmp_path, "a", sealing=sealing),
        fill(context),
    )
    assert plain.save("c1", context, cache.tokens, cache.checkpoints)
    assert saved.save("c1", context, cache.tokens, cache.checkpoints)
    head = (tmp_path / "plain" / "conversations" / "c1.points").read_bytes()[:64]
    state = bytes(context.state())[4096:4160]
    assert any(state)
    files = list((tmp_path / "conversations").iterdir())
    assert len(files) == 2
    assert not any(head in file.read_bytes() or state in file.read_bytes() for file in files)
    expected = next_logits(context, cache)
    other = ChatContext(model, SETTINGS)
    try:
        found = saved.restore("c1", other)
        assert found is not None and list(found.tokens) == TOKENS
        restored = KvCache(other)
        restored.set_contents(found.tokens, found.checkpoints)
        assert np.abs(next_logits(other, restored) - expected).max() < 0.06 * expected.std()
    finally:
        other.close()


@pytest.mark.parametrize("altered", ["state", "points", "exchanged", "key"])
def test_what_is_sealed_and_does_not_open_restores_nothing(context: ChatContext, tmp_path: Path, altered: str) -> None:
    saved, cache = SavedKvStore(tmp_path, "a", sealing=SealedFiles(bytes(32))), fill(context)
    for key in ("c1", "c2"):
        saved.save(key, context, cache.tokens, cache.checkpoints)
    state, other = (tmp_path / "conversations" / f"{key}.state" for key in ("c1", "c2"))
    points = state.with_suffix(".points")
    if altered == "exchanged":
        state.write_bytes(other.read_bytes())
    elif altered == "key":
        saved = SavedKvStore(tmp_path, "a", sealing=SealedFiles(bytes(range(32))))
    else:
        file = state if altered == "state" else points
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    assert saved.restore("c1", context) is None
    assert not points.exists(), "what does not open is deleted"
    assert context.cached_tokens in (0, len(TOKENS))
