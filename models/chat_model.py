"""The chat model that core uses: a conversation in, typed events out, with as little evaluated anew as possible."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.cancel import CancelToken
from models.completion import Completion, CompletionTurn
from models.conversation import Conversation, Finished, Message, ModelEvent, PrefillProgress, Role, Sampling
from models.faults import N_, ModelFault
from models.gguf.file_identity import content_id
from models.llama.kv_cache import KvCache, common_length
from models.llama.saved_kv import SavedKvStore
from models.loading.load_plan import LoadPlan, safer
from models.progress import ReportProgress, ignore_progress
from models.prompts.chat_format import ChatFormat, Prompt, settled
from models.prompts.formats import format_of

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader
    from models.llama.context import ChatContext
    from models.llama.native import NativeModel
    from models.loading.journal import LoadCrashLog

log = logging.getLogger(__name__)

SPEED_TOKENS = 128  # fewer at once are read more slowly, and say nothing about a long prompt
BOUNDARIES_KEPT = 8  # checkpoints before the latest user messages
SMALLEST_ANSWER_TOKENS = 64  # a prompt that leaves less room than this is refused
SMALLEST_SAVED_TOKENS = 256  # less is read again as quickly as it is loaded
POINTS_SAVED = 4
FORCED_TOKENS = 16  # room for what begins an answer (`HarmonyParser.force_final`)


class ChatModel:
    """A loaded chat model. The thread that opened it owns it; only `answer_now` and a cancel token work from others."""

    def __init__(
        self, model: NativeModel, context: ChatContext, form: ChatFormat, plan: LoadPlan, saved: SavedKvStore
    ) -> None:
        """Use `open`."""
        self._saved = saved
        self._key = ""
        self._saved_tokens = 0  # how much of the cache is on disk under `_key`
        self.plan = plan
        self.context_tokens = context.context_tokens
        self._model = model
        self._context = context
        self._format = form
        self._cache = KvCache(context)
        self._answer_now = threading.Event()
        self._tokens_per_s = 0.0
        self._owner = threading.get_ident()
        self._closed = False
        self._deleted: set[str] = set()
        self._used_s = time.monotonic()

    @classmethod
    def open(
        cls,
        path: Path,
        plan: LoadPlan,
        cache_dir: Path,
        *,
        report: ReportProgress = ignore_progress,
        cancel: CancelToken | None = None,
        journal: LoadCrashLog | None = None,
    ) -> ChatModel:
        """Load the model at `path`. Raises `ModelFault` (absent, damaged, no chat model, no memory) or `Cancelled`.

        A way of loading that ended the program before is not tried again: the plan is made safer, see `.plan`.
        `journal` is this run's, where other models are loaded by it at the same time.
        """
        from models.gguf.header import read_header
        from models.loading.journal import LoadCrashLog

        header = read_header(path)
        form = format_of(header, cache_dir)
        journal = journal or LoadCrashLog(cache_dir)
        if journal.ended_the_program(path, plan.way):
            plan = safer(plan)
        mark = journal.begin(path, plan.way)
        try:
            saved = SavedKvStore(cache_dir, _settings_id(header, plan))
            return cls._load(header, plan, form, saved, report, cancel or CancelToken())
        finally:
            journal.end(mark)

    @classmethod
    def _load(
        cls,
        header: GgufHeader,
        plan: LoadPlan,
        form: ChatFormat,
        saved: SavedKvStore,
        report: ReportProgress,
        cancel: CancelToken,
    ) -> ChatModel:
        from models.llama.context import ChatContext, ContextSettings
        from models.llama.native import LoadSettings, NativeModel

        started_s = time.perf_counter()
        weights = LoadSettings(plan.mmap, plan.repack, plan.repack_experts, plan.gpu_layers, plan.cpu_expert_layers)
        settings = ContextSettings(
            context_tokens=plan.context_tokens,
            batch_tokens=plan.ubatch,
            ubatch_tokens=plan.ubatch,
            threads=plan.threads,
            threads_batch=plan.threads_batch,
            kv_type=plan.kv_type,
        )
        model = NativeModel.load(header.path, weights, size_bytes=header.size_bytes, report=report, cancel=cancel)
        try:
            context = ChatContext(model, settings)
            context.try_out()
        except BaseException:
            model.close()
            raise
        log.info("loaded %s in %.1f s", header.path.name, time.perf_counter() - started_s)
        return cls(model, context, form, plan, saved)

    @property
    def prefill_tokens_s(self) -> float | None:
        """How fast a prompt was read the last time; None until then. Any thread."""
        return self._tokens_per_s or None

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` is; any thread."""
        return len(self._format.encode_text(text))

    def count_prompt(self, conversation: Conversation) -> int:
        """How many tokens the whole prompt of `conversation` is; any thread."""
        return len(self._format.prompt(conversation).tokens)

    def answer_now(self) -> None:
        """End the reasoning of the running generation and begin the answer. Any thread; no effect between two."""
        self._answer_now.set()

    def warm_up(self, conversation: Conversation, cancel: CancelToken | None = None) -> None:
        """Evaluate what the next prompt of `conversation` is sure to begin with: the fixed part, and the messages it
        has. Costs nothing for what is evaluated already; ends early if cancelled."""
        self._check_owner()
        prompt = self._format.prompt(conversation)
        tokens = prompt.tokens[: self._certain_tokens(conversation, prompt)]
        if not tokens or len(tokens) >= self.context_tokens:
            return
        cancel = cancel or CancelToken()
        with _stopping(self._context, cancel):
            for _ in self._read(tokens, {*self._marks(prompt), len(tokens)}, CompletionTurn(), cancel):
                pass
        self._used_s = time.monotonic()

    def generate(
        self,
        conversation: Conversation,
        *,
        max_tokens: int | None = None,
        cancel: CancelToken | None = None,
        sampling: Sampling | None = None,
    ) -> Generator[ModelEvent, None, None]:
        """The events of the next message: `Reading` while the prompt is evaluated, then what the model writes, last
        `Finished`. At most `max_tokens` are generated, some of them kept for the answer. Cancelling ends it with
        `Finished(CANCELLED)`. Raises `ModelFault` before anything is evaluated if the conversation is too long."""
        self._check_owner()
        prompt = self._format.prompt(conversation)
        room = self.context_tokens - len(prompt.tokens) - FORCED_TOKENS
        if room < SMALLEST_ANSWER_TOKENS:
            raise _too_long(len(prompt.tokens), self.context_tokens)
        limit = room if max_tokens is None else max(1, min(room, max_tokens))
        self._answer_now.clear()
        return self._events(prompt, limit, cancel or CancelToken(), settled(sampling, self._format.sampling))

    def switch_to(self, key: str) -> None:
        """The next prompts are of the conversation `key` (letters, digits, - and _; empty for one not to be kept).
        What is held of the one before is saved, and what was saved of this one is put back."""
        self._check_owner()
        if key == self._key:
            return
        self._save()
        self._key, self._saved_tokens = key, 0
        restored = self._saved.restore(key, self._context) if key else None
        if restored is not None:
            self._cache.put_back(restored.tokens, restored.checkpoints)
            self._saved_tokens = len(restored.tokens)
        elif self._context.held_tokens != len(self._cache.tokens):
            self._cache.clear()

    def keep_out(self, key: str, deleted: bool) -> None:
        """Nothing of the conversation `key` is to be saved while it is `deleted`. Any thread."""
        (self._deleted.add if deleted else self._deleted.discard)(key)

    @property
    def idle_s(self) -> float:
        """How long nothing has been evaluated. Any thread."""
        return time.monotonic() - self._used_s

    def forget(self) -> None:
        """Empty the cache, so that nothing of any conversation is left in it, and save nothing of it."""
        self._check_owner()
        self._cache.clear()
        self._key = ""

    def close(self) -> None:
        """Save the conversation and free the memory. Safe to call twice, and from any thread once nothing runs."""
        if not self._closed:
            self._save()
            self._closed = True
            self._context.close()
            self._model.close()

    def _save(self) -> None:
        """Keep the conversation if it has changed since it was last kept."""
        tokens, points = self._cache.tokens, self._cache.checkpoints
        wanted = bool(self._key) and self._key not in self._deleted
        if wanted and len(tokens) >= SMALLEST_SAVED_TOKENS and len(tokens) != self._saved_tokens:
            self._saved.save(self._key, self._context, tokens, [*points[:1], *points[1:][-POINTS_SAVED:]])
            self._saved_tokens = len(tokens)
            if self._key in self._deleted:  # meanwhile
                self._saved.remove(self._key)

    def _events(
        self, prompt: Prompt, limit: int, cancel: CancelToken, sampling: Sampling
    ) -> Generator[ModelEvent, None, None]:
        from models.llama.sampler import Sampler

        sampler = Sampler(self._model, self._context, sampling)
        turn = CompletionTurn(prompt_tokens=len(prompt.tokens))
        try:
            with _stopping(self._context, cancel):
                yield from self._read(prompt.tokens, self._marks(prompt), turn, cancel)
                completion = Completion(
                    self._cache,
                    sampler,
                    self._format.parser(prompt),
                    self._format.stop_ids.__contains__,
                    limit=limit,
                    turn=turn,
                    answer_now=self._answer_now,
                    cancel=cancel,
                )
                yield from completion.events()
                yield Finished(completion.reason, turn.usage())
        finally:
            self._used_s = time.monotonic()
            sampler.close()

    def _read(
        self, tokens: Sequence[int], marks: set[int], turn: CompletionTurn, cancel: CancelToken
    ) -> Iterator[PrefillProgress]:
        """Evaluate `tokens`, with a checkpoint at each of `marks`. The way is told before every micro-batch: in smaller
        pieces, the experts' weights are read from memory more often (2 % slower in halves), and a stop does not wait
        for the end of one."""
        cache, total = self._cache, len(tokens)
        started_s = time.perf_counter()
        turn.reused_tokens = cache.reuse(tokens)
        while (done := len(cache.tokens)) < total and not cancel.cancelled:
            ahead = [mark for mark in marks if mark > done] if self._context.windowed else []
            end = min([*ahead, total, done + self.plan.ubatch])
            yield self._reading(total, end)
            began_s = time.perf_counter()
            if cache.extend(tokens[done:end], output_last=end == total):
                self._note_speed(end - done, time.perf_counter() - began_s)
                if end in marks:
                    cache.checkpoint()
        yield self._reading(total, len(cache.tokens))
        turn.prefill_s = time.perf_counter() - started_s

    def _marks(self, prompt: Prompt) -> set[int]:
        """Where a later prompt may part from this one: after the fixed part, before a user message that is edited, at
        the end (short of its last token, which is evaluated again for its logits)."""
        return {prompt.prefix_tokens, *prompt.boundaries[-BOUNDARIES_KEPT:], len(prompt.tokens) - 1}

    def _certain_tokens(self, conversation: Conversation, prompt: Prompt) -> int:
        """How much of `prompt` a later prompt of this conversation will begin with."""
        if not conversation.messages:
            return prompt.prefix_tokens
        if conversation.messages[-1].role is not Role.ASSISTANT:
            return len(prompt.tokens) - 1
        longer = replace(conversation, messages=(*conversation.messages, Message(Role.USER, "?")))
        return common_length(prompt.tokens, self._format.prompt(longer).tokens)

    def _reading(self, total: int, end: int) -> PrefillProgress:
        done = len(self._cache.tokens)
        return PrefillProgress(done, total, (total - done) / self._tokens_per_s if self._tokens_per_s else None, end)

    def _note_speed(self, tokens: int, seconds: float) -> None:
        if tokens >= SPEED_TOKENS:
            self._tokens_per_s = tokens / max(seconds, 1e-6)

    def _check_owner(self) -> None:
        if threading.get_ident() != self._owner or self._closed:
            raise RuntimeError("a chat model is used by the thread that opened it, until it is closed")


@contextmanager
def _stopping(context: ChatContext, cancel: CancelToken) -> Iterator[None]:
    """While entered, cancelling `cancel` stops the context's running computation."""
    context.stop.clear()
    with cancel.listened(context.stop.set):
        yield


def _settings_id(header: GgufHeader, plan: LoadPlan) -> str:
    """Names the file and what a saved state depends on."""
    from models.llama.native import library

    version = library().llama_version().decode()
    return f"{content_id(header.path)} {header.size_bytes} {plan.kv_type} {plan.ubatch} {version}"


def _too_long(tokens: int, context_tokens: int) -> ModelFault:
    return ModelFault(
        N_("The conversation is too long"),
        N_("It takes {tokens:,} tokens, and the model can keep {most:,} in view."),
        N_("Start a new conversation, or choose a longer context in the settings."),
        tokens=tokens,
        most=context_tokens,
    )
