"""The tokens in a context's KV cache, and rewinding it: a prompt is decoded only from its first different token on.

Sliding-window layers drop whatever is older than their window. When such a cache is simply truncated, llama.cpp reports
success and computes wrong logits. So it is rewound to checkpoints only: copies of what these layers hold, about 3 MiB
each for gpt-oss-20b, valid for as long as the tokens before them stay the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.llama.context import ChatContext

MAX_CHECKPOINTS = 24


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The content of the sliding-window layers when the cache held `position` tokens."""

    position: int
    window_state: bytes


class KvCache:
    """The tokens and checkpoints of one context. Used by the context's thread alone."""

    def __init__(self, context: ChatContext) -> None:
        self._context = context
        self.tokens: list[int] = []
        self.checkpoints: list[Checkpoint] = []

    def reuse(self, prompt: Sequence[int]) -> int:
        """Rewind to the longest prefix of `prompt` that is cached, and return its length. It never includes the last
        token, which has to be decoded for its logits."""
        reusable = min(common_prefix_length(self.tokens, prompt), len(prompt) - 1)
        if reusable < len(self.tokens):
            self._rewind(reusable)
        return len(self.tokens)

    def extend(self, tokens: Sequence[int], *, output_last: bool) -> bool:
        """Decode `tokens` after the cached ones. Returns False if it was stopped; what was finished by then is kept."""
        finished = False
        try:
            finished = self._context.decode(tokens, len(self.tokens), output_last=output_last)
        finally:
            cached = self._context.cached_tokens
            self.tokens += tokens[: max(cached - len(self.tokens), 0)]
        return finished

    def add_checkpoint(self) -> None:
        """Add a checkpoint at the present position. Without sliding-window layers none is needed."""
        position = len(self.tokens)
        if not self._context.has_sliding_window or any(other.position == position for other in self.checkpoints):
            return
        self.checkpoints.append(Checkpoint(position, self._context.save_sliding_window()))
        self.checkpoints.sort(key=lambda checkpoint: checkpoint.position)
        if len(self.checkpoints) > MAX_CHECKPOINTS:
            del self.checkpoints[1]  # the first one stays: it follows the fixed prefix of every conversation

    def set_contents(self, tokens: Sequence[int], checkpoints: Sequence[Checkpoint]) -> None:
        """Take note of what the context's cache has just been replaced by (see `models.llama.saved_kv`)."""
        self.tokens = list(tokens)
        self.checkpoints = [checkpoint for checkpoint in checkpoints if checkpoint.position <= len(tokens)]

    def clear(self) -> None:
        self._context.clear()
        self.tokens.clear()
        self.checkpoints.clear()

    def _rewind(self, position: int) -> None:
        """Go back to `position`, or with sliding-window layers to the last checkpoint up to it."""
        if not self._context.has_sliding_window:
            self._context.truncate(position)
            del self.tokens[position:]
            return
        self.checkpoints = [checkpoint for checkpoint in self.checkpoints if checkpoint.position <= position]
        if not self.checkpoints:
            self.clear()
            return
        last = self.checkpoints[-1]
        self._context.restore_sliding_window(last.position, last.window_state)
        del self.tokens[last.position :]


def common_prefix_length(left: Sequence[int], right: Sequence[int]) -> int:
    """How many leading items `left` and `right` have in common."""
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))
