"""Adopts model files that are on the disk already: identifies what a file can be used for, and finds the files of other
programs.

Nothing is copied, moved or changed: an adopted file stays where it is.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from models.catalog import catalog
from models.faults import N_, ModelFault
from models.gguf.header import GgufHeader, read_header
from models.gguf.pooling import Pooling
from models.prompts.chat_format import no_template_fault
from models.prompts.formats import HARMONY_ARCHITECTURE

log = logging.getLogger(__name__)

ModelKind = Literal["chat", "embedder", "reranker"]
CHAT: Final = "chat"
EMBEDDER: Final = "embedder"
RERANKER: Final = "reranker"

# Models that llama.cpp loads, but that do not generate one token after another: diffusion models, encoder-decoders.
NON_AUTOREGRESSIVE_ARCHITECTURES = frozenset(
    {"diffusion-gemma", "dream", "llada", "llada-moe", "rnd1", "t5", "t5encoder"}
)
EMBEDDER_ARCHITECTURES = frozenset(
    {
        "bert",
        "eurobert",
        "gemma-embedding",
        "jina-bert-v2",
        "jina-bert-v3",
        "llama-embed",
        "modern-bert",
        "neo-bert",
        "nomic-bert",
        "nomic-bert-moe",
    }
)
COMPONENT_ARCHITECTURES = frozenset({"clip", "dflash", "eagle3", "gemma4-assistant", "wavtokenizer-dec"})
RANKING_HEAD = "cls.output.weight"
OLLAMA_SERVICE_MODELS = Path("/usr/share/ollama/.ollama/models")  # of Ollama run as a Linux service
OLLAMA_MODEL_LAYER = "application/vnd.ollama.image.model"
MAX_JSON_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class AdoptedModel:
    """A usable model file: its kind, its header, and its catalog entry if it is listed there."""

    kind: ModelKind
    header: GgufHeader
    entry: catalog.ModelEntry | None

    @property
    def label(self) -> str:
        return self.entry.label if self.entry else self.header.name


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A usable model file of another program on this computer; `program` is that program's name."""

    path: Path
    program: str
    model: AdoptedModel

    @property
    def header(self) -> GgufHeader:
        return self.model.header


def identify(path: Path) -> AdoptedModel:
    """Identify the file at `path`. Raises `ModelFault`, with the reason, if it cannot be used."""
    header = read_header(path)
    kind = kind_of(header)
    if kind == CHAT:
        return AdoptedModel(kind, header, catalog.chat_model_for(header))
    if kind == RERANKER:
        return AdoptedModel(kind, header, catalog.reranker_for(header))
    return AdoptedModel(kind, header, catalog.embedder_for(header))


def kind_of(header: GgufHeader) -> ModelKind:
    """The kind of the model with this header. Raises `ModelFault`, with the reason, if it cannot be used."""
    _require_whole_model(header)
    names = {tensor.name for tensor in header.tensors}
    if header.pooling_type == Pooling.RANK or RANKING_HEAD in names or catalog.reranker_for(header):
        if RANKING_HEAD not in names and header.architecture not in EMBEDDER_ARCHITECTURES:
            raise _unsupported_fault(
                header, N_("{name} was converted without the part that ranks; it would rank at random.")
            )
        return RERANKER
    if header.architecture in EMBEDDER_ARCHITECTURES or header.pooling_type or catalog.embedder_for(header):
        return EMBEDDER
    if not header.architecture or header.architecture in NON_AUTOREGRESSIVE_ARCHITECTURES:
        raise ModelFault(
            N_("This model is not supported"),
            N_("{name} is a model of the kind “{architecture}”, which Papermoor cannot chat with."),
            N_("Choose a gpt-oss-20b .gguf file, or download it from Papermoor."),
            name=header.path.name,
            architecture=header.architecture or "?",
        )
    if header.architecture != HARMONY_ARCHITECTURE and not header.chat_template.strip():
        raise no_template_fault(header.path.name)
    return CHAT


def _require_whole_model(header: GgufHeader) -> None:
    if header.split_count > 1 and header.split_number != 0:
        raise _unsupported_fault(
            header, N_("{name} is one of several files that a model was cut into; choose the first.")
        )
    kind = header.text("general.type")
    if kind not in ("", "model") or header.architecture in COMPONENT_ARCHITECTURES:
        raise _unsupported_fault(header, N_("{name} is an addition to a model, not a model."))
    if header.architecture == "gptoss":
        raise _unsupported_fault(header, N_("{name} is Ollama's own edition of gpt-oss, which only Ollama can read."))
    if not header.tensors or not header.vocab_size:
        raise _unsupported_fault(header, N_("{name} holds only a part of a model."))


def _unsupported_fault(header: GgufHeader, what: str) -> ModelFault:
    todo = N_("Choose another .gguf file, or download the model from Papermoor.")
    return ModelFault(N_("This file cannot be used"), what, todo, name=header.path.name)


def find_local_models(
    home: Path | None = None, environment: Mapping[str, str] | None = None, platform: str = sys.platform
) -> tuple[LocalModel, ...]:
    """The usable model files of other programs on this computer, each once: chat models first, known ones first.

    Reads folders and file headers, so call it on a worker thread.
    """
    folders = _ModelFolders(home or Path.home(), os.environ if environment is None else environment, platform)
    found: dict[Path, LocalModel] = {}
    for program, path in folders.files():
        try:
            real = path.resolve()
            if real not in found:
                found[real] = LocalModel(path, program, identify(path))
        except (ModelFault, OSError) as error:
            log.debug("not offered: %s", error)
    order = {CHAT: 0, EMBEDDER: 1, RERANKER: 2}
    return tuple(sorted(found.values(), key=lambda local: (order[local.model.kind], local.model.entry is None)))


class _ModelFolders:
    """The folders in which other programs keep models, for one home folder, environment and platform."""

    def __init__(self, home: Path, environment: Mapping[str, str], platform: str) -> None:
        self._home = home
        self._environment = environment
        self._windows = platform == "win32"
        self._mac = platform == "darwin"

    def files(self) -> Iterator[tuple[str, Path]]:
        """The program and path of every file that may be a model."""
        for folder in self._hugging_face():
            yield from _glob("Hugging Face", folder, "models--*/snapshots/*/*.gguf", "models--*/snapshots/*/*/*.gguf")
        for folder in self._lm_studio():
            yield from _glob("LM Studio", folder, "*/*/*.gguf", "*/*.gguf")
        yield from _glob("GPT4All", self._data_folder("nomic.ai", "GPT4All"), "*.gguf")
        for folder in self._ollama():
            yield from (("Ollama", path) for path in _ollama_models(folder))
        for folder in self._jan():
            yield from _glob("Jan", folder, "llamacpp/models/*/*.gguf", "llamacpp/models/*/*/*.gguf", "models/*/*.gguf")
        yield from _glob("llama.cpp", self._llama_cpp(), "*.gguf")

    def _environment_path(self, name: str) -> Path | None:
        value = self._environment.get(name, "")
        return Path(value).expanduser() if value else None

    def _data_folder(self, *parts: str) -> Path:
        """A folder below the one where the platform keeps programs' data."""
        if self._windows:
            base = self._environment_path("LOCALAPPDATA") or self._home / "AppData" / "Local"
        elif self._mac:
            base = self._home / "Library" / "Application Support"
        else:
            base = self._environment_path("XDG_DATA_HOME") or self._home / ".local" / "share"
        return base.joinpath(*parts)

    def _hugging_face(self) -> Iterator[Path]:
        chosen = self._environment_path("HF_HUB_CACHE")
        if chosen:
            yield chosen
        hub_home = self._environment_path("HF_HOME")
        cache = self._environment_path("XDG_CACHE_HOME") or self._home / ".cache"
        yield (hub_home or cache / "huggingface") / "hub"

    def _lm_studio(self) -> Iterator[Path]:
        pointed = _first_line(self._home / ".lmstudio-home-pointer")
        for folder in (
            Path(pointed) if pointed else None,
            self._home / ".lmstudio",
            self._home / ".cache" / "lm-studio",
        ):
            if folder is not None:
                chosen = _read_json(folder / "settings.json").get("downloadsFolder")
                if isinstance(chosen, str) and chosen:
                    yield Path(chosen)
                yield folder / "models"

    def _ollama(self) -> Iterator[Path]:
        yield self._environment_path("OLLAMA_MODELS") or self._home / ".ollama" / "models"
        if self._home == Path.home():
            yield OLLAMA_SERVICE_MODELS

    def _jan(self) -> Iterator[Path]:
        if self._windows:
            yield (self._environment_path("APPDATA") or self._home / "AppData" / "Roaming") / "Jan" / "data"
        else:
            yield self._data_folder("Jan", "data")
        if not self._windows and not self._mac:
            yield (self._environment_path("XDG_CONFIG_HOME") or self._home / ".config") / "Jan" / "data"
        yield self._home / "jan"

    def _llama_cpp(self) -> Path:
        chosen = self._environment_path("LLAMA_CACHE")
        if chosen:
            return chosen
        if self._windows:
            return self._data_folder("llama.cpp")
        if self._mac:
            return self._home / "Library" / "Caches" / "llama.cpp"
        return (self._environment_path("XDG_CACHE_HOME") or self._home / ".cache") / "llama.cpp"


def _glob(program: str, folder: Path, *patterns: str) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        try:
            yield from ((program, path) for path in sorted(folder.glob(pattern)) if path.is_file())
        except OSError as error:
            log.debug("not listed: %s", error)


def _ollama_models(folder: Path) -> Iterator[Path]:
    """The model files named, by hash, in Ollama's manifests (JSON files registry/namespace/model/tag)."""
    for _, manifest in _glob("Ollama", folder / "manifests", "*/*/*/*"):
        layers = _read_json(manifest).get("layers")
        for layer in layers if isinstance(layers, list) else ():
            if isinstance(layer, dict) and layer.get("mediaType") == OLLAMA_MODEL_LAYER:
                blob = folder / "blobs" / str(layer.get("digest", "")).replace(":", "-")
                if blob.parent == folder / "blobs" and blob.is_file():
                    yield blob


def _read_json(path: Path) -> dict[str, object]:
    """A small JSON object in another program's file; empty if the file is missing or holds something else."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, ValueError):
        return ""
