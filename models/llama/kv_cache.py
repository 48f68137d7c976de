"""The tokens a context holds, and going back in them: a prompt is evaluated only from where it first differs.

A windowed cache has forgotten what is older than its window, and llama.cpp returns success and wrong logits when such a
cache is simply cut. So this goes back only to checkpoints: copies of the windowed layers' content, about 3 MiB each for
gpt-oss-20b, valid as long as the tokens before them stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.llama.context import ChatContext

CHECKPOINTS_KEPT = 24


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The windowed layers as they were when the cache held `position` tokens."""

    position: int
    window: bytes


class KvCache:
    """One context's tokens and checkpoints. Belongs to the context's thread."""

    def __init__(self, context: ChatContext) -> None:
        self._context = context
        self.tokens: list[int] = []
        self.checkpoints: list[Checkpoint] = []

    def reuse(self, prompt: Sequence[int]) -> int:
        """Make the cache hold the longest beginning of `prompt` that it can, short of its last token (whose logits are
        wanted); returns its length."""
        common = common_length(self.tokens, prompt)
        wanted = min(common, len(prompt) - 1)
        if wanted < len(self.tokens):
            self._go_back(wanted)
        return len(self.tokens)

    def extend(self, tokens: Sequence[int], *, output_last: bool) -> bool:
        """Evaluate `tokens` after those held; False if it was stopped, with what was finished kept."""
        done = False
        try:
            done = self._context.evaluate(tokens, len(self.tokens), output_last=output_last)
        finally:
            held = self._context.held_tokens
            self.tokens += tokens[: max(held - len(self.tokens), 0)]
        return done

    def checkpoint(self) -> None:
        """Make it possible to come back to this position."""
        position = len(self.tokens)
        if not self._context.windowed or any(saved.position == position for saved in self.checkpoints):
            return
        self.checkpoints.append(Checkpoint(position, self._context.save_window()))
        self.checkpoints.sort(key=lambda saved: saved.position)
        if len(self.checkpoints) > CHECKPOINTS_KEPT:
            del self.checkpoints[1]  # the first, after the fixed prefix, serves every conversation

    def put_back(self, tokens: Sequence[int], checkpoints: Sequence[Checkpoint]) -> None:
        """Take over what the context has just been given (see `models.llama.saved_kv`)."""
        self.tokens = list(tokens)
        self.checkpoints = [saved for saved in checkpoints if saved.position <= len(tokens)]

    def clear(self) -> None:
        self._context.clear()
        self.tokens.clear()
        self.checkpoints.clear()

    def _go_back(self, wanted: int) -> None:
        """To position `wanted`, or to the last checkpoint before it."""
        if not self._context.windowed:
            self._context.truncate(wanted)
            del self.tokens[wanted:]
            return
        self.checkpoints = [saved for saved in self.checkpoints if saved.position <= wanted]
        if not self.checkpoints:
            self.clear()
            return
        last = self.checkpoints[-1]
        self._context.restore_window(last.position, last.window)
        del self.tokens[last.position :]


def common_length(left: Sequence[int], right: Sequence[int]) -> int:
    """How many leading items are the same."""
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))
