"""Choosing the next token: temperature, top-k, top-p and min-p by llama.cpp's samplers, held to a grammar if wanted."""

from __future__ import annotations

import random
from typing import Any

from models.conversation import Sampling
from models.faults import N_, ModelFault
from models.llama_native import NativeModel, library

SEEDS = 2**32 - 2  # llama.cpp takes 2**32 - 1 for "a seed of your own"


class Sampler:
    """One generation's sampler. Owned by the thread that owns the context."""

    def __init__(self, model: NativeModel, sampling: Sampling) -> None:
        lib = library()
        self._vocab = model.vocab
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        self._answer_chain: Any = None
        if sampling.grammar:
            lib.llama_sampler_chain_add(self._chain, _grammar(model.vocab, sampling.grammar))
        seed = random.randrange(SEEDS) if sampling.seed is None else sampling.seed % SEEDS
        _add_choice(self._chain, sampling, seed)
        if sampling.answer_schema:
            self._answer_chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
            grammar = grammar_of_schema(sampling.answer_schema)
            lib.llama_sampler_chain_add(self._answer_chain, _grammar(model.vocab, grammar))
            _add_choice(self._answer_chain, sampling, seed)

    def sample(self, context: Any, *, answering: bool) -> int:
        """The next token after the last one evaluated; `answering` while the answer is being written, which is when its
        schema holds."""
        chain = self._answer_chain if answering and self._answer_chain is not None else self._chain
        return int(library().llama_sampler_sample(chain, context, -1))

    def close(self) -> None:
        for chain in (self._chain, self._answer_chain):
            if chain is not None:
                library().llama_sampler_free(chain)
        self._chain = self._answer_chain = None


def grammar_of_schema(schema: str) -> str:
    """A JSON schema (text) as GBNF; ModelFault if it cannot be expressed."""
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(schema))
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        raise ModelFault(
            N_("The answer's form cannot be used"),
            N_("The JSON schema for the answer cannot be followed: {why}."),
            N_("Simplify the schema, then ask again."),
            why=str(error) or type(error).__name__,
        ) from error


def _add_choice(chain: Any, sampling: Sampling, seed: int) -> None:
    lib = library()
    add = lib.llama_sampler_chain_add
    if sampling.temperature <= 0:
        add(chain, lib.llama_sampler_init_greedy())
        return
    if sampling.top_k > 0:
        add(chain, lib.llama_sampler_init_top_k(sampling.top_k))
    if 0 < sampling.top_p < 1:
        add(chain, lib.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        add(chain, lib.llama_sampler_init_min_p(sampling.min_p, 1))
    if sampling.temperature != 1:
        add(chain, lib.llama_sampler_init_temp(sampling.temperature))
    add(chain, lib.llama_sampler_init_dist(seed))


def _grammar(vocab: Any, text: str) -> Any:
    grammar = library().llama_sampler_init_grammar(vocab, text.encode(), b"root")
    if not grammar:
        raise ModelFault(
            N_("The answer's form cannot be used"),
            N_("The grammar for the answer is not valid."),
            N_("Correct it, then ask again."),
        )
    return grammar
