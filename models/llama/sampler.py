"""Sampling the next token: temperature, top-k, top-p and min-p, and grammars by llama.cpp's grammar sampler.

llama.cpp's sampler chain first copies the whole vocabulary into records of three numbers, which takes 3 ms a token with
gpt-oss's 201,088. Here the logits are read where they lie; after min-p only a handful of tokens is left.
"""

from __future__ import annotations

import ctypes
import json
import math
import random
import re
import secrets
from typing import TYPE_CHECKING, Any

from models.conversation import Sampling
from models.faults import N_, ModelFault
from models.llama.library import library
from models.llama.native import NativeModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.llama.context import ChatContext

    Logits = NDArray[np.float32]

MAX_GRAMMAR_BYTES = 1 << 20
SPARSE_DIVISOR = 8  # if fewer than one token in eight is left, it is cheaper to gather those than to mask the others
BLOCK_TOKENS = 512
MAX_REPETITIONS = 1000
_REPETITION = re.compile(r"(?<!\\)\{(\d{1,300})(,\d{0,300})?\}")
"""A repetition count in a regular expression, such as {3} or {1,9}."""


class Sampler:
    """Samples the tokens of one generation; close it afterwards. Used by the context's thread alone."""

    def __init__(self, model: NativeModel, context: ChatContext, sampling: Sampling) -> None:
        """Raises `ModelFault` if the grammar or the schema cannot be used."""
        self._context = context
        self._sampling = sampling
        self._random = random.Random(secrets.randbits(64) if sampling.seed is None else sampling.seed)
        self._message_grammar = _Grammar(model, sampling.grammar) if sampling.grammar else None
        self._answer_grammar: _Grammar | None = None
        try:
            if sampling.answer_schema:
                self._answer_grammar = _Grammar(model, grammar_of_schema(sampling.answer_schema))
        except ModelFault:
            self.close()
            raise

    def sample(self, *, answering: bool = False) -> int:
        """Sample the next token from the context's last logits. While `answering` (the token would be part of the
        answer's text) the answer's schema constrains it, if there is one; else the grammar of the whole message."""
        logits = self._context.logits()
        token = sample_token(logits, self._sampling, self._random.random())
        grammar = self._answer_grammar if answering and self._answer_grammar is not None else self._message_grammar
        if grammar is None:
            return token
        if not grammar.allows(token):
            token = sample_token(grammar.mask(logits), self._sampling, self._random.random())
            if not grammar.allows(token):
                raise _unusable_grammar_fault()
        grammar.accept(token)
        return token

    def accept(self, token: int) -> None:
        """Advance the message's grammar past a token that was not sampled here. One that the grammar does not allow is
        ignored."""
        if self._message_grammar is not None and self._message_grammar.allows(token):
            self._message_grammar.accept(token)

    def close(self) -> None:
        for grammar in (self._message_grammar, self._answer_grammar):
            if grammar is not None:
                grammar.close()
        self._message_grammar = self._answer_grammar = None


def grammar_of_schema(schema: str) -> str:
    """Convert a JSON schema, given as text, to GBNF. Raises `ModelFault` if that is not possible."""
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(json.dumps(_with_bounded_counts(json.loads(schema)))))
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise ModelFault(
            N_("The answer's form cannot be used"),
            N_("The JSON schema for the answer cannot be followed: {why}."),
            N_("Simplify the schema, then ask again."),
            why=str(error) or type(error).__name__,
        ) from error


def _with_bounded_counts(schema: Any) -> Any:
    """`schema` with its lengths and counts bounded, since the grammar writes every repetition out: a text of at most
    1,000,000,000 characters took all memory. A maximum beyond `MAX_REPETITIONS` is dropped and a minimum lowered to it;
    the caller checks the answer against the schema."""
    if isinstance(schema, list):
        return [_with_bounded_counts(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bounded = {
        key: value if key in ("const", "enum", "default") else _with_bounded_counts(value)
        for key, value in schema.items()
    }
    for key in ("minLength", "maxLength", "minItems", "maxItems"):
        if isinstance(bounded.get(key), int | float) and bounded[key] > MAX_REPETITIONS:
            if key.startswith("max"):
                del bounded[key]
            else:
                bounded[key] = MAX_REPETITIONS
    if isinstance(bounded.get("pattern"), str):
        bounded["pattern"] = _REPETITION.sub(_bounded_repetition, bounded["pattern"])
    return bounded


def _bounded_repetition(count: re.Match[str]) -> str:
    least, most = int(count[1]), count[2] or ""
    if max(least, int(most[1:] or 0)) <= MAX_REPETITIONS:
        return count[0]
    return "{" + str(min(least, MAX_REPETITIONS)) + ",}"


def sample_token(logits: Logits, sampling: Sampling, uniform: float) -> int:
    """The token selected by `uniform`, a random number from [0, 1). Filters apply in llama.cpp's order: top-k, top-p,
    min-p, temperature."""
    import numpy as np

    if sampling.temperature <= 0:
        token = int(logits.argmax())  # the first that is no number, if any is
        if math.isnan(float(logits[token])):
            raise _no_numbers_fault()
        return token
    top = float(logits.max())
    if math.isnan(top) or top == math.inf:
        raise _no_numbers_fault()
    if top == -math.inf:
        raise _unusable_grammar_fault()
    floor = top + math.log(sampling.min_p) if 0 < sampling.min_p <= 1 else -math.inf
    if 0 < sampling.top_k < len(logits):
        floor = max(floor, float(np.partition(logits, -sampling.top_k)[-sampling.top_k]))
    if 0 <= sampling.top_p < 1:
        floor = max(floor, _top_p_floor(logits, top, sampling))
    kept = logits >= floor
    sparse = np.count_nonzero(kept) * SPARSE_DIVISOR < len(logits)
    ids = np.flatnonzero(kept) if sparse else None
    scaled = (logits if ids is None else logits[ids]) - np.float32(top)
    if sampling.temperature != 1:
        scaled /= np.float32(sampling.temperature)
    weights = np.exp(scaled, out=scaled)
    if ids is None:
        weights *= kept
    index = _draw_index(weights, uniform)
    return index if ids is None else int(ids[index])


def _no_numbers_fault() -> ModelFault:
    return ModelFault(
        N_("The model does not compute"),
        N_("The language model computes no numbers any more: its file is damaged, or the memory is faulty."),
        N_("Check the file under Models, or download it again."),
    )


def _draw_index(weights: Logits, uniform: float) -> int:
    """The index whose share of [0, 1), in proportion to its weight, contains `uniform`. Sums block by block, because a
    running sum over a whole vocabulary takes a millisecond."""
    import numpy as np

    starts = np.arange(0, len(weights), BLOCK_TOKENS)
    sums = np.add.reduceat(weights, starts).cumsum(dtype=np.float64)
    target = uniform * sums[-1]
    block = min(int(sums.searchsorted(target, side="right")), len(starts) - 1)
    within = weights[block * BLOCK_TOKENS : (block + 1) * BLOCK_TOKENS]
    rest = target - (sums[block - 1] if block else 0.0)
    index = int(within.cumsum(dtype=np.float64).searchsorted(rest, side="right"))
    if index == len(within):  # by rounding: take the last one that has a weight
        index = int(np.flatnonzero(within)[-1])
    return block * BLOCK_TOKENS + index


def _top_p_floor(logits: Logits, top: float, sampling: Sampling) -> float:
    """The logit of the last token needed to reach the probability `top_p`, among the `top_k` likeliest if that is set.
    `top` is the largest logit."""
    import numpy as np

    descending = np.sort(logits)[::-1]
    if sampling.top_k > 0:
        descending = descending[: sampling.top_k]
    sums = np.exp(descending - np.float32(top)).cumsum(dtype=np.float64)
    return float(descending[min(int(sums.searchsorted(sampling.top_p * sums[-1])), len(descending) - 1)])


class _Grammar:
    """A GBNF grammar with a rule `root` over one model's vocabulary, and its parse state."""

    def __init__(self, model: NativeModel, text: str) -> None:
        self._lib = library()
        self._records: Any = None
        raw = text.encode("utf-8", "replace")  # an escape in a schema may name a lone surrogate
        self._handle = None
        if len(raw) <= MAX_GRAMMAR_BYTES and b"\0" not in raw:
            self._handle = self._lib.llama_sampler_init_grammar(model.vocab, raw, b"root")
        if not self._handle:
            raise _unusable_grammar_fault()

    def allows(self, token: int) -> bool:
        """Whether `token` may come next: 10,000 times cheaper than masking all logits."""
        candidate = (self._lib.llama_token_data * 1)(self._lib.llama_token_data(token, 1.0, 0.0))
        array = self._lib.llama_token_data_array(candidate, 1, -1, False)
        self._lib.llama_sampler_apply(self._handle, ctypes.byref(array))
        return bool(candidate[0].logit != -math.inf)

    def mask(self, logits: Logits) -> Logits:
        """`logits` with minus infinity for each token that may not come next."""
        import numpy as np

        if self._records is None:
            kind = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
            self._records = np.zeros(len(logits), kind)
        self._records["id"] = np.arange(len(logits), dtype=np.int32)
        self._records["logit"] = logits
        data = ctypes.cast(self._records.ctypes.data, ctypes.POINTER(self._lib.llama_token_data))
        array = self._lib.llama_token_data_array(data, len(logits), -1, False)
        self._lib.llama_sampler_apply(self._handle, ctypes.byref(array))
        masked: Logits = self._records["logit"]
        return masked

    def accept(self, token: int) -> None:
        """Advance past `token`, which must be allowed: on any other, llama.cpp ends the process."""
        self._lib.llama_sampler_accept(self._handle, token)

    def close(self) -> None:
        if self._handle is not None:
            self._lib.llama_sampler_free(self._handle)
            self._handle = None


def _unusable_grammar_fault() -> ModelFault:
    return ModelFault(
        N_("The answer's form cannot be kept to"),
        N_("The grammar that the answer should follow cannot be read, or leaves nothing to write."),
        N_("Ask again without it."),
    )
