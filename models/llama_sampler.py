"""Choosing the next token: temperature, top-k, top-p, min-p and a grammar, by llama.cpp's own samplers."""

from __future__ import annotations

import ctypes
import secrets
from typing import Any

from models.conversation import Sampling
from models.faults import N_, ModelFault
from models.llama_context import ChatContext
from models.llama_native import NativeModel, library

GRAMMAR_LIMIT_BYTES = 1 << 20


class Sampler:
    """The samplers of one generation; close it after. Belongs to the context's thread."""

    def __init__(self, model: NativeModel, context: ChatContext, sampling: Sampling) -> None:
        """Raises `ModelFault` if the grammar cannot be read."""
        self._lib = library()
        self._context = context.handle
        self._vocab_size = model.vocab_size
        self._grammar = _grammar(model, sampling.grammar) if sampling.grammar else None
        self._chain = _chain(sampling)
        self._candidates: Any = None

    def sample(self) -> int:
        """The next token, from the logits of the last evaluation."""
        token: int = self._lib.llama_sampler_sample(self._chain, self._context, -1)
        if self._grammar is None:
            return token
        if not self._allows(token):
            token = self._sample_within_grammar()
            if not self._allows(token):
                raise _unusable_grammar()
        self._lib.llama_sampler_accept(self._grammar, token)
        return token

    def accept(self, token: int) -> None:
        """Tell the grammar of a token that was not sampled here."""
        if self._grammar is not None and self._allows(token):
            self._lib.llama_sampler_accept(self._grammar, token)

    def _allows(self, token: int) -> bool:
        """Whether the grammar takes `token` next. Asking about one is 10,000 times cheaper than about all."""
        one = (self._lib.llama_token_data * 1)(self._lib.llama_token_data(token, 1.0, 0.0))
        array = self._lib.llama_token_data_array(one, 1, -1, False)
        self._lib.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return bool(one[0].logit != float("-inf"))

    def _sample_within_grammar(self) -> int:
        """Apply the grammar to the whole vocabulary first, then choose."""
        import numpy as np

        if self._candidates is None:
            kind = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
            self._candidates = np.zeros(self._vocab_size, kind)
        logits = np.ctypeslib.as_array(self._lib.llama_get_logits_ith(self._context, -1), (self._vocab_size,))
        self._candidates["id"] = np.arange(self._vocab_size, dtype=np.int32)
        self._candidates["logit"] = logits
        self._candidates["p"] = 0
        data = ctypes.cast(self._candidates.ctypes.data, ctypes.POINTER(self._lib.llama_token_data))
        array = self._lib.llama_token_data_array(data, self._vocab_size, -1, False)
        self._lib.llama_sampler_apply(self._grammar, ctypes.byref(array))
        self._lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(data[array.selected].id)

    def close(self) -> None:
        for sampler in (self._chain, self._grammar):
            if sampler is not None:
                self._lib.llama_sampler_free(sampler)
        self._chain = self._grammar = None


def _grammar(model: NativeModel, text: str) -> Any:
    raw = text.encode()
    sampler = None
    if len(raw) <= GRAMMAR_LIMIT_BYTES and b"\0" not in raw:
        sampler = library().llama_sampler_init_grammar(model.vocab, raw, b"root")
    if not sampler:
        raise _unusable_grammar()
    return sampler


def _unusable_grammar() -> ModelFault:
    return ModelFault(
        N_("The answer's form cannot be kept to"),
        N_("The grammar that the answer should follow cannot be read, or leaves nothing to write."),
        N_("Ask again without it."),
    )


def _chain(sampling: Sampling) -> Any:
    """llama.cpp's own order: top-k, top-p, min-p, temperature, then a weighted draw; greedy for temperature 0."""
    lib = library()
    params = lib.llama_sampler_chain_default_params()
    params.no_perf = True
    chain = lib.llama_sampler_chain_init(params)
    if sampling.temperature <= 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
        return chain
    if sampling.top_k > 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_min_p(sampling.min_p, 1))
    if sampling.temperature != 1:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(sampling.temperature))
    seed = secrets.randbits(32) if sampling.seed is None else sampling.seed & 0xFFFFFFFF
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(seed))
    return chain
