"""Identifying model files, and finding those of other programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from models.catalog.adopt import LocalModel, find_local_models, identify
from models.faults import ModelFault
from tests.support.gguf_bytes import Value, gguf_bytes

TENSOR = {"token_embd.weight": (32, 4)}
RANKING = {**TENSOR, "cls.output.weight": (32, 2)}


def model(architecture: str, tensors: Mapping[str, tuple[int, ...]] | None = None, **values: Value) -> bytes:
    metadata: dict[str, Value] = {"general.architecture": architecture, "tokenizer.ggml.tokens": ["a", "b"]}
    metadata.update({key.replace("__", "."): value for key, value in values.items()})
    return gguf_bytes(metadata, TENSOR if tensors is None else tensors)


GPT_OSS = model("gpt-oss", general__name="gpt oss 20b")
MINILM = model("bert", general__name="All MiniLM L6 v2", bert__pooling_type=1, bert__embedding_length=384)
BGE_M3 = model("bert", bert__pooling_type=2, bert__embedding_length=1024)

KINDS = {
    "gpt-oss": ("model.gguf", GPT_OSS, "chat", "gpt-oss-20b"),
    "a gpt-oss of another name": ("mine.gguf", model("gpt-oss", general__name="fine-tuned"), "chat", None),
    "gpt-oss-120b": ("gpt-oss-120b.gguf", model("gpt-oss", general__name="gpt oss 120b"), "chat", None),
    "a Llama with its chat template": ("llama.gguf", model("llama", tokenizer__chat_template="{{ 1 }}"), "chat", None),
    "MiniLM": ("model.gguf", MINILM, "embedder", "all-minilm-l6-v2"),
    "BGE-M3 by its file's name": ("bge-m3-FP16.gguf", BGE_M3, "embedder", "bge-m3"),
    "an unknown BERT": ("snowflake.gguf", BGE_M3, "embedder", None),
    "a language model that pools": (
        "Qwen3-Embedding-0.6B-Q8_0.gguf",
        model("qwen3", qwen3__pooling_type=3, qwen3__embedding_length=1024),
        "embedder",
        "qwen3-embedding-0.6b",
    ),
    "an embedding model that does not say that it pools": (
        "Qwen3-Embedding-0.6B-f16.gguf",
        model("qwen3", qwen3__embedding_length=1024),
        "embedder",
        "qwen3-embedding-0.6b",
    ),
    "a BERT that ranks": (
        "bge-reranker-v2-m3-Q4_K_M.gguf",
        model("bert", RANKING, bert__pooling_type=4),
        "reranker",
        "bge-reranker-v2-m3",
    ),
    "a language model that ranks": (
        "qwen3-reranker-0.6b-q8_0.gguf",
        model("qwen3", RANKING, qwen3__pooling_type=4),
        "reranker",
        "qwen3-reranker-0.6b",
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_identified(tmp_path: Path, name: str) -> None:
    file, content, kind, key = KINDS[name]
    (tmp_path / file).write_bytes(content)
    found = identify(tmp_path / file)
    assert (found.kind, found.entry.key if found.entry else None) == (kind, key)
    assert found.label


def test_the_models_made_for_tests_are_identified(tiny_gpt_oss: Path, minilm_gguf: Path) -> None:
    assert identify(tiny_gpt_oss).kind == "chat"
    found = identify(minilm_gguf)
    assert found.kind == "embedder"
    assert found.entry is not None
    assert found.entry.key == "all-minilm-l6-v2"


REFUSED = {
    "a Llama that only continues texts": (model("llama"), "holds no chat template"),
    "a diffusion model": (
        model("dream", tokenizer__chat_template="{{ 1 }}"),
        "cannot chat with",
    ),
    "Ollama's own gpt-oss": (model("gptoss"), "Ollama's own edition"),
    "a part of a model": (model("gpt-oss", split__count=3, split__no=1), "one of several files"),
    "an adapter": (model("gpt-oss", general__type="adapter"), "an addition to a model"),
    "a vision part": (model("clip"), "an addition to a model"),
    "a vocabulary": (model("gpt-oss", {}), "only a part of a model"),
    "a reranker without its head": (model("qwen3", qwen3__pooling_type=4), "converted without the part that ranks"),
    "no architecture": (gguf_bytes({"tokenizer.ggml.tokens": ["a"]}, TENSOR), "of the kind “?”"),
    "no model": (b"%PDF-1.7", "not a GGUF model file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    content, reason = REFUSED[name]
    path = tmp_path / "file.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFault) as caught:
        identify(path)
    assert reason in str(caught.value)


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def summary(found: tuple[LocalModel, ...]) -> list[tuple[str, str, Path]]:
    return [(local.program, local.model.kind, local.path) for local in found]


PATHS_BY_PROGRAM = {
    "linux": {
        "Hugging Face": ".cache/huggingface/hub/models--a--b/snapshots/123/x.gguf",
        "LM Studio": ".lmstudio/models/a/b/x.gguf",
        "GPT4All": ".local/share/nomic.ai/GPT4All/x.gguf",
        "Jan": ".config/Jan/data/llamacpp/models/x/model.gguf",
        "llama.cpp": ".cache/llama.cpp/a_b_x.gguf",
    },
    "darwin": {
        "Hugging Face": ".cache/huggingface/hub/models--a--b/snapshots/123/x.gguf",
        "LM Studio": ".lmstudio/models/a/b/x.gguf",
        "GPT4All": "Library/Application Support/nomic.ai/GPT4All/x.gguf",
        "Jan": "Library/Application Support/Jan/data/llamacpp/models/x/model.gguf",
        "llama.cpp": "Library/Caches/llama.cpp/a_b_x.gguf",
    },
    "win32": {
        "Hugging Face": ".cache/huggingface/hub/models--a--b/snapshots/123/x.gguf",
        "LM Studio": ".lmstudio/models/a/b/x.gguf",
        "GPT4All": "AppData/Local/nomic.ai/GPT4All/x.gguf",
        "Jan": "AppData/Roaming/Jan/data/llamacpp/models/x/model.gguf",
        "llama.cpp": "AppData/Local/llama.cpp/a_b_x.gguf",
    },
}


@pytest.mark.parametrize("platform", PATHS_BY_PROGRAM)
def test_the_models_of_other_programs_are_found(tmp_path: Path, platform: str) -> None:
    paths = {program: tmp_path / path for program, path in PATHS_BY_PROGRAM[platform].items()}
    for path in paths.values():
        write(path, GPT_OSS)
    found = find_local_models(tmp_path, {}, platform)
    assert {local.program: local.path for local in found} == paths


VARIABLES = {
    "HF_HUB_CACHE": ("Hugging Face", "models--a--b/snapshots/123/Q8_0/x.gguf"),
    "HF_HOME": ("Hugging Face", "hub/models--a--b/snapshots/123/x.gguf"),
    "LLAMA_CACHE": ("llama.cpp", "x.gguf"),
}


@pytest.mark.parametrize("variable", VARIABLES)
def test_folders_chosen_by_environment_variables_are_searched(tmp_path: Path, variable: str) -> None:
    program, relative = VARIABLES[variable]
    path = write(tmp_path / "elsewhere" / relative, GPT_OSS)
    found = find_local_models(tmp_path, {variable: str(tmp_path / "elsewhere")}, "linux")
    assert summary(found) == [(program, "chat", path)]


@pytest.mark.parametrize("variable", ["", "OLLAMA_MODELS"])
def test_ollamas_files_are_found_by_their_manifests(tmp_path: Path, variable: str) -> None:
    models = tmp_path / "elsewhere" if variable else tmp_path / ".ollama" / "models"
    blob = write(models / "blobs" / "sha256-aaaa", MINILM)
    write(models / "blobs" / "sha256-bbbb", "a licence")
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:bbbb"},
        {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:aaaa"},
        {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:gone"},
        {"mediaType": "application/vnd.ollama.image.model", "digest": "../../../etc/passwd"},
        "nonsense",
    ]
    manifests = models / "manifests" / "registry.ollama.ai" / "library"
    write(manifests / "all-minilm" / "latest", json.dumps({"layers": layers}))
    write(manifests / "broken" / "latest", "{not json")
    write(manifests / "odd" / "latest", '{"layers": 7}')
    environment = {variable: str(models)} if variable else {}
    assert summary(find_local_models(tmp_path, environment, "linux")) == [("Ollama", "embedder", blob)]


def test_lm_studios_moved_folders_are_followed(tmp_path: Path) -> None:
    write(tmp_path / ".lmstudio-home-pointer", str(tmp_path / "studio") + "\n")
    write(tmp_path / "studio" / "settings.json", json.dumps({"downloadsFolder": str(tmp_path / "big")}))
    path = write(tmp_path / "big" / "a" / "b" / "x.gguf", GPT_OSS)
    assert summary(find_local_models(tmp_path, {}, "linux")) == [("LM Studio", "chat", path)]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_file_reached_by_two_paths_is_listed_once_and_chat_models_come_first(tmp_path: Path) -> None:
    hub = tmp_path / ".cache" / "huggingface" / "hub" / "models--a--b"
    write(hub / "blobs" / "aaaa", MINILM)
    for snapshot in ("1", "2"):
        link = hub / "snapshots" / snapshot / "x.gguf"
        link.parent.mkdir(parents=True)
        link.symlink_to(hub / "blobs" / "aaaa")
    write(tmp_path / ".cache" / "llama.cpp" / "y.gguf", GPT_OSS)
    write(tmp_path / ".cache" / "llama.cpp" / "z.gguf", model("llama"))
    write(tmp_path / ".cache" / "llama.cpp" / "cut.gguf", GPT_OSS[:-50])
    found = find_local_models(tmp_path, {}, "linux")
    assert [(local.program, local.model.kind) for local in found] == [
        ("llama.cpp", "chat"),
        ("Hugging Face", "embedder"),
    ]


def test_a_machine_without_other_programs_lists_nothing(tmp_path: Path) -> None:
    assert find_local_models(tmp_path, {}, "linux") == ()
