"""The model files on this machine: which are chosen, which can be downloaded, and how new ones are added."""

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
from models.loading.crash_guard import TRIAL_MODE, needs_safe_mode, repeated_crash_fault, try_again
from models.loading.crash_log import LoadCrashLog
from models.loading.load_plan import CRASHED_BEFORE

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader

log = logging.getLogger(__name__)


SETTING_OF_KIND = {"chat": "chat_model", "embedder": "embedder", "reranker": "reranker"}
"""The setting that names the chosen file of each kind."""


class ModelState(StrEnum):
    """ABSENT: none was chosen or found. READY: the file exists and looks whole. FAULTY: `fault` says why not."""

    ABSENT = "absent"
    READY = "ready"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A chosen model file. `label` is its name for people; `fault` is set when `state` is FAULTY. `note`, an `N_`
    template or empty, is what else a person should know."""

    state: ModelState
    path: Path | None = None
    label: str = ""
    size_bytes: int = 0
    fault: Fault | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelFoundElsewhere:
    """A model file of another program. `kind` is "chat", "embedder" or "reranker"; `known` if the catalogue has it."""

    path: Path
    kind: str
    label: str
    program: str
    known: bool


class ModelRegistry:
    """The model files of one data directory. Called from worker threads: every method reads headers from the disk."""

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
        self._opening_failures: dict[Path, tuple[str, Fault]] = {}
        self._given: dict[str, Path | None] = {"chat": model, "embedder": embedder, "reranker": None}
        if embedder is not None:
            crash_log.forget(embedder, TRIAL_MODE)  # naming a file is choosing it

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
        """The embedding model, found in the same order."""
        return self._status("embedder", self._settings.current.embedder, catalog.EMBEDDERS)

    def next_embedder(self) -> ModelStatus:
        """The embedding model that is to replace the current one, if that was agreed to. One given on the command line
        stays for this run."""
        settings = self._settings.current
        if not settings.next_embedder_agreed or self._given["embedder"] is not None:
            return ModelStatus(ModelState.ABSENT)
        return self._status("embedder", settings.next_embedder, ())

    def reranker(self) -> ModelStatus:
        """The reranking model: the chosen one, else a catalogued download."""
        return self._status("reranker", self._settings.current.reranker, catalog.RERANKERS)

    def adopt(self, path: Path) -> str:
        """Choose a .gguf on the disk without copying it; returns its kind, "chat", "embedder" or "reranker".

        Raises `ModelFault` for a file that is not a usable model.
        """
        from models.catalog.adopt import identify

        path = path.expanduser().absolute()
        found = identify(path)
        self._choose(found.kind, path, self.embedder())
        return found.kind

    def download(self, key: str, job: Job) -> Path:
        """Download the catalogued model `key` and choose it. A file that exists but does not open is verified first and
        downloaded again if it is damaged. Raises `DownloadFault`, `Cancelled`."""
        from models.catalog.download import download

        entry = catalog.entry_by_key(key)
        embedder = self.embedder()
        existing = self.folder / entry.file
        if self._known_fault(existing) is not None and self.verify(existing, job) is False:
            existing.unlink(missing_ok=True)
        address = self._settings.current.hub_address.strip()
        path = download(entry, self.folder, report=job.report, cancel=job.cancel, endpoint=address or None)
        self._choose(_kind_of_entry(entry), path, embedder)
        return path

    def downloaded(self) -> tuple[Path, ...]:
        """The catalogued files in the data directory."""
        return tuple(path for entry in catalog.ALL if (path := self.folder / entry.file).is_file())

    def found_elsewhere(self) -> tuple[ModelFoundElsewhere, ...]:
        """Model files of other programs on this computer, which `adopt` can use without a copy."""
        from models.catalog.adopt import find_local_models

        return tuple(
            ModelFoundElsewhere(
                found.path, found.model.kind, found.model.label, found.program, found.model.entry is not None
            )
            for found in find_local_models()
        )

    def remove(self, entry: catalog.ModelEntry) -> bool:
        """Delete a downloaded model and any partial download of it; False if there was none."""
        path = self.folder / entry.file
        existed = path.is_file()
        for file in (path, *self.folder.glob(f"{entry.file}*.part"), *self.folder.glob(f"{entry.file}.sha256")):
            file.unlink(missing_ok=True)
        chosen = [name for name in SETTING_OF_KIND.values() if getattr(self._settings.current, name) == str(path)]
        self._settings.change(**dict.fromkeys(chosen, ""))
        return existed

    def verify(self, path: Path, job: Job) -> bool | None:
        """Whether a downloaded file has its published SHA-256; None if that is unknown. Unless it differs, the file is
        tried again even if it did not open before. Raises `Cancelled`."""
        from models.catalog.download import expected_sha256, verify

        entry = catalog.entry_by_file_name(path.name)
        is_known = entry is not None and expected_sha256(path, entry) is not None
        if entry is not None and is_known:
            try:
                verify(path, entry, report=job.report, cancel=job.cancel)
            except ModelFault:
                return False
        self._try_again(path)
        return True if is_known else None

    def opening_failed(self, path: Path, fault: Fault) -> None:
        """Record that the file at `path` looks whole but did not open, with the `fault`, until it changes or is to be
        tried again."""
        self._opening_failures[path] = (file_stamp(path), fault)

    def _choose(self, kind: str, path: Path, embedder: ModelStatus) -> None:
        """Choose a file of this kind. An embedding model replaces another one (`embedder`) only after consent. Earlier
        failures of the file are forgotten."""
        self._try_again(path)
        if kind != "embedder":
            self._settings.change(**{SETTING_OF_KIND[kind]: str(path)})
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
        if (known_fault := self._known_fault(path)) is not None:
            return ModelStatus(ModelState.FAULTY, path, path.name, fault=known_fault)
        note = CRASHED_BEFORE if needs_safe_mode(path, self._crash_log) else ""
        return ModelStatus(ModelState.READY, path, header.name or path.stem, header.size_bytes, note=note)

    def _try_again(self, path: Path) -> None:
        """Forget earlier failures and crashes of the file."""
        self._opening_failures.pop(path, None)
        try_again(path, self._crash_log)

    def _known_fault(self, path: Path) -> Fault | None:
        """Why a file that looks whole is not opened."""
        stamp, fault = self._opening_failures.get(path, ("", None))
        return fault if fault is not None and stamp == file_stamp(path) else repeated_crash_fault(path, self._crash_log)

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
