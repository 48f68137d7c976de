"""After any sequence of edits, branches and aborts, a rewound KV cache gives the logits of a fresh prefill."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.llama.context import ChatContext, ContextSettings
from models.llama.kv_cache import MAX_CHECKPOINTS, KvCache, common_prefix_length
from models.llama.native import LoadSettings, NativeModel

BATCH = 48
# llama.cpp sums attention in half precision and in the order of the cache's cells, which a ring buffer rotates. Two
# fresh prefills with other chunk sizes differ by up to 0.03 standard deviations of the logits; a lost window by 0.3.
NOISE = 0.06
SETTINGS = ContextSettings(context_tokens=2048, batch_tokens=BATCH, ubatch_tokens=BATCH, threads=1, threads_batch=1)


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


@pytest.fixture
def fresh(model: NativeModel) -> Iterator[ChatContext]:
    made = ChatContext(model, SETTINGS)
    yield made
    made.close()


def tokens(count: int, seed: int) -> list[int]:
    return random.Random(seed).choices(range(1000, 190_000), k=count)


def prefill(cache: KvCache, prompt: list[int], *, every: int) -> int:
    """Decode `prompt` in chunks of `every` tokens with a checkpoint after each; how many tokens were cached before."""
    reused = cache.reuse(prompt)
    while len(cache.tokens) < len(prompt):
        end = min(len(cache.tokens) + every, len(prompt))
        end = len(prompt) - 1 if end == len(prompt) and len(cache.tokens) < len(prompt) - 1 else end
        assert cache.extend(prompt[len(cache.tokens) : end], output_last=end == len(prompt))
        cache.add_checkpoint()
    return reused


def logits_of(context: ChatContext, prompt: list[int]) -> np.ndarray:
    cache = KvCache(context)
    cache.clear()
    prefill(cache, prompt, every=BATCH)
    return context.logits().copy()


def assert_same_logits(one: np.ndarray, other: np.ndarray) -> None:
    """Equal but for floating-point noise."""
    assert np.abs(one - other).max() < NOISE * other.std()


def test_plain_truncation_breaks_sliding_window_layers(context: ChatContext, fresh: ChatContext) -> None:
    """This is why there are checkpoints. If it no longer holds, they are not needed any more."""
    prompt = tokens(900, seed=1)
    cache = KvCache(context)
    prefill(cache, prompt, every=BATCH)
    context.truncate(700)
    context.decode(prompt[700:701], 700, output_last=True)
    wrong, right = context.logits().copy(), logits_of(fresh, prompt[:701])
    assert np.abs(wrong - right).max() > 3 * NOISE * right.std()


@pytest.mark.parametrize("seed", range(6))
def test_random_edits_branches_and_regenerations_match_a_fresh_prefill(
    context: ChatContext, fresh: ChatContext, seed: int
) -> None:
    choice = random.Random(seed)
    cache = KvCache(context)
    prompt = tokens(choice.randint(150, 500), seed)
    for step in range(8):
        action = choice.choice(["extend", "edit", "regenerate", "shorten", "other"])
        at = choice.randrange(1, len(prompt))
        added = tokens(choice.randint(1, 200), seed * 100 + step)
        if action == "extend":
            prompt = [*prompt, *added]
        elif action == "edit":
            prompt = [*prompt[:at], *added, *prompt[at + 1 :]]
        elif action == "shorten":
            prompt = prompt[:at]
        elif action == "other":
            prompt = tokens(choice.randint(50, 500), seed + 1000 + step)
        prompt = prompt[:1800]
        before = list(cache.tokens)
        reused = prefill(cache, prompt, every=choice.choice([17, 31, BATCH]))
        assert cache.tokens == prompt
        assert reused <= common_prefix_length(before, prompt)
        assert_same_logits(context.logits(), logits_of(fresh, prompt))


def test_regenerating_a_turn_drops_its_generated_tokens(context: ChatContext, fresh: ChatContext) -> None:
    prompt = tokens(400, seed=3)
    cache = KvCache(context)
    prefill(cache, prompt, every=BATCH)
    for token in tokens(200, seed=4):
        cache.extend([token], output_last=True)
    assert prefill(cache, prompt, every=BATCH) == len(prompt) - 1
    assert_same_logits(context.logits(), logits_of(fresh, prompt))


def test_an_aborted_decode_resumes_where_it_stopped(context: ChatContext, fresh: ChatContext) -> None:
    prompt = tokens(700, seed=5)
    cache = KvCache(context)
    while len(cache.tokens) < len(prompt):
        end = min(len(cache.tokens) + BATCH, len(prompt))
        timer = threading.Timer(0.002, context.stop.set)
        timer.start()
        finished = cache.extend(prompt[len(cache.tokens) : end], output_last=end == len(prompt))
        timer.join()
        context.stop.clear()
        if not finished:
            assert cache.extend(prompt[len(cache.tokens) : end], output_last=end == len(prompt))
    assert_same_logits(context.logits(), logits_of(fresh, prompt))


def test_a_stop_flag_set_before_decode_aborts_at_once_and_loses_nothing(context: ChatContext) -> None:
    cache = KvCache(context)
    cache.extend(tokens(100, seed=6)[:BATCH], output_last=False)
    context.stop.set()
    assert not cache.extend(tokens(BATCH, seed=7), output_last=True)
    assert len(cache.tokens) == context.cached_tokens == BATCH
    context.stop.clear()
    assert cache.extend(tokens(BATCH, seed=7), output_last=True)


def test_the_number_of_checkpoints_is_bounded_and_the_first_stays(context: ChatContext) -> None:
    cache = KvCache(context)
    prefill(cache, tokens(1000, seed=8), every=20)
    assert len(cache.checkpoints) == MAX_CHECKPOINTS
    assert cache.checkpoints[0].position == 20


@pytest.mark.parametrize(
    ("bad", "start"),
    [([], 0), ([1] * (BATCH + 1), 0), ([-1], 0), ([201_088], 0), ([1], 5), ([1], -1)],
)
def test_input_that_would_crash_llama_cpp_is_refused(context: ChatContext, bad: list[int], start: int) -> None:
    with pytest.raises(ValueError):
        context.decode(bad, start, output_last=True)


def test_a_full_context_is_refused(context: ChatContext) -> None:
    cache = KvCache(context)
    for _ in range(2048 // 32):
        cache.extend(tokens(32, seed=9), output_last=False)
    with pytest.raises(ValueError):
        cache.extend([1], output_last=True)
    assert len(cache.tokens) == 2048
