"""Whether a model of each kind can be used, and what is being done to make it usable: download, load into memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from models.faults import Fault
from models.progress import Progress

if TYPE_CHECKING:
    from core.engines.model_registry import ModelStatus
    from models.loading.load_plan import LoadPlan


class ModelKind(StrEnum):
    """CHAT writes answers, EMBEDDER makes semantic search possible, RERANKER reorders what a search found."""

    CHAT = "chat"
    EMBEDDER = "embedder"
    RERANKER = "reranker"


@dataclass(frozen=True, slots=True)
class DownloadOffer:
    """A catalogued model that can be downloaded. `size_bytes` is 0 if it is not known beforehand."""

    key: str
    label: str
    size_bytes: int
    licence: str


@dataclass(frozen=True, slots=True)
class ModelAvailability:
    """One kind of model. `status` is None until the disk has been checked; `fault` is what went wrong last.

    `download_progress` is that of a running download; `pausing_download` until it has stopped, `download_paused` from
    then on. `found_copy` is a file of the offered model that another program has on this computer. `loading_progress`
    is the progress into memory; once a person has stopped it, `load_declined` holds until a question needs the model.
    """

    kind: ModelKind
    status: ModelStatus | None = None
    offer: DownloadOffer | None = None
    download_progress: Progress | None = None
    pausing_download: bool = False
    download_paused: bool = False
    fault: Fault | None = None
    loading_progress: Progress | None = None
    in_memory: bool = False
    load_declined: bool = False
    load_plan: LoadPlan | None = None
    found_copy: Path | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a file that looks whole."""
        return self.status is not None and self.status.state == "ready"

    @property
    def needs_attention(self) -> bool:
        """Whether a person has something to do about it: to get a file, or to read what went wrong."""
        return self.status is not None and (not self.ready or self.fault is not None)

    @property
    def may_preload(self) -> bool:
        """Whether to load it before a question needs it: not again after that failed or was stopped."""
        return self.ready and self.fault is None and not self.load_declined

    def disk_checked(self, status: ModelStatus, offer: DownloadOffer) -> ModelAvailability:
        """The state after the disk was checked. The fault that paused a download is kept until it resumes."""
        kept = self.fault if self.download_paused else None
        return replace(self, status=status, offer=offer, fault=status.fault or kept)

    def download_started(self) -> ModelAvailability:
        """The state at the start of a download."""
        size_bytes = self.offer.size_bytes if self.offer is not None else 0
        progress = Progress(0, size_bytes, "bytes")
        return replace(self, download_progress=progress, download_paused=False, fault=None)

    def answer_started(self) -> ModelAvailability:
        """The state while an answer is written: the model is in memory, whatever happened before."""
        return replace(self, in_memory=True, loading_progress=None, load_declined=False, fault=None)
