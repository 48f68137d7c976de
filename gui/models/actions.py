"""What a person does with models: download, pause, use a file; and loading the language model before it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.engines.model_availability import DownloadOffer, ModelAvailability, ModelKind
from core.jobs import Job
from gui.bridge import Bridge, Operation, Running
from models.conversation import Effort
from models.progress import Progress

if TYPE_CHECKING:
    from core.engines.model_registry import ModelStatus
    from core.workspace import Workspace

IDLE_CHECK_MS = 60_000


class ModelActions(QObject):
    """The models as the window knows them: one `ModelAvailability` per kind. GUI thread; the work runs on workers."""

    changed = Signal(object)  # ModelAvailability
    became_usable = Signal(str)  # ModelKind of a file that was just downloaded or chosen

    def __init__(self, bridge: Bridge, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self._availability = {kind: ModelAvailability(kind) for kind in ModelKind}
        self._downloads: dict[ModelKind, Running] = {}
        self._loading: Running | None = None
        self._prefilling: Running | None = None
        self._prefilled: tuple[int, Effort] | None = None  # the conversation that was last prefilled, or is being
        self._idle_timer = QTimer(self)
        self._idle_timer.timeout.connect(self._release_if_idle)
        self._idle_timer.start(IDLE_CHECK_MS)

    def availability(self, kind: ModelKind) -> ModelAvailability:
        return self._availability[kind]

    def refresh(self) -> None:
        """Check the disk again for the chosen files, and whether other programs have those that are missing."""
        registry = self._workspace.model_registry

        def work(job: Job) -> tuple[tuple[ModelKind, ModelStatus, DownloadOffer], ...]:
            return tuple(
                (kind, status(), DownloadOffer(entry.key, entry.label, entry.size_bytes or 0, entry.licence))
                for kind, status, entry in (
                    (ModelKind.CHAT, registry.chat_model, registry.chat_entry),
                    (ModelKind.EMBEDDER, registry.embedder, registry.embedder_entry),
                    (ModelKind.RERANKER, registry.reranker, registry.reranker_entry),
                )
            )

        def show(checked: tuple[tuple[ModelKind, ModelStatus, DownloadOffer], ...]) -> None:
            for kind, status, offer in checked:
                self._update(self._availability[kind].disk_checked(status, offer))
            if self._chat.ready:
                self._plan_load()
            if not (self._chat.ready and self._availability[ModelKind.EMBEDDER].ready):
                self._find_copies()

        self._bridge.run(Operation("store", work, self, on_result=show))

    def adopt(self, path: Path) -> None:
        """Use a .gguf file on the disk, where it is."""
        registry = self._workspace.model_registry

        def adopted(kind: str) -> None:
            self._update(replace(self._availability[ModelKind(kind)], fault=None, in_memory=False))
            self.refresh()
            self.became_usable.emit(kind)

        self._bridge.run(Operation("store", lambda job: registry.adopt(path), self, on_result=adopted))

    def download(self, kind: ModelKind) -> None:
        """Start or resume the download of the offered model."""
        offer = self._availability[kind].offer
        if offer is None or kind in self._downloads:
            return
        registry, key = self._workspace.model_registry, offer.key

        def done(path: Path) -> None:
            self._update(replace(self._availability[kind], fault=None, download_paused=False))
            self.refresh()
            self.became_usable.emit(kind.value)

        def ended() -> None:
            self._downloads.pop(kind, None)
            self._update(replace(self._availability[kind], download_progress=None, pausing_download=False))

        self._update(self._availability[kind].download_started())
        self._downloads[kind] = self._bridge.run(
            Operation(
                "download",
                lambda job: registry.download(key, job),
                self,
                on_result=done,
                on_progress=lambda progress: self._update(
                    replace(self._availability[kind], download_progress=progress)
                ),
                on_fault=lambda fault: self._update(
                    replace(self._availability[kind], fault=fault, download_paused=True)
                ),
                on_cancelled=lambda: self._update(replace(self._availability[kind], download_paused=True)),
                on_end=ended,
            )
        )

    def pause(self, kind: ModelKind) -> None:
        """Stop the download; what has arrived is kept, and `download` resumes from there."""
        if kind in self._downloads:
            self._downloads[kind].stop()
            self._update(replace(self._availability[kind], pausing_download=True))

    def prepare_for_question(self, conversation_id: int, effort: Effort) -> None:
        """While a person is still typing, load the language model and prefill the prompt up to where the next question
        of the conversation (0 for a new one) goes. Loading that failed or was stopped is left to the question."""
        if self._chat.in_memory:
            self._prefill(conversation_id, effort)
        elif self._chat.may_preload and self._loading is None:
            self._load(lambda: self._prefill(conversation_id, effort))

    def _load(self, then: Callable[[], None]) -> None:
        engines = self._workspace.engines

        def loaded(nothing: None) -> None:
            self._update(replace(self._chat, in_memory=True))
            then()

        def ended() -> None:
            self._loading = None
            self._update(replace(self._chat, loading_progress=None))

        def work(job: Job) -> None:
            engines.load_chat_model(job.report, job.cancel)

        self._update(replace(self._chat, loading_progress=Progress(0, 0, "bytes")))
        self._loading = self._bridge.run(
            Operation(
                "chat",
                work,
                self,
                on_result=loaded,
                on_progress=self.show_loading,
                on_fault=lambda fault: self._update(replace(self._chat, fault=fault)),
                on_cancelled=lambda: self._update(replace(self._chat, load_declined=True)),
                on_end=ended,
            )
        )

    def stop_loading(self) -> None:
        """Leave the model out of memory until a question needs it."""
        if self._loading is not None:
            self._loading.stop()

    def _prefill(self, conversation_id: int, effort: Effort) -> None:
        if self._prefilled == (conversation_id, effort):
            return
        self.stop_prefill()
        self._prefilled = (conversation_id, effort)
        workspace = self._workspace

        def work(job: Job) -> None:
            if workspace.engines.chat_model_is_loaded:  # it may have been released while this waited
                workspace.chat.prefill_history(conversation_id, effort, job.cancel)

        self._prefilling = self._bridge.run(
            Operation("chat", work, self, on_fault=lambda fault: self._update(replace(self._chat, fault=fault)))
        )

    def stop_prefill(self) -> None:
        """Stop prefilling, since a question comes first; what has been prefilled is kept for it."""
        if self._prefilling is not None:
            self._prefilling.stop()
        self._prefilling = self._prefilled = None

    def _release_if_idle(self) -> None:
        """Release the language model if it has not been used for as long as the settings allow."""
        if not self._chat.in_memory or self._loading is not None:
            return
        engines = self._workspace.engines

        def done(released: bool) -> None:
            if released:
                self._prefilled = None
                self._update(replace(self._chat, in_memory=False))

        self._bridge.run(Operation("chat", lambda job: engines.release_idle_chat_model(), self, on_result=done))

    def show_loading(self, progress: Progress) -> None:
        """The language model is being loaded, here or by a question."""
        self._update(replace(self._chat, loading_progress=progress))

    def show_loading_ended(self) -> None:
        """The question that loaded the model ended before it was in memory."""
        if self._chat.loading_progress is not None and self._loading is None:
            self._update(replace(self._chat, loading_progress=None))

    def show_loaded(self) -> None:
        """The language model is in memory: it is answering."""
        if not self._chat.in_memory or self._chat.loading_progress is not None:
            self._update(self._chat.answer_started())

    def _find_copies(self) -> None:
        """Look for catalogued models that other programs have. Many folders are searched, so it is done last."""
        registry = self._workspace.model_registry

        def work(job: Job) -> dict[ModelKind, Path]:
            return {ModelKind(found.kind): found.path for found in reversed(registry.found_elsewhere()) if found.known}

        def show(paths: dict[ModelKind, Path]) -> None:
            for kind in ModelKind:
                self._update(replace(self._availability[kind], found_copy=paths.get(kind)))

        self._bridge.run(Operation("download", work, self, on_result=show))

    def _plan_load(self) -> None:
        """Work out how the language model would be loaded here."""
        engines = self._workspace.engines
        self._bridge.run(
            Operation(
                "store",
                lambda job: engines.chat_plan(),
                self,
                on_result=lambda plan: self._update(replace(self._chat, load_plan=plan)),
                on_fault=lambda fault: self._update(replace(self._chat, fault=fault)),
            )
        )

    @property
    def _chat(self) -> ModelAvailability:
        return self._availability[ModelKind.CHAT]

    def _update(self, availability: ModelAvailability) -> None:
        self._availability[availability.kind] = availability
        self.changed.emit(availability)
