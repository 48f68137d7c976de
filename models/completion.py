"""The decode loop that writes one message: sample a token, parse it into events, decode it, until the message ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.cancel import CancelToken
from models.conversation import FinishReason, ModelEvent, Usage

if TYPE_CHECKING:
    from models.llama.kv_cache import KvCache
    from models.llama.sampler import Sampler
    from models.prompts.chat_format import ChatParser

# Reasoning that does not end by itself is ended when this part of the allowed tokens is left: one in four, at most 512.
ANSWER_RESERVE_DIVISOR = 4
MAX_ANSWER_RESERVE_TOKENS = 512


@dataclass(slots=True)
class GenerationStats:
    """Tokens and seconds of a generation under way; `usage` returns them as a value."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    prefill_s: float = 0.0
    decode_s: float = 0.0

    def usage(self) -> Usage:
        return Usage(self.prompt_tokens, self.reused_tokens, self.generated_tokens, self.prefill_s, self.decode_s)


class Completion:
    """One message, written after the prompt that `cache` holds. Used by the context's thread alone.

    An answer is forced once, by putting in the tokens that open it (`ChatParser.answer_opening`): when the message ends
    without an answer or a tool call, when `answer_now` is set, or when only the answer's reserve of tokens is left.
    """

    def __init__(
        self,
        cache: KvCache,
        sampler: Sampler,
        parser: ChatParser,
        stop_ids: frozenset[int],
        *,
        max_tokens: int,
        stats: GenerationStats,
        answer_now: threading.Event,
        cancel: CancelToken,
    ) -> None:
        self._cache = cache
        self._sampler = sampler
        self._parser = parser
        self._stop_ids = stop_ids
        self._max_tokens = max_tokens
        self._max_reasoning_tokens = max_tokens - min(MAX_ANSWER_RESERVE_TOKENS, max_tokens // ANSWER_RESERVE_DIVISOR)
        self._stats = stats
        self._answer_now = answer_now
        self._cancel = cancel
        self._message_ended = False  # by a stop token
        self._answer_forced = False
        self.reason = FinishReason.CANCELLED

    def events(self) -> Iterator[ModelEvent]:
        """Generate the message and yield its events as they come; afterwards `reason` says why it ended."""
        started_s = time.perf_counter()
        while (reason := self._finish_reason()) is None:
            tokens = self._forced_answer_opening() or self._sample_next()
            for token in tokens:
                yield from self._parser.feed(token)
            self._message_ended = tokens[-1] in self._stop_ids
            if not self._message_ended and not self._cache.extend(tokens, output_last=True):
                self._cancel.cancel()  # only a cancel token sets the flag that aborts the computation
        yield from self._parser.finish()
        self._stats.decode_s = time.perf_counter() - started_s
        self.reason = reason

    def _finish_reason(self) -> FinishReason | None:
        """Why the message is over; None while it is not."""
        if self._cancel.cancelled:
            return FinishReason.CANCELLED
        if self._message_ended and self._parser.called_tool:
            return FinishReason.TOOL_CALL
        if self._message_ended and (
            self._parser.has_answer or self._answer_forced or not self._parser.answer_opening()
        ):
            return FinishReason.COMPLETE
        if self._stats.generated_tokens >= self._max_tokens:
            return FinishReason.LENGTH
        return None

    def _forced_answer_opening(self) -> tuple[int, ...]:
        """The tokens that make the model answer, if the answer has to be forced now; else none."""
        if self._answer_forced or self._parser.has_answer or self._parser.called_tool:
            return ()
        reasoning_is_over = self._answer_now.is_set() or self._stats.generated_tokens >= self._max_reasoning_tokens
        if not self._message_ended and not reasoning_is_over:
            return ()
        tokens = self._parser.answer_opening()
        self._answer_forced = bool(tokens)
        for token in tokens:
            self._sampler.accept(token)
        return tokens

    def _sample_next(self) -> tuple[int, ...]:
        self._stats.generated_tokens += 1
        return (self._sampler.sample(answering=self._parser.answering),)
