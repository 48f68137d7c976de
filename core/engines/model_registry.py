"""The model files of this machine: which are chosen, which can be had, and how a new one comes in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.faults import N_, Fault, ModelFault
from core.jobs import Job
from core.settings import SettingsStore
from models.catalog import catalog
from models.gguf.file_identity import file_stamp
from models.loading.crash_guard import needs_safe_mode, repeated_crash_fault
from models.loading.crash_log import LoadCrashLog
from models.loading.load_plan import CRASHED_BEFORE

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader

log = logging.getLogger(__name__)


SETTING = {"chat": "chat_model", "embedder": "embedder", "reranker": "reranker"}
"""Which setting names the chosen file of each kind."""


class ModelState(StrEnum):
    """ABSENT: none was chosen or found. READY: the file is there and looks whole. FAULTY: `fault` says why not."""

    ABSENT = "absent"
    READY = "ready"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A chosen model file. `label` is its name for people; `fault` is set when `state` is FAULTY. `note`, an `N_`
    template or empty, says what else a person should know of it."""

    state: ModelState
    path: Path | None = None
    label: str = ""
    size_bytes: int = 0
    fault: Fault | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelFoundElsewhere:
    """A model file of another program. `kind` is "chat", "embedder" or "reranker"; `known` that it is in the
    catalogue."""

    path: Path
    kind: str
    label: str
    program: str
    known: bool


class ModelRegistry:
    """Called from worker threads: every method reads headers from the disk."""

    def __init__(
        self,
        folder: Path,
        settings: SettingsStore,
        crash_log: LoadCrashLog,
        model: Path | None = None,
        embedder: Path | None = None,
    ) -> None:
        self.folder = folder
        self._settings = settings
        self._crash_log = crash_log
        self._unopened: dict[Path, tuple[str, Fault]] = {}
        self._given: dict[str, Path | None] = {"chat": model, "embedder": embedder, "reranker": None}

    @property
    def chat_entry(self) -> catalog.ChatModelEntry:
        """The chat model offered for download: gpt-oss-20b."""
        return catalog.DEFAULT_CHAT_MODEL

    @property
    def embedder_entry(self) -> catalog.EmbedderEntry:
        """The embedding model offered for download."""
        return catalog.DEFAULT_EMBEDDER

    @property
    def reranker_entry(self) -> catalog.RerankerEntry:
        """The reranking model offered for download."""
        return catalog.DEFAULT_RERANKER

    def chat_model(self) -> ModelStatus:
        """The language model: the one given on the command line, else the chosen one, else a catalogued download."""
        return self._status("chat", self._settings.current.chat_model, catalog.CHAT_MODELS)

    def embedder(self) -> ModelStatus:
        return self._status("embedder", self._settings.current.embedder, catalog.EMBEDDERS)

    def next_embedder(self) -> ModelStatus:
        """The embedding model that is to take the other's place, if that was agreed to. One that
        was given on the command line stays for as long as this run."""
        settings = self._settings.current
        if not settings.next_embedder_agreed or self._given["embedder"] is not None:
            return ModelStatus(ModelState.ABSENT)
        return self._status("embedder", settings.next_embedder, ())

    def reranker(self) -> ModelStatus:
        return self._status("reranker", self._settings.current.reranker, catalog.RERANKERS)

    def adopt(self, path: Path) -> str:
        """Choose a .gguf on the disk, without copying it; gives its kind, "chat", "embedder" or "reranker".

        Raises `ModelFault` for a file that is no usable model.
        """
        from models.catalog.adopt import identify

        path = path.expanduser().absolute()
        found = identify(path)
        self._choose(found.kind, path, self.embedder())
        return found.kind

    def download(self, key: str, job: Job) -> Path:
        """Fetch the catalogued model `key` and choose it; a file that is there, but does not open, is checked first and
        fetched anew if it is damaged. Raises `DownloadFault`, `Cancelled`."""
        from models.catalog.download import download

        entry = catalog.entry(key)
        before = self.embedder()
        there = self.folder / entry.file
        if self._trouble(there) is not None and self.verify(there, job) is False:
            there.unlink(missing_ok=True)
        address = self._settings.current.hub_address.strip()
        path = download(entry, self.folder, report=job.report, cancel=job.cancel, endpoint=address or None)
        self._choose(_kind_of_entry(entry), path, before)
        return path

    def downloaded(self) -> tuple[Path, ...]:
        """The catalogued files in the data directory."""
        return tuple(path for entry in catalog.ALL if (path := self.folder / entry.file).is_file())

    def found_elsewhere(self) -> tuple[ModelFoundElsewhere, ...]:
        """Model files that other programs have on this computer, which `adopt` can use without a copy."""
        from models.catalog.adopt import find_local_models

        return tuple(
            ModelFoundElsewhere(found.path, found.model.kind, found.model.label, found.program, found.model.entry is not None)
            for found in find_local_models()
        )

    def remove(self, entry: catalog.ModelEntry) -> bool:
        """Delete a downloaded model, and what has arrived of it; False if it was not there."""
        path = self.folder / entry.file
        there = path.is_file()
        for gone in (path, *self.folder.glob(f"{entry.file}*.part"), *self.folder.glob(f"{entry.file}.sha256")):
            gone.unlink(missing_ok=True)
        chosen = [name for name in SETTING.values() if getattr(self._settings.current, name) == str(path)]
        self._settings.change(**dict.fromkeys(chosen, ""))
        return there

    def verify(self, path: Path, job: Job) -> bool | None:
        """Whether a downloaded file has its published SHA-256; None if that is not known. Unless it has another one, it
        is tried again though it did not open before. Raises `Cancelled`."""
        from models.catalog.download import expected_sha256, verify

        entry = catalog.by_file_name(path.name)
        known = entry is not None and expected_sha256(path, entry) is not None
        if entry is not None and known:
            try:
                verify(path, entry, report=job.report, cancel=job.cancel)
            except ModelFault:
                return False
        self._try_again(path)
        return True if known else None

    def opening_failed(self, path: Path, fault: Fault) -> None:
        """The file at `path` looks whole, but has the `fault`: said until it changes, or somebody wants it tried."""
        self._unopened[path] = (file_stamp(path), fault)

    def _choose(self, kind: str, path: Path, embedder: ModelStatus) -> None:
        """An embedding model does not take the place of another one (`embedder`) before somebody agreed to that.
        Whatever happened with the file before, it is tried."""
        self._try_again(path)
        if kind != "embedder":
            self._settings.change(**{SETTING[kind]: str(path)})
        elif embedder.state is ModelState.READY and embedder.path != path:
            self._settings.change(embedder=str(embedder.path), next_embedder=str(path), next_embedder_agreed=False)
        else:
            self._settings.change(embedder=str(path), next_embedder="", next_embedder_agreed=False)
        self._given[kind] = None

    def _status(self, kind: str, chosen: str, entries: Sequence[catalog.ModelEntry]) -> ModelStatus:
        given = self._given[kind] if entries else None
        path = given or (Path(chosen) if chosen else None) or self._downloaded(entries)
        if path is None:
            return ModelStatus(ModelState.ABSENT)
        from models.gguf.header import read_header

        try:
            header = read_header(path)
            _require_kind(kind, header)
        except ModelFault as fault:
            return ModelStatus(ModelState.FAULTY, path, path.name, fault=fault)
        if (trouble := self._trouble(path)) is not None:
            return ModelStatus(ModelState.FAULTY, path, path.name, fault=trouble)
        note = CRASHED_BEFORE if needs_safe_mode(path, self._crash_log) else ""
        return ModelStatus(ModelState.READY, path, header.name or path.stem, header.size_bytes, note=note)

    def _try_again(self, path: Path) -> None:
        self._unopened.pop(path, None)
        self._crash_log.forget(path)

    def _trouble(self, path: Path) -> Fault | None:
        """Why a file that looks whole is not opened."""
        seen, fault = self._unopened.get(path, ("", None))
        return fault if fault is not None and seen == file_stamp(path) else repeated_crash_fault(path, self._crash_log)

    def _downloaded(self, entries: Sequence[catalog.ModelEntry]) -> Path | None:
        return next((path for entry in entries if (path := self.folder / entry.file).is_file()), None)


def _kind_of_entry(entry: catalog.ModelEntry) -> str:
    if isinstance(entry, catalog.ChatModelEntry):
        return "chat"
    return "embedder" if isinstance(entry, catalog.EmbedderEntry) else "reranker"


def _require_kind(kind: str, header: GgufHeader) -> None:
    from models.catalog.adopt import kind_of

    found = kind_of(header)
    if found == kind:
        return
    if kind == "chat":
        raise ModelFault(
            N_("Not a language model"),
            N_("{name} is a model for searching, not one that writes answers."),
            N_("Choose a language model's .gguf file instead, such as gpt-oss-20b."),
            name=header.path.name,
        )
    if kind == "reranker":
        raise ModelFault(
            N_("Not a reranking model"),
            N_("{name} cannot put search results into a better order: it is no reranking model."),
            N_("Choose a reranking model's .gguf file instead."),
            name=header.path.name,
        )
    raise ModelFault(
        N_("Not an embedding model"),
        N_("{name} cannot be used to search by meaning: it is no embedding model."),
        N_("Choose an embedding model's .gguf file instead."),
        name=header.path.name,
    )
