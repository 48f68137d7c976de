"""One conversation in the model's memory: what has been evaluated, and how to get from it to another prompt cheaply.

gpt-oss's sliding-window layers keep only the last tokens, so their memory cannot be cut back: llama.cpp would do it
and then give wrong numbers without a word. It is cut back only to a checkpoint, a copy of those layers' state.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

from models.cancel import CancelToken
from models.faults import N_, Cancelled, ModelFault
from models.llama_context import PARTIAL_STATE, ContextSettings, TokenBatch, make_context
from models.llama_native import NativeModel, StopFlag, library

log = logging.getLogger(__name__)

CHECKPOINTS = 24  # 3 MiB each for gpt-oss-20b; the oldest but the first go first
ABORTED = 2  # llama_decode's status after the abort callback said so
SEQUENCE = 0


class TokenMemory:
    """The context of a chat model and the tokens in it. One thread owns it, from making to closing; `stop` is the
    exception: any thread may set it."""

    def __init__(self, model: NativeModel, settings: ContextSettings) -> None:
        self._model = model
        self._settings = settings
        self.context = make_context(model, settings)
        lib = library()
        self._memory = lib.llama_get_memory(self.context)
        self._batch = TokenBatch(settings.batch_tokens)
        self._tokens: list[int] = []
        self._checkpoints: dict[int, bytes] = {}
        self.stop = StopFlag()
        self.stop.attach(self.context)

    @property
    def tokens(self) -> tuple[int, ...]:
        """What has been evaluated."""
        return tuple(self._tokens)

    @property
    def context_tokens(self) -> int:
        return self._settings.context_tokens

    def reusable(self, prompt: Sequence[int]) -> int:
        """How many of `prompt`'s tokens need no evaluation. At least its last one does, for the numbers it gives."""
        common = sum(
            1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(self._tokens, prompt, strict=False))
        )
        return self._turning_point(common, len(prompt))

    def evaluate(self, prompt: Sequence[int], marks: Sequence[int], cancel: CancelToken) -> Iterator[int]:
        """Make the memory hold exactly `prompt`, evaluating what is new; yields the position reached after each part.

        Checkpoints are taken at `marks` (positions) and before the last token, so that the same prompt can be answered
        again. Raises `Cancelled`, after which the memory holds a
        beginning of what it held.
        """
        if not prompt or any(not 0 <= token < self._model.vocab_size for token in prompt):
            raise ValueError("a prompt is one or more tokens of this model's vocabulary")
        self._require_room(len(prompt))
        reused = self.reusable(prompt)
        self._cut_to(reused)
        last = len(prompt)
        stops = sorted({at for at in (*marks, last - 1) if reused < at < last} | {last})
        with cancel.listened(self.stop.set):
            try:
                for stop in stops:
                    while len(self._tokens) < stop:
                        cancel.check()
                        at = len(self._tokens)
                        self._decode(prompt[at : min(stop, at + self._settings.batch_tokens)])
                        if len(self._tokens) == stop != last:
                            self._take_checkpoint()
                        yield len(self._tokens)
            finally:
                self.stop.clear()

    def append(self, token: int) -> None:
        """Evaluate one more token. Raises `Cancelled` if `stop` was set meanwhile."""
        self._require_room(len(self._tokens) + 1)
        self._decode([token])

    def append_all(self, tokens: Sequence[int]) -> None:
        """Evaluate some more tokens."""
        self._require_room(len(self._tokens) + len(tokens))
        size = self._settings.batch_tokens
        for start in range(0, len(tokens), size):
            self._decode(tokens[start : start + size])

    @property
    def room(self) -> int:
        """Tokens that may still be added."""
        return self._settings.context_tokens - len(self._tokens)

    def clear(self) -> None:
        library().llama_memory_clear(self._memory, True)
        self._tokens.clear()
        self._checkpoints.clear()

    def close(self) -> None:
        if self.context is not None:
            library().llama_free(self.context)
            self.context = None

    def _decode(self, tokens: Sequence[int]) -> None:
        """Evaluate `tokens` after those there are; the last one gives logits."""
        batch = self._batch.one_sequence(tokens, len(self._tokens), output_last=True)
        status = library().llama_decode(self.context, batch)
        if status == 0:
            self._tokens.extend(tokens)
            return
        # Some micro-batches may have been evaluated: go back to a state that is known.
        self._cut_to(self._turning_point(len(self._tokens), len(self._tokens) + 1, exact=False))
        if status == ABORTED:
            raise Cancelled
        raise ModelFault(
            N_("The model stopped"),
            N_("llama.cpp could not go on (code {status})."),
            N_("Ask again; if it happens again, choose a shorter context in the settings."),
            status=status,
        )

    def _turning_point(self, common: int, length: int, *, exact: bool = True) -> int:
        """The last position at or before `common` (and before `length`) to which the memory can be cut back. `exact`
        says that all that is there is sound, so that nothing has to be cut where nothing is to be taken away."""
        if exact and common == len(self._tokens) and common < length:
            return common
        wanted = min(common, length - 1)
        if not self._windowed and exact:
            return wanted
        return max((position for position in self._checkpoints if position <= wanted), default=0)

    @property
    def _windowed(self) -> bool:
        return self._model.window_tokens > 0

    def _cut_to(self, position: int) -> None:
        """Forget everything from `position` on; a position of `_turning_point`."""
        if position == len(self._tokens) and position not in self._checkpoints:
            return
        lib = library()
        state = self._checkpoints.get(position)
        for later in [at for at in self._checkpoints if at > position]:
            del self._checkpoints[later]
        removed = position > 0 and lib.llama_memory_seq_rm(self._memory, SEQUENCE, position, -1)
        if removed and state is not None and self._windowed:
            buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
            read = lib.llama_state_seq_set_data_ext(self.context, buffer, len(state), SEQUENCE, PARTIAL_STATE)
            removed = read > 0
        if not removed:
            self.clear()
            return
        del self._tokens[position:]

    def _take_checkpoint(self) -> None:
        """Keep the windowed layers' state of this moment."""
        position = len(self._tokens)
        if not self._windowed or position in self._checkpoints:
            return
        lib = library()
        size = lib.llama_state_seq_get_size_ext(self.context, SEQUENCE, PARTIAL_STATE)
        if not size:
            return
        buffer = (ctypes.c_uint8 * size)()
        written = lib.llama_state_seq_get_data_ext(self.context, buffer, size, SEQUENCE, PARTIAL_STATE)
        if written:
            self._checkpoints[position] = bytes(memoryview(buffer)[:written])
        first = min(self._checkpoints, default=0)
        while len(self._checkpoints) > CHECKPOINTS:
            del self._checkpoints[min(at for at in self._checkpoints if at != first)]

    def _require_room(self, length: int) -> None:
        if length > self._settings.context_tokens:
            raise ModelFault(
                N_("The conversation is too long"),
                N_("The conversation has {tokens} tokens; the model can keep {room} in view."),
                N_("Start a new conversation, or set a longer context in the settings."),
                tokens=length,
                room=self._settings.context_tokens,
            )


class Stopwatch:
    """Prefill speed, measured while it goes on."""

    def __init__(self) -> None:
        self._started_s = time.monotonic()

    def seconds_left(self, done: int, total: int) -> float | None:
        """None until there is something to go by."""
        elapsed_s = time.monotonic() - self._started_s
        return elapsed_s / done * (total - done) if done and elapsed_s > 0.2 else None

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._started_s


def logits(memory: TokenMemory, vocab_size: int) -> Any:
    """The numbers after the last evaluated token, shape [vocab_size], a copy."""
    import numpy as np

    pointer = library().llama_get_logits_ith(memory.context, -1)
    return np.ctypeslib.as_array(pointer, (vocab_size,)).copy()
