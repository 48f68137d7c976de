"""A loaded gpt-oss: conversations in, typed events out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from models.cancel import CancelToken
from models.conversation import Conversation, Finished, FinishReason, ModelEvent, Reading, Sampling, Usage
from models.faults import Cancelled
from models.gguf_file import read_header
from models.harmony import STOP_IDS, HarmonyEncoding, HarmonyParser
from models.llama import Stopwatch, TokenMemory
from models.llama_native import NativeModel
from models.plan import LoadPlan
from models.progress import ReportProgress, ignore_progress
from models.sampler import Sampler

log = logging.getLogger(__name__)

FORCED_ANSWER_TOKENS = 512  # kept, of what may be generated, for the answer when the reasoning goes on and on
SHORTEST_FORCED_TOKENS = 64  # a limit below this is a test of something else


@dataclass(slots=True)
class _Writing:
    """One answer under way."""

    parser: HarmonyParser
    sampler: Sampler
    cancel: CancelToken
    limit: int
    force_at: int
    watch: Stopwatch = field(default_factory=Stopwatch)
    generated: int = 0


class ChatModel:
    """Made, used and closed on one thread; `answer_now` may be called from any."""

    def __init__(self, native: NativeModel, encoding: HarmonyEncoding, memory: TokenMemory, plan: LoadPlan) -> None:
        self._native = native
        self._encoding = encoding
        self._memory = memory
        self.plan = plan
        self._answer_now = threading.Event()

    @classmethod
    def open(
        cls,
        path: Path,
        plan: LoadPlan,
        cache_dir: Path,
        *,
        report: ReportProgress = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> ChatModel:
        """Load the model at `path` as `plan` says. Raises `ModelFault` or `Cancelled`."""
        read_header(path)  # what is wrong with the file is found here, in words, not in native code
        encoding = HarmonyEncoding.from_gguf(path, cache_dir)
        native = NativeModel.load(path, plan.load_settings, report=report, cancel=cancel)
        try:
            memory = TokenMemory(native, plan.context_settings)
        except BaseException:
            native.close()
            raise
        return cls(native, encoding, memory, plan)

    @property
    def context_tokens(self) -> int:
        return self._memory.context_tokens

    def count_tokens(self, text: str) -> int:
        return len(self._encoding.encode_text(text))

    def count_prompt(self, conversation: Conversation) -> int:
        """Tokens of the conversation as it would be rendered."""
        return len(self._encoding.prompt(conversation).tokens)

    def warm_up(self, conversation: Conversation, cancel: CancelToken | None = None) -> None:
        """Evaluate what every conversation with these instructions begins with: the first question then waits less."""
        prefix = self._encoding.prefix(conversation)
        if self._memory.reusable(prefix) < len(prefix) - 1:
            for _ in self._memory.evaluate(prefix, (), cancel or CancelToken()):
                pass

    def answer_now(self) -> None:
        """End the reasoning of the answer under way and have the answer written."""
        self._answer_now.set()

    def generate(
        self,
        conversation: Conversation,
        *,
        max_tokens: int | None = None,
        cancel: CancelToken | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[ModelEvent]:
        """Answer the conversation's last message. The last event is `Finished`; stopping gives one too, no exception.

        `max_tokens` counts reasoning and answer together. Raises `ModelFault`.
        """
        cancel = cancel or CancelToken()
        self._answer_now.clear()
        prompt = self._encoding.prompt(conversation)
        total, reused = len(prompt.tokens), self._memory.reusable(prompt.tokens)
        watch = Stopwatch()
        try:
            for done in self._memory.evaluate(prompt.tokens, (prompt.prefix_tokens, *prompt.boundaries), cancel):
                yield Reading(done, total, watch.seconds_left(done - reused, total - reused))
        except Cancelled:
            yield Finished(FinishReason.CANCELLED, Usage(total, reused, 0, watch.elapsed_s))
            return
        prefill_s = watch.elapsed_s
        sampler = Sampler(self._native, sampling or Sampling())
        limit = min(max_tokens or self._memory.room, self._memory.room)
        writing = _Writing(self._encoding.parser(), sampler, cancel, limit, _force_at(limit))
        try:
            with cancel.listened(self._memory.stop.set):
                reason = yield from self._write(writing)
        finally:
            self._memory.stop.clear()
            sampler.close()
        usage = Usage(total, reused, writing.generated, prefill_s, writing.watch.elapsed_s)
        yield Finished(reason, usage)

    def close(self) -> None:
        self._memory.close()
        self._native.close()

    def _write(self, writing: _Writing) -> Generator[ModelEvent, None, FinishReason]:
        """Choose and evaluate tokens until the model ends its turn, is stopped, or may write no more."""
        memory, parser = self._memory, writing.parser
        forced = False
        while True:
            if writing.cancel.cancelled:
                return (yield from _finished(parser, FinishReason.CANCELLED))
            if writing.generated >= writing.limit or memory.room < 1:
                return (yield from _finished(parser, FinishReason.LENGTH))
            wants_answer = self._answer_now.is_set() or writing.generated == writing.force_at
            try:
                if wants_answer and not forced and not parser.has_answer:
                    self._answer_now.clear()
                    forced = True
                    yield from self._force_final(writing)
                token = writing.sampler.sample(memory.context, answering=parser.answering)
                writing.generated += 1
                yield from parser.feed(token)
                if token in STOP_IDS:
                    if parser.called_tool:
                        return (yield from _finished(parser, FinishReason.TOOL_CALL))
                    if parser.has_answer or forced:
                        return (yield from _finished(parser, FinishReason.COMPLETE))
                    forced = True
                    yield from self._force_final(writing)
                    continue
                memory.append(token)
            except Cancelled:
                return (yield from _finished(parser, FinishReason.CANCELLED))

    def _force_final(self, writing: _Writing) -> Iterator[ModelEvent]:
        """Make the model write its answer now, from whatever it is at."""
        tokens = writing.parser.force_final()[: self._memory.room]
        if tokens:
            self._memory.append_all(tokens)
        for token in tokens:
            yield from writing.parser.feed(token)


def _finished(parser: HarmonyParser, reason: FinishReason) -> Generator[ModelEvent, None, FinishReason]:
    yield from parser.finish()
    return reason


def _force_at(limit: int) -> int:
    """After how many tokens an answer that has not begun is forced, so that some of `limit` is left for it."""
    return limit - min(FORCED_ANSWER_TOKENS, limit // 4) if limit >= SHORTEST_FORCED_TOKENS else -1
