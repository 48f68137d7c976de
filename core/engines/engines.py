"""Holds the models in memory: opened when first needed, closed when others replace them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.faults import N_, Fault, ModelFault
from core.engines.model_registry import ModelRegistry, ModelState, ModelStatus
from core.settings import Settings, SettingsStore
from models.cancel import CancelToken
from models.llama.saved_kv import FileSealing, SavedKvStore
from models.loading.crash_log import LoadCrashLog
from models.progress import ReportProgress

if TYPE_CHECKING:
    from models.chat_model import ChatModel
    from models.embedder import Embedder
    from models.loading.load_plan import LoadPlan
    from models.reranker import Reranker

log = logging.getLogger(__name__)
GIB = 2**30
MINUTE_S = 60


class Engines:
    """`chat_model` and what releases it belong to the chat thread; everything else may be called from any."""

    def __init__(
        self,
        model_registry: ModelRegistry,
        settings: SettingsStore,
        cache_dir: Path,
        crash_log: LoadCrashLog,
        sealing: FileSealing | None = None,
    ) -> None:
        self._registry = model_registry
        self._settings = settings
        self._cache_dir = cache_dir
        self._crash_log = crash_log
        self._sealing = sealing  # of saved KV caches, in an encrypted library
        self._lock = threading.Lock()
        self._embedders: dict[Path, Embedder] = {}
        self._reranker: tuple[Path, Reranker] | None = None
        self._chat: tuple[Path, Settings, ChatModel] | None = None
        self.loaded_plan: LoadPlan | None = None  # of the language model that was loaded last

    def embedder(self) -> Embedder | None:
        """The embedding model, opened on first use; None while there is none that works (keywords carry on alone)."""
        with self._lock:
            return self._opened(self._registry.embedder())

    def next_embedder(self) -> Embedder | None:
        """The embedding model that is to replace it once it has embedded every passage; None if there is none."""
        with self._lock:
            return self._opened(self._registry.next_embedder())

    def _opened(self, status: ModelStatus) -> Embedder | None:
        """The embedder of this file, opened if it is not yet; None if it does not open."""
        path = status.path
        if status.state is not ModelState.READY or path is None:
            return None
        if path not in self._embedders:
            self._close_unused()
            try:
                self._embedders[path] = self.open_embedder(path)
            except Fault as fault:
                log.warning("the embedding model does not open: %s", fault.title)
                self._registry.opening_failed(path, fault)
                return None
        return self._embedders[path]

    def open_embedder(self, path: Path) -> Embedder:
        """The embedding model at `path`, chosen or not; the caller closes it. Raises `ModelFault`."""
        from core.engines.load_trial import survives_embedder
        from models.embedder import Embedder
        from models.loading.crash_guard import guarded_load

        with guarded_load(path, self._crash_log, survives_embedder) as safe_mode:
            return Embedder.open(path, safe_mode=safe_mode)

    def _close_unused(self) -> None:
        """Close embedders that are neither the current nor the next one."""
        used = {one.path for one in (self._registry.embedder(), self._registry.next_embedder())}
        for path in self._embedders.keys() - used:
            self._embedders.pop(path).close()

    def reranker(self) -> Reranker | None:
        """The reranking model, opened on first use; None while there is none that works, which is the usual case."""
        with self._lock:
            status = self._registry.reranker()
            if status.state is not ModelState.READY or status.path is None:
                return None
            if self._reranker is not None and self._reranker[0] == status.path:
                return self._reranker[1]
            self._close_reranker()
            from core.engines.load_trial import survives_reranker
            from models.loading.crash_guard import guarded_load
            from models.reranker import Reranker

            try:
                with guarded_load(status.path, self._crash_log, survives_reranker) as safe_mode:
                    self._reranker = (status.path, Reranker.open(status.path, safe_mode=safe_mode))
            except Fault as fault:
                log.warning("the reranking model does not open: %s", fault.title)
                self._registry.opening_failed(status.path, fault)
                return None
            return self._reranker[1]

    def chat_plan(self) -> LoadPlan:
        """The load plan of the chosen language model on this machine. Raises `ModelFault` if there is none or it cannot
        fit."""
        from models.gguf.consistency import require_consistent
        from models.gguf.header import read_header
        from models.loading.load_plan import plan_chat
        from models.machine.probe import probe_machine

        settings, header = self._settings.current, read_header(self.chat_path())
        require_consistent(header)  # else a wrong number looks like a model that needs too much memory
        return plan_chat(
            header,
            probe_machine(),
            budget_bytes=settings.memory_gib * GIB,
            wanted_context=settings.context_tokens or None,
            search_models=[
                read_header(status.path)
                for status in (self._registry.embedder(), self._registry.reranker())
                if status.state is ModelState.READY and status.path is not None
            ],
        )

    def chat_model(self, report: ReportProgress, cancel: CancelToken, conversation: int = 0) -> ChatModel:
        """The language model, loaded on first use and again after its file or the memory settings changed, prepared for
        the stored `conversation` (0 for what is not kept): see `ChatModel.switch_to`."""
        model = self.load_chat_model(report, cancel)
        model.switch_to(_kv_key(conversation) if conversation else "")
        return model

    def load_chat_model(self, report: ReportProgress, cancel: CancelToken) -> ChatModel:
        """The language model, loaded for any use. Raises `ModelFault`, `Cancelled`."""
        path, settings = self.chat_path(), self._settings.current
        if self._chat is not None and self._chat[0] == path and _same_memory(self._chat[1], settings):
            return self._chat[2]
        self.release_chat_model()
        from models.chat_model import ChatModel

        self.loaded_plan = self.chat_plan()
        model = ChatModel.open(
            path,
            self.loaded_plan,
            self._cache_dir,
            report=report,
            cancel=cancel,
            crash_log=self._crash_log,
            sealing=self._sealing,
        )
        self._chat = (path, settings, model)
        return model

    @property
    def chat_model_is_loaded(self) -> bool:
        return self._chat is not None

    def force_answer(self) -> None:
        """End the reasoning of the current answer and have the answer written. Any thread."""
        chat = self._chat
        if chat is not None:
            chat[2].answer_now()

    def release_chat_model(self) -> None:
        """Free the language model's memory; the next question loads it again."""
        if self._chat is not None:
            self._chat[2].close()
            self._chat = None

    def release_idle_chat_model(self, idle_s: float | None = None) -> bool:
        """Free the language model's memory if it was idle for as long as the settings say; returns whether it was.
        `idle_s` replaces the time since its last use."""
        limit_s = self._settings.current.unload_minutes * MINUTE_S
        if self._chat is None or not limit_s or (self._chat[2].idle_s if idle_s is None else idle_s) < limit_s:
            return False
        log.info("the language model is idle and leaves memory")
        self.release_chat_model()
        return True

    def conversation_deleted(self, conversation: int, deleted: bool) -> None:
        """Delete the saved KV cache of a conversation that was deleted, or keep it again if it was restored."""
        chat, key = self._chat, _kv_key(conversation)
        if chat is not None:
            chat[2].mark_deleted(key, deleted)
        if deleted:
            SavedKvStore(self._cache_dir).remove(key)

    def keep_saved_kv_of(self, conversations: Iterable[int]) -> None:
        """Delete the saved KV caches of all other conversations."""
        SavedKvStore(self._cache_dir).keep_only({_kv_key(conversation) for conversation in conversations})

    def forget_saved_kv(self) -> None:
        """Delete every saved KV cache: they were evaluated from text of documents. Conversations are read again when
        they are continued. The one in memory is not saved any more."""
        chat = self._chat
        if chat is not None:
            chat[2].forget_contents()
        SavedKvStore(self._cache_dir).clear()

    def close(self) -> None:
        with self._lock:
            while self._embedders:
                self._embedders.popitem()[1].close()
            self._close_reranker()
        self.release_chat_model()

    def _close_reranker(self) -> None:
        if self._reranker is not None:
            self._reranker[1].close()
            self._reranker = None

    def chat_key(self) -> str:
        """Identifies the language model's file for its measurements; "" while there is none that can be used."""
        status = self._registry.chat_model()
        return f"{status.path.name} {status.size_bytes}" if status.path and status.state is ModelState.READY else ""

    def chat_path(self) -> Path:
        """The language model's file. Raises `ModelFault` if there is none that can be used."""
        status = self._registry.chat_model()
        if status.fault is not None:
            raise status.fault
        if status.path is None:
            raise ModelFault(
                N_("No language model yet"),
                N_("There is no language model on this computer, so questions cannot be answered; search works."),
                N_("Download gpt-oss-20b ({size_gb} GB) or choose a .gguf file that you have."),
                size_gb=f"{(self._registry.chat_entry.size_bytes or 0) / 1e9:.1f}",
            )
        return status.path


def _kv_key(conversation: int) -> str:
    """The name under which a stored conversation's KV cache is saved."""
    return f"c{conversation}"


def _same_memory(one: Settings, other: Settings) -> bool:
    return (one.memory_gib, one.context_tokens) == (other.memory_gib, other.context_tokens)
