"""What people do with model files: look, download, pause, choose one they have; and loading the language model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.jobs import Job
from gui.bridge import Bridge, Operation, Running
from gui.models.situation import ModelSituation, Offer, SituationKind
from models.conversation import Effort
from models.progress import Progress

if TYPE_CHECKING:
    from core.engines.model_registry import ModelStatus
    from core.workspace import Workspace

IDLE_CHECK_MS = 60_000


class ModelActions(QObject):
    """The shelf of model files as the window uses it. Signals come on the GUI thread."""

    changed = Signal(object)  # ModelSituation
    arrived = Signal(str)  # Kind of a model that has just become usable

    def __init__(self, bridge: Bridge, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = workspace
        self._situations = {kind: ModelSituation(kind) for kind in SituationKind}
        self._downloads: dict[SituationKind, Running] = {}
        self._loading: Running | None = None
        self._reading: Running | None = None
        self._read: tuple[int, Effort] | None = None  # the conversation that the model is reading, or has read
        self._idle = QTimer(self)
        self._idle.timeout.connect(self._release_if_idle)
        self._idle.start(IDLE_CHECK_MS)

    def situation(self, kind: SituationKind) -> ModelSituation:
        return self._situations[kind]

    def refresh(self) -> None:
        """Look at the disk again."""
        workspace = self._workspace

        def work(job: Job) -> tuple[tuple[SituationKind, ModelStatus, Offer], ...]:
            shelf = workspace.shelf
            return tuple(
                (kind, status(), Offer(entry.key, entry.label, entry.size_bytes or 0, entry.licence))
                for kind, status, entry in (
                    (SituationKind.CHAT, shelf.chat_model, shelf.chat_entry),
                    (SituationKind.EMBEDDER, shelf.embedder, shelf.embedder_entry),
                    (SituationKind.RERANKER, shelf.reranker, shelf.reranker_entry),
                )
            )

        def show(found: tuple[tuple[SituationKind, ModelStatus, Offer], ...]) -> None:
            for kind, status, offer in found:
                before = self._situations[kind]
                fault = status.fault or (before.fault if before.paused else None)  # why a download stopped stays
                self._set(kind, status=status, offer=offer, fault=fault)
            if self._situations[SituationKind.CHAT].ready:
                self._make_plan()
            if not (self._situations[SituationKind.CHAT].ready and self._situations[SituationKind.EMBEDDER].ready):
                self._look_elsewhere()

        self._bridge.run(Operation("store", work, self, on_result=show))

    def adopt(self, path: Path) -> None:
        """Use a .gguf file that is on the disk."""
        shelf = self._workspace.shelf

        def chosen(kind: str) -> None:
            self._set(SituationKind(kind), fault=None, loaded=False)
            self.refresh()
            self.arrived.emit(kind)

        self._bridge.run(Operation("store", lambda job: shelf.adopt(path), self, on_result=chosen))

    def download(self, kind: SituationKind) -> None:
        """Begin, or go on with, the download of the offered model."""
        offer = self._situations[kind].offer
        if offer is None or kind in self._downloads:
            return
        shelf, key = self._workspace.shelf, offer.key

        def done(path: Path) -> None:
            self._set(kind, fault=None, paused=False)
            self.refresh()
            self.arrived.emit(kind.value)

        def ended() -> None:
            self._downloads.pop(kind, None)
            self._set(kind, download=None, pausing=False)

        self._set(kind, download=Progress(0, offer.size_bytes, "bytes"), paused=False, fault=None)
        self._downloads[kind] = self._bridge.run(
            Operation(
                "download",
                lambda job: shelf.download(key, job),
                self,
                on_result=done,
                on_progress=lambda progress: self._set(kind, download=progress),
                on_fault=lambda fault: self._set(kind, fault=fault, paused=True),
                on_cancelled=lambda: self._set(kind, paused=True),
                on_end=ended,
            )
        )

    def pause(self, kind: SituationKind) -> None:
        """Stop the download; what arrived is kept, and `download` goes on from there."""
        if kind in self._downloads:
            self._downloads[kind].stop()
            self._set(kind, pausing=True)

    def prepare(self, conversation_id: int, effort: Effort) -> None:
        """While the person is still typing: load the language model, then have it read what the next question of the
        conversation (0: of a new one) comes after. Not again after it failed or was stopped: the question will."""
        situation = self._situations[SituationKind.CHAT]
        if situation.loaded:
            self._read_ahead(conversation_id, effort)
        elif situation.ready and not (situation.fault or situation.unwanted or self._loading is not None):
            self._load(lambda: self._read_ahead(conversation_id, effort))

    def _load(self, then: Callable[[], None]) -> None:
        engines = self._workspace.engines

        def loaded(nothing: None) -> None:
            self._set(SituationKind.CHAT, loaded=True)
            then()

        def ended() -> None:
            self._loading = None
            self._set(SituationKind.CHAT, loading=None)

        def work(job: Job) -> None:
            engines.load_chat_model(job.report, job.cancel)

        self._set(SituationKind.CHAT, loading=Progress(0, 0, "bytes"))
        self._loading = self._bridge.run(
            Operation(
                "chat",
                work,
                self,
                on_result=loaded,
                on_progress=self.show_loading,
                on_fault=lambda fault: self._set(SituationKind.CHAT, fault=fault),
                on_cancelled=lambda: self._set(SituationKind.CHAT, unwanted=True),
                on_end=ended,
            )
        )

    def stop_loading(self) -> None:
        """Leave the model out of memory until a question needs it."""
        if self._loading is not None:
            self._loading.stop()

    def _read_ahead(self, conversation_id: int, effort: Effort) -> None:
        if self._read == (conversation_id, effort):
            return
        self.stop_reading()
        self._read = (conversation_id, effort)
        workspace = self._workspace

        def work(job: Job) -> None:
            if workspace.engines.chat_model_is_loaded:  # it may have left memory while this waited
                workspace.chat.read_ahead(conversation_id, effort, job.cancel)

        self._reading = self._bridge.run(
            Operation("chat", work, self, on_fault=lambda fault: self._set(SituationKind.CHAT, fault=fault))
        )

    def stop_reading(self) -> None:
        """A question comes first: the model stops reading ahead, and keeps what it has read."""
        if self._reading is not None:
            self._reading.stop()
        self._reading = self._read = None

    def _release_if_idle(self) -> None:
        if not self._situations[SituationKind.CHAT].loaded or self._loading is not None:
            return
        engines = self._workspace.engines

        def released(whether: bool) -> None:
            if whether:
                self._read = None
                self._set(SituationKind.CHAT, loaded=False)

        self._bridge.run(Operation("chat", lambda job: engines.release_idle_chat_model(), self, on_result=released))

    def show_loading(self, progress: Progress) -> None:
        self._set(SituationKind.CHAT, loading=progress)

    def show_loading_ended(self) -> None:
        """A turn ended before the model was in memory."""
        if self._situations[SituationKind.CHAT].loading is not None and self._loading is None:
            self._set(SituationKind.CHAT, loading=None)

    def show_loaded(self) -> None:
        """An answer is being written, so the model is in memory."""
        situation = self._situations[SituationKind.CHAT]
        if not situation.loaded or situation.loading is not None:
            self._set(SituationKind.CHAT, loaded=True, loading=None, unwanted=False, fault=None)

    def _look_elsewhere(self) -> None:
        """Whether another program already has models that are known here; the folders they may be in are many, so this
        comes after everything else."""
        shelf = self._workspace.shelf

        def work(job: Job) -> dict[SituationKind, Path]:
            return {SituationKind(found.kind): found.path for found in reversed(shelf.found_elsewhere()) if found.known}

        def show(paths: dict[SituationKind, Path]) -> None:
            for kind in SituationKind:
                self._set(kind, elsewhere=paths.get(kind))

        self._bridge.run(Operation("download", work, self, on_result=show))

    def _make_plan(self) -> None:
        engines = self._workspace.engines
        self._bridge.run(
            Operation(
                "store",
                lambda job: engines.chat_plan(),
                self,
                on_result=lambda plan: self._set(SituationKind.CHAT, plan=plan),
                on_fault=lambda fault: self._set(SituationKind.CHAT, fault=fault),
            )
        )

    def _set(self, kind: SituationKind, **values: object) -> None:
        self._situations[kind] = replace(self._situations[kind], **values)  # type: ignore[arg-type]  # fields by name
        self.changed.emit(self._situations[kind])
