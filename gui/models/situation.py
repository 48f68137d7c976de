"""How it stands with a model file, as the window shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from models.faults import Fault
from models.progress import Progress

if TYPE_CHECKING:
    from core.engines.model_registry import ModelStatus
    from models.loading.load_plan import LoadPlan


class SituationKind(StrEnum):
    """CHAT writes answers, EMBEDDER makes search by meaning possible, RERANKER puts what was found in order."""

    CHAT = "chat"
    EMBEDDER = "embedder"
    RERANKER = "reranker"


@dataclass(frozen=True, slots=True)
class Offer:
    """The model offered for download. `size_bytes` is 0 where it is not known beforehand."""

    key: str
    label: str
    size_bytes: int
    licence: str


@dataclass(frozen=True, slots=True)
class ModelSituation:
    """How it stands with one kind of model. `status` is None until the disk was looked at. `download` is the progress
    of a running download, `paused` says that one was begun and stopped, `fault` what went wrong last, `elsewhere` a
    file of the offered model that another program has on this computer. `loading` is the progress into memory; stopping
    that makes the model `unwanted` there until a question comes."""

    kind: SituationKind
    status: ModelStatus | None = None
    offer: Offer | None = None
    download: Progress | None = None
    pausing: bool = False
    paused: bool = False
    fault: Fault | None = None
    loading: Progress | None = None
    loaded: bool = False
    unwanted: bool = False
    plan: LoadPlan | None = None
    elsewhere: Path | None = None

    @property
    def ready(self) -> bool:
        return self.status is not None and self.status.state == "ready"
