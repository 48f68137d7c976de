"""Tokens are sampled with the right probabilities, and never those that the settings filter out."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.conversation import Sampling
from models.llama.sampler import grammar_of_schema, sample_token

PLAIN = Sampling(min_p=0.0)
FOUR = np.log(np.array([0.5, 0.25, 0.15, 0.1], np.float32))


def frequencies(logits: np.ndarray, sampling: Sampling, draws: int = 4000) -> np.ndarray:
    """How often each token is sampled for numbers spread evenly over [0, 1)."""
    counts = np.zeros(len(logits))
    for draw in range(draws):
        counts[sample_token(logits, sampling, (draw + 0.5) / draws)] += 1
    return counts / draws


def test_tokens_are_sampled_with_their_probabilities() -> None:
    assert frequencies(FOUR, PLAIN) == pytest.approx([0.5, 0.25, 0.15, 0.1], abs=0.002)


def test_a_low_temperature_favours_likely_tokens() -> None:
    squared = np.array([0.25, 0.0625, 0.0225, 0.01])
    assert frequencies(FOUR, Sampling(temperature=0.5, min_p=0)) == pytest.approx(squared / squared.sum(), abs=0.002)


def test_temperature_zero_is_greedy() -> None:
    assert {sample_token(FOUR, Sampling(temperature=0), draw / 10) for draw in range(10)} == {0}


@pytest.mark.parametrize(
    ("sampling", "left"),
    [
        (Sampling(min_p=0.0, top_k=2), 2),
        (Sampling(min_p=0.0, top_p=0.6), 2),
        (Sampling(min_p=0.0, top_p=0.76), 3),
        (Sampling(min_p=0.25), 3),
        (Sampling(min_p=1.0), 1),
        (Sampling(min_p=0.0, top_k=3, top_p=0.6), 2),
    ],
)
def test_tokens_that_are_filtered_out_are_never_sampled(sampling: Sampling, left: int) -> None:
    expected = np.exp(FOUR[:left]) / np.exp(FOUR[:left]).sum()
    assert frequencies(FOUR, sampling)[:left] == pytest.approx(expected, abs=0.002)
    assert frequencies(FOUR, sampling)[left:].sum() == 0


def test_sampling_from_a_whole_vocabulary_is_fair() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=201_088).astype(np.float32)
    halves = np.array([sample_token(logits, PLAIN, (draw + 0.5) / 2000) < 100_000 for draw in range(2000)]).mean()
    weights = np.exp(logits.astype(np.float64))
    assert halves == pytest.approx(weights[:100_000].sum() / weights.sum(), abs=0.002)


@given(
    st.lists(st.floats(-50, 50, width=32) | st.just(-math.inf), min_size=1, max_size=700),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([PLAIN, Sampling(), Sampling(temperature=0.3, top_k=5, top_p=0.9), Sampling(temperature=0)]),
)
def test_a_token_without_probability_is_never_sampled(values: list[float], drawn: float, sampling: Sampling) -> None:
    logits = np.array([0.0, *values], np.float32)
    assert logits[sample_token(logits, sampling, drawn)] > -math.inf


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "maxLength": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "array", "minItems": 10**5, "maxItems": 10**6, "items": {"type": "string"}},
        {"type": "string", "pattern": "^[ab]{1,1000000000}$"},
        {"type": "string", "pattern": "^a{1000000000}$"},
    ],
)
def test_a_schema_with_enormous_counts_makes_no_enormous_grammar(schema: dict[str, Any]) -> None:
    within = {"type": "object", "properties": {"rent": schema}}
    assert len(grammar_of_schema(json.dumps(within))) < 100_000


def test_small_counts_and_constants_are_kept() -> None:
    bound = grammar_of_schema(json.dumps({"type": "string", "maxLength": 3}))
    assert bound.count("char") == 4
    assert "a{1000000000}" in grammar_of_schema(json.dumps({"const": "a{1000000000}"}))
