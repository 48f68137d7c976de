"""Writing one message: sample a token, show what it means, evaluate it, until the message is complete."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.cancel import CancelToken
from models.conversation import FinishReason, ModelEvent, Usage

if TYPE_CHECKING:
    from models.llama.kv_cache import KvCache
    from models.llama.sampler import Sampler
    from models.prompts.chat_format import ChatParser

ANSWER_SHARE = (
    4  # one part in so many of the allowed tokens is kept for the answer, if reasoning does not end by itself
)
ANSWER_RESERVE_TOKENS = 512  # at most this many


@dataclass(slots=True)
class CompletionTurn:
    """The figures of one generation while it runs."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    prefill_s: float = 0.0
    decode_s: float = 0.0

    def usage(self) -> Usage:
        return Usage(self.prompt_tokens, self.reused_tokens, self.generated_tokens, self.prefill_s, self.decode_s)


class Completion:
    """One message being written after the prompt that `cache` holds. Belongs to the context's thread.

    A message that ends without an answer or a tool call is continued once with the beginning of an answer; so is
    reasoning that is told to end (`answer_now`) or that has used up what is not kept for the answer.
    """

    def __init__(
        self,
        cache: KvCache,
        sampler: Sampler,
        parser: ChatParser,
        is_stop: Callable[[int], bool],
        *,
        limit: int,
        turn: CompletionTurn,
        answer_now: threading.Event,
        cancel: CancelToken,
    ) -> None:
        self._cache = cache
        self._sampler = sampler
        self._parser = parser
        self._is_stop = is_stop
        self._limit = limit
        self._reasoning_limit = limit - min(ANSWER_RESERVE_TOKENS, limit // ANSWER_SHARE)
        self._turn = turn
        self._answer_now = answer_now
        self._cancel = cancel
        self._stopped = False  # the model ended its message
        self._forced = False  # the answer was begun for it
        self.reason = FinishReason.CANCELLED

    def events(self) -> Iterator[ModelEvent]:
        """What is written, as it is written; `reason` says afterwards why it ended."""
        started_s = time.perf_counter()
        while (reason := self._finished()) is None:
            tokens = self._beginning_of_answer() or self._next()
            for token in tokens:
                yield from self._parser.feed(token)
            self._stopped = self._is_stop(tokens[-1])
            if not self._stopped and not self._cache.extend(tokens, output_last=True):
                self._cancel.cancel()  # the flag that stops the computation is set by nothing else
        yield from self._parser.finish()
        self._turn.decode_s = time.perf_counter() - started_s
        self.reason = reason

    def _finished(self) -> FinishReason | None:
        if self._cancel.cancelled:
            return FinishReason.CANCELLED
        if self._stopped and self._parser.called_tool:
            return FinishReason.TOOL_CALL
        if self._stopped and (self._parser.has_answer or self._forced or not self._parser.force_final()):
            return FinishReason.COMPLETE
        if self._turn.generated_tokens >= self._limit:
            return FinishReason.LENGTH
        return None

    def _beginning_of_answer(self) -> tuple[int, ...]:
        """The tokens that make the model answer, if it has to be made to."""
        if self._forced or self._parser.has_answer or self._parser.called_tool:
            return ()
        late = self._answer_now.is_set() or self._turn.generated_tokens >= self._reasoning_limit
        if not self._stopped and not late:
            return ()
        tokens = self._parser.force_final()
        self._forced = bool(tokens)
        for token in tokens:
            self._sampler.accept(token)
        return tokens

    def _next(self) -> tuple[int, ...]:
        self._turn.generated_tokens += 1
        return (self._sampler.sample(answering=self._parser.answering),)
