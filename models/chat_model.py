"""A loaded chat model: a conversation in, typed events out, with as much of the KV cache reused as possible."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.cancel import CancelToken
from models.completion import Completion, GenerationStats
from models.conversation import Conversation, Finished, Message, ModelEvent, PrefillProgress, Role, Sampling
from models.faults import N_, ModelFault
from models.gguf.file_identity import content_id
from models.llama.kv_cache import KvCache, common_prefix_length
from models.llama.saved_kv import FileSealing, SavedKvStore
from models.loading.load_plan import LoadPlan, safer_plan
from models.progress import ReportProgress, ignore_progress
from models.prompts.chat_format import ChatFormat, Prompt, effective_sampling
from models.prompts.formats import chat_format_for

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader
    from models.llama.context import ChatContext
    from models.llama.native import NativeModel
    from models.loading.crash_log import LoadCrashLog

log = logging.getLogger(__name__)

MIN_SPEED_TOKENS = 128  # smaller micro-batches are slower a token and would understate the speed of a long prompt
USER_MESSAGE_CHECKPOINTS = 8  # how many of the latest user messages get a checkpoint before them
MIN_ANSWER_TOKENS = 64  # a prompt that leaves less room in the context is refused
MIN_SAVED_TOKENS = 256  # a shorter KV cache is recomputed as quickly as it is loaded
CHECKPOINTS_SAVED = 4  # of the latest ones; the first is saved besides
ANSWER_OPENING_TOKENS = 16  # room for `ChatParser.answer_opening`


class ChatModel:
    """A loaded chat model. The thread that opened it owns it: only methods that say "any thread" may be called from
    others, and the cancel tokens that are passed in may be set by any."""

    def __init__(
        self, model: NativeModel, context: ChatContext, chat_format: ChatFormat, plan: LoadPlan, saved_kv: SavedKvStore
    ) -> None:
        """Use `open`."""
        self._saved_kv = saved_kv
        self._conversation_key = ""
        self._saved_tokens = 0  # how many of the cache's tokens are on disk under `_conversation_key`
        self.plan = plan
        self.context_tokens = context.context_tokens
        self._model = model
        self._context = context
        self._format = chat_format
        self._cache = KvCache(context)
        self._answer_now = threading.Event()
        self._tokens_per_s = 0.0
        self._owner = threading.get_ident()
        self._closed = False
        self._deleted_keys: set[str] = set()
        self._outdated = threading.Event()
        self._last_used_s = time.monotonic()

    @classmethod
    def open(
        cls,
        path: Path,
        plan: LoadPlan,
        cache_dir: Path,
        *,
        report: ReportProgress = ignore_progress,
        cancel: CancelToken | None = None,
        crash_log: LoadCrashLog | None = None,
        sealing: FileSealing | None = None,
    ) -> ChatModel:
        """Load the model at `path`. Raises `ModelFault` (missing, damaged, no chat model, not enough memory) or
        `Cancelled`.

        If loading it in this mode has crashed the program before, a safer plan is used, which is then in `plan`. Pass
        the run's `crash_log` if other models may be loaded at the same time. KV caches are saved through `sealing`.
        """
        from models.gguf.consistency import require_consistent
        from models.gguf.header import read_header
        from models.loading.crash_log import LoadCrashLog

        header = read_header(path)
        require_consistent(header)
        chat_format = chat_format_for(header, cache_dir)
        crash_log = crash_log or LoadCrashLog(cache_dir)
        if crash_log.has_crashed(path, plan.load_mode):
            plan = safer_plan(plan)
        entry = crash_log.begin(path, plan.load_mode)
        try:
            saved_kv = SavedKvStore(cache_dir, _kv_settings_id(header, plan), sealing=sealing)
            return cls._load(header, plan, chat_format, saved_kv, report, cancel or CancelToken())
        finally:
            crash_log.end(entry)

    @classmethod
    def _load(
        cls,
        header: GgufHeader,
        plan: LoadPlan,
        chat_format: ChatFormat,
        saved_kv: SavedKvStore,
        report: ReportProgress,
        cancel: CancelToken,
    ) -> ChatModel:
        from models.gguf.consistency import damaged_weights_fault
        from models.llama.context import ChatContext, ContextSettings
        from models.llama.native import LoadSettings, NativeModel

        started_s = time.perf_counter()
        load_settings = LoadSettings(
            plan.mmap, plan.repack, plan.repack_experts, plan.gpu_layers, plan.cpu_expert_layers
        )
        context_settings = ContextSettings(
            context_tokens=plan.context_tokens,
            batch_tokens=plan.ubatch_tokens,
            ubatch_tokens=plan.ubatch_tokens,
            threads=plan.threads,
            threads_batch=plan.threads_batch,
            kv_type=plan.kv_type,
        )
        model = NativeModel.load(header.path, load_settings, size_bytes=header.size_bytes, report=report, cancel=cancel)
        try:
            context = ChatContext(model, context_settings)
            if not context.self_test():
                raise damaged_weights_fault(header.path)
        except BaseException:
            model.close()
            raise
        log.info("loaded %s in %.1f s", header.path.name, time.perf_counter() - started_s)
        return cls(model, context, chat_format, plan, saved_kv)

    @property
    def prefill_tokens_s(self) -> float | None:
        """Tokens per second of the last prefill; None before the first one. Any thread."""
        return self._tokens_per_s or None

    def count_tokens(self, text: str) -> int:
        """The number of tokens in `text`. Any thread."""
        return len(self._format.encode_text(text))

    def count_prompt(self, conversation: Conversation) -> int:
        """The number of tokens in the whole prompt of `conversation`. Any thread."""
        return len(self._format.prompt(conversation).tokens)

    def answer_now(self) -> None:
        """End the reasoning of the running generation and force its answer. Any thread; without a running generation
        this does nothing."""
        self._answer_now.set()

    def warm_up(self, conversation: Conversation, cancel: CancelToken | None = None) -> None:
        """Prefill what the next prompt of `conversation` is sure to begin with: the fixed part and the messages it has
        so far. Tokens already in the KV cache cost nothing. Ends early if cancelled."""
        self._begin()
        prompt = self._format.prompt(conversation)
        tokens = prompt.tokens[: self._stable_tokens(conversation, prompt)]
        if not tokens or len(tokens) >= self.context_tokens:
            return
        cancel = cancel or CancelToken()
        checkpoints = {*self._checkpoint_positions(prompt), len(tokens)}
        with self._context.stopped_by(cancel):
            for _ in self._prefill(tokens, checkpoints, GenerationStats(), cancel):
                pass
        self._last_used_s = time.monotonic()

    def generate(
        self,
        conversation: Conversation,
        *,
        max_tokens: int | None = None,
        cancel: CancelToken | None = None,
        sampling: Sampling | None = None,
    ) -> Generator[ModelEvent, None, None]:
        """Generate the next message and yield its events: `PrefillProgress` during prefill, then deltas and tool calls,
        at last `Finished`. At most `max_tokens` are generated, some of them reserved for the answer. A cancelled
        generation ends with `Finished(CANCELLED)`. Raises `ModelFault`, before any prefill, if the conversation is too
        long."""
        self._begin()
        prompt = self._format.prompt(conversation)
        room = self.context_tokens - len(prompt.tokens) - ANSWER_OPENING_TOKENS
        if room < MIN_ANSWER_TOKENS:
            raise _too_long_fault(len(prompt.tokens), self.context_tokens)
        max_tokens = room if max_tokens is None else max(1, min(room, max_tokens))
        self._answer_now.clear()
        sampling = effective_sampling(sampling, self._format.sampling)
        return self._events(prompt, max_tokens, cancel or CancelToken(), sampling)

    def switch_to(self, key: str) -> None:
        """Announce that the next prompts belong to the conversation `key` (letters, digits, - and _; empty for one that
        is never saved). Saves the KV cache of the conversation before and restores this one's."""
        self._begin()
        if key == self._conversation_key:
            return
        self._save()
        self._conversation_key, self._saved_tokens = key, 0
        restored = self._saved_kv.restore(key, self._context) if key else None
        if restored is not None:
            self._cache.set_contents(restored.tokens, restored.checkpoints)
            self._saved_tokens = len(restored.tokens)
        elif self._context.cached_tokens != len(self._cache.tokens):
            self._cache.clear()

    def mark_deleted(self, key: str, deleted: bool) -> None:
        """Save nothing of the conversation `key` while it is `deleted`. Any thread."""
        (self._deleted_keys.add if deleted else self._deleted_keys.discard)(key)

    def forget_contents(self) -> None:
        """Never save what the KV cache holds now, and empty it before its next use. Any thread."""
        self._outdated.set()

    @property
    def idle_s(self) -> float:
        """Seconds since the last generation or warm-up. Any thread."""
        return time.monotonic() - self._last_used_s

    def clear_kv_cache(self) -> None:
        """Empty the KV cache without saving it, so that nothing of any conversation is left in memory."""
        self._begin()
        self._cache.clear()
        self._conversation_key = ""

    def close(self) -> None:
        """Save the KV cache and free the memory. May be called twice, and from any thread once nothing runs."""
        if not self._closed:
            self._save()
            self._closed = True
            self._context.close()
            self._model.close()

    def _save(self) -> None:
        """Save the current conversation's KV cache if it has changed since it was last saved or restored."""
        key, tokens, checkpoints = self._conversation_key, self._cache.tokens, self._cache.checkpoints
        wanted = bool(key) and key not in self._deleted_keys and not self._outdated.is_set()
        if wanted and len(tokens) >= MIN_SAVED_TOKENS and len(tokens) != self._saved_tokens:
            saved_checkpoints = [*checkpoints[:1], *checkpoints[1:][-CHECKPOINTS_SAVED:]]
            self._saved_kv.save(key, self._context, tokens, saved_checkpoints)
            self._saved_tokens = len(tokens)
            if key in self._deleted_keys or self._outdated.is_set():  # since it began to be saved
                self._saved_kv.remove(key)

    def _events(
        self, prompt: Prompt, max_tokens: int, cancel: CancelToken, sampling: Sampling
    ) -> Generator[ModelEvent, None, None]:
        from models.llama.sampler import Sampler

        sampler = Sampler(self._model, self._context, sampling)
        stats = GenerationStats(prompt_tokens=len(prompt.tokens))
        try:
            with self._context.stopped_by(cancel):
                yield from self._prefill(prompt.tokens, self._checkpoint_positions(prompt), stats, cancel)
                completion = Completion(
                    self._cache,
                    sampler,
                    self._format.parser(prompt),
                    self._format.stop_ids,
                    max_tokens=max_tokens,
                    stats=stats,
                    answer_now=self._answer_now,
                    cancel=cancel,
                )
                yield from completion.events()
                yield Finished(completion.reason, stats.usage())
        finally:
            self._last_used_s = time.monotonic()
            sampler.close()

    def _prefill(
        self, tokens: Sequence[int], checkpoints: set[int], stats: GenerationStats, cancel: CancelToken
    ) -> Iterator[PrefillProgress]:
        """Decode `tokens` as far as they are not cached yet, adding a checkpoint at each position in `checkpoints`.

        Yields progress before each micro-batch and at the end. Batches are not made smaller for the sake of more
        reports, since each one reads the experts' weights from memory again (half the size is 2 % slower); cancelling
        does not wait for the end of a batch.
        """
        cache, total = self._cache, len(tokens)
        started_s = time.perf_counter()
        stats.reused_tokens = cache.reuse(tokens)
        while (done := len(cache.tokens)) < total and not cancel.cancelled:
            ahead = (
                [position for position in checkpoints if position > done] if self._context.has_sliding_window else []
            )
            end = min([*ahead, total, done + self.plan.ubatch_tokens])
            yield self._prefill_progress(total, end)
            batch_started_s = time.perf_counter()
            if cache.extend(tokens[done:end], output_last=end == total):
                self._record_prefill_speed(end - done, time.perf_counter() - batch_started_s)
                if end in checkpoints:
                    cache.add_checkpoint()
        yield self._prefill_progress(total, len(cache.tokens))
        stats.prefill_s = time.perf_counter() - started_s

    def _checkpoint_positions(self, prompt: Prompt) -> set[int]:
        """The positions at which a later prompt may diverge from this one: after the fixed part, before a user message
        (which may be edited), and at the end, short of the last token, which is always decoded again for its logits."""
        return {prompt.prefix_tokens, *prompt.boundaries[-USER_MESSAGE_CHECKPOINTS:], len(prompt.tokens) - 1}

    def _stable_tokens(self, conversation: Conversation, prompt: Prompt) -> int:
        """How many leading tokens of `prompt` every later prompt of this conversation will share."""
        if not conversation.messages:
            return prompt.prefix_tokens
        if conversation.messages[-1].role is not Role.ASSISTANT:
            return len(prompt.tokens) - 1
        longer = replace(conversation, messages=(*conversation.messages, Message(Role.USER, "?")))
        return common_prefix_length(prompt.tokens, self._format.prompt(longer).tokens)

    def _prefill_progress(self, total: int, next_report: int) -> PrefillProgress:
        done = len(self._cache.tokens)
        seconds_left = (total - done) / self._tokens_per_s if self._tokens_per_s else None
        return PrefillProgress(done, total, seconds_left, next_report)

    def _record_prefill_speed(self, tokens: int, seconds: float) -> None:
        if tokens >= MIN_SPEED_TOKENS:
            self._tokens_per_s = tokens / max(seconds, 1e-6)

    def _begin(self) -> None:
        """Refuse any thread but the owner; empty an outdated KV cache."""
        if threading.get_ident() != self._owner or self._closed:
            raise RuntimeError("a chat model is used by the thread that opened it, until it is closed")
        if self._outdated.is_set():
            self._outdated.clear()
            self._cache.clear()
            self._saved_tokens = 0


def _kv_settings_id(header: GgufHeader, plan: LoadPlan) -> str:
    """Identify everything that a saved KV cache depends on: the model file, the cache's layout, llama.cpp's version."""
    from models.llama.library import library

    version = library().llama_version().decode()
    return f"{content_id(header.path)} {header.size_bytes} {plan.kv_type} {plan.ubatch_tokens} {version}"


def _too_long_fault(tokens: int, context_tokens: int) -> ModelFault:
    return ModelFault(
        N_("The conversation is too long"),
        N_("It takes {tokens:,} tokens, and the model can keep {most:,} in view."),
        N_("Start a new conversation, or choose a longer context in the settings."),
        tokens=tokens,
        most=context_tokens,
    )
