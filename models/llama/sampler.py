"""Choosing the next token: temperature, top-k, top-p, min-p, and a grammar by llama.cpp's own grammar sampler.

llama.cpp's sampler chain copies the whole vocabulary into records of three numbers first, which takes 3 ms a token for
gpt-oss's 201,088. Here the logits are looked at where they lie; what is left after min-p is a handful.
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
from models.llama.native import NativeModel, library

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.llama.context import ChatContext

    Logits = NDArray[np.float32]

GRAMMAR_LIMIT_BYTES = 1 << 20
FEW = 8  # up to one in so many tokens, it is cheaper to look at those alone
BLOCK = 512
MOST_REPEATED = 1000
_COUNT = re.compile(r"(?<!\\)\{(\d{1,300})(,\d{0,300})?\}")
"""In a regular expression."""


class Sampler:
    """The choices of one generation; close it after. Belongs to the context's thread."""

    def __init__(self, model: NativeModel, context: ChatContext, sampling: Sampling) -> None:
        """Raises `ModelFault` if the grammar cannot be read."""
        self._context = context
        self._sampling = sampling
        self._random = random.Random(secrets.randbits(64) if sampling.seed is None else sampling.seed)
        self._whole = _Grammar(model, sampling.grammar) if sampling.grammar else None
        self._answer: _Grammar | None = None
        try:
            if sampling.answer_schema:
                self._answer = _Grammar(model, grammar_of_schema(sampling.answer_schema))
        except ModelFault:
            self.close()
            raise

    def sample(self, *, answering: bool = False) -> int:
        """The next token, from the logits of the last evaluation. `answering` while it would be text of the answer,
        which is when the answer's schema holds; the grammar of the whole message holds otherwise."""
        logits = self._context.logits()
        token = choose(logits, self._sampling, self._random.random())
        grammar = self._answer if answering and self._answer is not None else self._whole
        if grammar is None:
            return token
        if not grammar.allows(token):
            token = choose(grammar.restrict(logits), self._sampling, self._random.random())
            if not grammar.allows(token):
                raise _unusable_grammar()
        grammar.accept(token)
        return token

    def accept(self, token: int) -> None:
        """Tell the grammar of a token that was not sampled here; one it does not expect is none of its business."""
        if self._whole is not None and self._whole.allows(token):
            self._whole.accept(token)

    def close(self) -> None:
        for grammar in (self._whole, self._answer):
            if grammar is not None:
                grammar.close()
        self._whole = self._answer = None


def grammar_of_schema(schema: str) -> str:
    """A JSON schema (text) as GBNF; `ModelFault` if it cannot be expressed."""
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(json.dumps(_bounded(json.loads(schema)))))
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise ModelFault(
            N_("The answer's form cannot be used"),
            N_("The JSON schema for the answer cannot be followed: {why}."),
            N_("Simplify the schema, then ask again."),
            why=str(error) or type(error).__name__,
        ) from error


def _bounded(schema: Any) -> Any:
    """`schema` without lengths and counts that would be written out one by one: a text of up to 1,000,000,000 letters
    took all memory. Beyond `MOST_REPEATED` any number is let through; whoever asked checks the answer."""
    if isinstance(schema, list):
        return [_bounded(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: value if key in ("const", "enum", "default") else _bounded(value) for key, value in schema.items()}
    for key in ("minLength", "maxLength", "minItems", "maxItems"):
        if isinstance(found.get(key), int | float) and found[key] > MOST_REPEATED:
            if key.startswith("max"):
                del found[key]
            else:
                found[key] = MOST_REPEATED
    if isinstance(found.get("pattern"), str):
        found["pattern"] = _COUNT.sub(_fewer, found["pattern"])
    return found


def _fewer(count: re.Match[str]) -> str:
    least, most = int(count[1]), count[2] or ""
    if max(least, int(most[1:] or 0)) <= MOST_REPEATED:
        return count[0]
    return "{" + str(min(least, MOST_REPEATED)) + ",}"


def choose(logits: Logits, sampling: Sampling, drawn: float) -> int:
    """The token that `drawn`, uniform in [0, 1), falls on. In llama.cpp's order: top-k, top-p, min-p, temperature."""
    import numpy as np

    if sampling.temperature <= 0:
        return int(logits.argmax())
    top = float(logits.max())
    floor = top + math.log(sampling.min_p) if 0 < sampling.min_p <= 1 else -math.inf
    if 0 < sampling.top_k < len(logits):
        floor = max(floor, float(np.partition(logits, -sampling.top_k)[-sampling.top_k]))
    if 0 <= sampling.top_p < 1:
        floor = max(floor, _top_p_floor(logits, top, sampling))
    kept = logits >= floor
    few = np.count_nonzero(kept) * FEW < len(logits)
    ids = np.flatnonzero(kept) if few else None
    scaled = (logits if ids is None else logits[ids]) - np.float32(top)
    if sampling.temperature != 1:
        scaled /= np.float32(sampling.temperature)
    weights = np.exp(scaled, out=scaled)
    if ids is None:
        weights *= kept
    place = _draw(weights, drawn)
    return place if ids is None else int(ids[place])


def _draw(weights: Logits, drawn: float) -> int:
    """The index that `drawn` falls on, each taking its weight's share of [0, 1). By blocks: running sums over a whole
    vocabulary take a millisecond."""
    import numpy as np

    starts = np.arange(0, len(weights), BLOCK)
    sums = np.add.reduceat(weights, starts).cumsum(dtype=np.float64)
    target = drawn * sums[-1]
    block = min(int(sums.searchsorted(target, side="right")), len(starts) - 1)
    within = weights[block * BLOCK : (block + 1) * BLOCK]
    rest = target - (sums[block - 1] if block else 0.0)
    place = int(within.cumsum(dtype=np.float64).searchsorted(rest, side="right"))
    if place == len(within):  # rounding: the last one that can be drawn
        place = int(np.flatnonzero(within)[-1])
    return block * BLOCK + place


def _top_p_floor(logits: Logits, top: float, sampling: Sampling) -> float:
    """The logit of the last token needed to reach `top_p` of the probability (among the `top_k` likeliest, if set)."""
    import numpy as np

    falling = np.sort(logits)[::-1]
    if sampling.top_k > 0:
        falling = falling[: sampling.top_k]
    sums = np.exp(falling - np.float32(top)).cumsum(dtype=np.float64)
    return float(falling[min(int(sums.searchsorted(sampling.top_p * sums[-1])), len(falling) - 1)])


class _Grammar:
    """A GBNF grammar with a rule `root`, over one model's vocabulary, and how far the text has come in it."""

    def __init__(self, model: NativeModel, text: str) -> None:
        self._lib = library()
        self._records: Any = None
        raw = text.encode("utf-8", "replace")  # half letters, as an escape in a schema may name them
        self._handle = None
        if len(raw) <= GRAMMAR_LIMIT_BYTES and b"\0" not in raw:
            self._handle = self._lib.llama_sampler_init_grammar(model.vocab, raw, b"root")
        if not self._handle:
            raise _unusable_grammar()

    def allows(self, token: int) -> bool:
        """Whether `token` may come next. Asking about one is 10,000 times cheaper than about all."""
        one = (self._lib.llama_token_data * 1)(self._lib.llama_token_data(token, 1.0, 0.0))
        array = self._lib.llama_token_data_array(one, 1, -1, False)
        self._lib.llama_sampler_apply(self._handle, ctypes.byref(array))
        return bool(one[0].logit != -math.inf)

    def restrict(self, logits: Logits) -> Logits:
        """`logits` with minus infinity for every token that may not come next."""
        import numpy as np

        if self._records is None:
            kind = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
            self._records = np.zeros(len(logits), kind)
        self._records["id"] = np.arange(len(logits), dtype=np.int32)
        self._records["logit"] = logits
        data = ctypes.cast(self._records.ctypes.data, ctypes.POINTER(self._lib.llama_token_data))
        array = self._lib.llama_token_data_array(data, len(logits), -1, False)
        self._lib.llama_sampler_apply(self._handle, ctypes.byref(array))
        restricted: Logits = self._records["logit"]
        return restricted

    def accept(self, token: int) -> None:
        """Go on past `token`, which must be allowed: llama.cpp ends the process on another one."""
        self._lib.llama_sampler_accept(self._handle, token)

    def close(self) -> None:
        if self._handle is not None:
            self._lib.llama_sampler_free(self._handle)
            self._handle = None


def _unusable_grammar() -> ModelFault:
    return ModelFault(
        N_("The answer's form cannot be kept to"),
        N_("The grammar that the answer should follow cannot be read, or leaves nothing to write."),
        N_("Ask again without it."),
    )
