"""Owns taking up model files that are on the disk already: what a file is good for, where other programs keep theirs.

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
from models.prompts.chat_format import no_template
from models.prompts.formats import HARMONY_ARCHITECTURE

log = logging.getLogger(__name__)

Kind = Literal["chat", "embedder", "reranker"]
CHAT: Final = "chat"
EMBEDDER: Final = "embedder"
RERANKER: Final = "reranker"

# Models that llama.cpp loads and that do not write one word after another: diffusion, and encoders with decoders.
OTHER_WRITERS = frozenset({"diffusion-gemma", "dream", "llada", "llada-moe", "rnd1", "t5", "t5encoder"})
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
PARTS_OF_MODELS = frozenset({"clip", "dflash", "eagle3", "gemma4-assistant", "wavtokenizer-dec"})
RANK_POOLING = 4
RANK_HEAD = "cls.output.weight"
OLLAMA_SERVICE = Path("/usr/share/ollama/.ollama/models")  # where Ollama keeps them as a service on Linux
OLLAMA_MODEL_LAYER = "application/vnd.ollama.image.model"
MANIFEST_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class AdoptedModel:
    """A model file that can be used, for what, and what the catalog knows about it."""

    kind: Kind
    header: GgufHeader
    entry: catalog.ModelEntry | None

    @property
    def label(self) -> str:
        return self.entry.label if self.entry else self.header.name


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A usable model that another program has on this computer; `program` is that program's name."""

    path: Path
    program: str
    model: AdoptedModel

    @property
    def header(self) -> GgufHeader:
        return self.model.header


def identify(path: Path) -> AdoptedModel:
    """What the file at `path` can be used for. Raises ModelFault with the reason if for nothing."""
    header = read_header(path)
    kind = kind_of(header)
    if kind == CHAT:
        return AdoptedModel(kind, header, catalog.chat_model_for(header))
    if kind == RERANKER:
        return AdoptedModel(kind, header, catalog.reranker_for(header))
    return AdoptedModel(kind, header, catalog.embedder_for(header))


def kind_of(header: GgufHeader) -> Kind:
    """What a model with this header can be used for. Raises ModelFault with the reason if for nothing."""
    _require_whole_model(header)
    names = {tensor.name for tensor in header.tensors}
    if header.pooling_type == RANK_POOLING or RANK_HEAD in names or catalog.reranker_for(header):
        if RANK_HEAD not in names and header.architecture not in EMBEDDER_ARCHITECTURES:
            raise _unsupported(header, N_("{name} was converted without the part that ranks; it would rank at random."))
        return RERANKER
    if header.architecture in EMBEDDER_ARCHITECTURES or header.pooling_type or catalog.embedder_for(header):
        return EMBEDDER
    if not header.architecture or header.architecture in OTHER_WRITERS:
        raise ModelFault(
            N_("This model is not supported"),
            N_("{name} is a model of the kind “{architecture}”, which Papermoor cannot chat with."),
            N_("Choose a gpt-oss-20b .gguf file, or download it from Papermoor."),
            name=header.path.name,
            architecture=header.architecture or "?",
        )
    if header.architecture != HARMONY_ARCHITECTURE and not header.chat_template.strip():
        raise no_template(header.path.name)
    return CHAT


def _require_whole_model(header: GgufHeader) -> None:
    if header.split_count > 1 and header.split_number != 0:
        raise _unsupported(header, N_("{name} is one of several files that a model was cut into; choose the first."))
    kind = header.text("general.type")
    if kind not in ("", "model") or header.architecture in PARTS_OF_MODELS:
        raise _unsupported(header, N_("{name} is an addition to a model, not a model."))
    if header.architecture == "gptoss":
        raise _unsupported(header, N_("{name} is Ollama's own edition of gpt-oss, which only Ollama can read."))
    if not header.tensors or not header.vocab_size:
        raise _unsupported(header, N_("{name} holds only a part of a model."))


def _unsupported(header: GgufHeader, what: str) -> ModelFault:
    todo = N_("Choose another .gguf file, or download the model from Papermoor.")
    return ModelFault(N_("This file cannot be used"), what, todo, name=header.path.name)


def find_local_models(
    home: Path | None = None, environment: Mapping[str, str] | None = None, platform: str = sys.platform
) -> tuple[LocalModel, ...]:
    """The usable models that other programs keep on this computer, those for answers first, each file once.

    Reads folder listings and file headers: call it from a worker thread.
    """
    places = _Places(home or Path.home(), os.environ if environment is None else environment, platform)
    found: dict[Path, LocalModel] = {}
    for program, path in places.files():
        try:
            real = path.resolve()
            if real not in found:
                found[real] = LocalModel(path, program, identify(path))
        except (ModelFault, OSError) as error:
            log.debug("not offered: %s", error)
    order = {CHAT: 0, EMBEDDER: 1, RERANKER: 2}
    return tuple(sorted(found.values(), key=lambda local: (order[local.model.kind], local.model.entry is None)))


class _Places:
    """Where the programs of one person, on one platform, keep their models."""

    def __init__(self, home: Path, environment: Mapping[str, str], platform: str) -> None:
        self._home = home
        self._environment = environment
        self._windows = platform == "win32"
        self._mac = platform == "darwin"

    def files(self) -> Iterator[tuple[str, Path]]:
        """Program and path of every file that may be a model."""
        for folder in self._hugging_face():
            yield from _listed("Hugging Face", folder, "models--*/snapshots/*/*.gguf", "models--*/snapshots/*/*/*.gguf")
        for folder in self._lm_studio():
            yield from _listed("LM Studio", folder, "*/*/*.gguf", "*/*.gguf")
        yield from _listed("GPT4All", self._data("nomic.ai", "GPT4All"), "*.gguf")
        for folder in self._ollama():
            yield from (("Ollama", path) for path in _ollama_models(folder))
        for folder in self._jan():
            yield from _listed(
                "Jan", folder, "llamacpp/models/*/*.gguf", "llamacpp/models/*/*/*.gguf", "models/*/*.gguf"
            )
        yield from _listed("llama.cpp", self._llama_cpp(), "*.gguf")

    def _variable(self, name: str) -> Path | None:
        value = self._environment.get(name, "")
        return Path(value).expanduser() if value else None

    def _data(self, *parts: str) -> Path:
        """A program's folder where the platform wants its data."""
        if self._windows:
            base = self._variable("LOCALAPPDATA") or self._home / "AppData" / "Local"
        elif self._mac:
            base = self._home / "Library" / "Application Support"
        else:
            base = self._variable("XDG_DATA_HOME") or self._home / ".local" / "share"
        return base.joinpath(*parts)

    def _hugging_face(self) -> Iterator[Path]:
        chosen = self._variable("HF_HUB_CACHE")
        if chosen:
            yield chosen
        hub_home = self._variable("HF_HOME")
        cache = self._variable("XDG_CACHE_HOME") or self._home / ".cache"
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
        yield self._variable("OLLAMA_MODELS") or self._home / ".ollama" / "models"
        if self._home == Path.home():
            yield OLLAMA_SERVICE

    def _jan(self) -> Iterator[Path]:
        if self._windows:
            yield (self._variable("APPDATA") or self._home / "AppData" / "Roaming") / "Jan" / "data"
        else:
            yield self._data("Jan", "data")
        if not self._windows and not self._mac:
            yield (self._variable("XDG_CONFIG_HOME") or self._home / ".config") / "Jan" / "data"
        yield self._home / "jan"

    def _llama_cpp(self) -> Path:
        chosen = self._variable("LLAMA_CACHE")
        if chosen:
            return chosen
        if self._windows:
            return self._data("llama.cpp")
        if self._mac:
            return self._home / "Library" / "Caches" / "llama.cpp"
        return (self._variable("XDG_CACHE_HOME") or self._home / ".cache") / "llama.cpp"


def _listed(program: str, folder: Path, *patterns: str) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        try:
            yield from ((program, path) for path in sorted(folder.glob(pattern)) if path.is_file())
        except OSError as error:
            log.debug("not listed: %s", error)


def _ollama_models(folder: Path) -> Iterator[Path]:
    """The files behind Ollama's manifests (registry/namespace/model/tag, JSON), which name them by hash."""
    for _, manifest in _listed("Ollama", folder / "manifests", "*/*/*/*"):
        layers = _read_json(manifest).get("layers")
        for layer in layers if isinstance(layers, list) else ():
            if isinstance(layer, dict) and layer.get("mediaType") == OLLAMA_MODEL_LAYER:
                blob = folder / "blobs" / str(layer.get("digest", "")).replace(":", "-")
                if blob.parent == folder / "blobs" and blob.is_file():
                    yield blob


def _read_json(path: Path) -> dict[str, object]:
    """A small JSON object another program wrote; empty if it is not there or not one."""
    try:
        if path.stat().st_size > MANIFEST_LIMIT_BYTES:
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
