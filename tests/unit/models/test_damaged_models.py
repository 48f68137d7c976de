"""A damaged model file is refused with a sentence before it can end the program or index nonsense."""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.conversation import Sampling
from models.embedder import Embedder
from models.faults import ModelFault
from models.gguf.consistency import require_consistent
from models.gguf.header import GgufHeader, read_header, repeated_token
from models.llama.sampler import sample_token
from models.reranker import Reranker
from tests.support.gguf_bytes import gguf_bytes
from tests.support.mutated_models import REFUSED, WORKS, mutate, outcome


def changed(header: GgufHeader, key: str, value: int | float) -> GgufHeader:
    name = key if "." in key and key.split(".")[0] in ("general", "tokenizer") else f"{header.architecture}.{key}"
    return replace(header, metadata={**header.metadata, name: value})


def with_shape(header: GgufHeader, name: str, shape: tuple[int, ...]) -> GgufHeader:
    tensors = [replace(one, shape=shape) if one.name == name else one for one in header.tensors]
    return replace(header, tensors=tuple(tensors))


CONTRADICTIONS: dict[str, Callable[[GgufHeader], GgufHeader]] = {
    "absurd layers": lambda header: changed(header, "block_count", 100_000),
    "too few layers": lambda header: changed(header, "block_count", 1),
    "no layers": lambda header: changed(header, "block_count", 0),
    "no heads": lambda header: changed(header, "attention.head_count", 0),
    "a context of no length": lambda header: changed(header, "context_length", 0),
    "a constant that is no number": lambda header: changed(header, "attention.layer_norm_epsilon", float("nan")),
    "a special token that does not exist": lambda header: changed(header, "tokenizer.ggml.eos_token_id", 10**9),
    "swapped dimensions": lambda header: with_shape(
        header, "token_embd.weight", (header.vocab_size, header.embedding_length)
    ),
    "an empty dimension": lambda header: with_shape(header, "token_embd.weight", (header.embedding_length, 0)),
    "a name twice": lambda header: replace(header, tensors=(*header.tensors, header.tensors[0])),
    "tensors in one place": lambda header: replace(
        header, tensors=tuple(replace(tensor, offset=header.tensors[0].offset) for tensor in header.tensors)
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_header_that_contradicts_itself_is_refused(minilm_gguf: Path, name: str) -> None:
    with pytest.raises(ModelFault, match=r"all-minilm.*damaged"):
        require_consistent(CONTRADICTIONS[name](read_header(minilm_gguf)))


def test_sound_files_are_accepted(minilm_gguf: Path, tiny_gpt_oss: Path) -> None:
    for path in (minilm_gguf, tiny_gpt_oss):
        require_consistent(read_header(path))


TOLERATED: dict[str, Callable[[GgufHeader], GgufHeader]] = {
    "a token for padding beyond the others": lambda header: changed(header, "tokenizer.ggml.padding_token_id", 99_999),
    "no heads, in a recurrent model": lambda header: changed(
        replace(header, tensors=tuple(one for one in header.tensors if ".attn_" not in one.name)),
        "attention.head_count",
        0,
    ),
}


@pytest.mark.parametrize("name", TOLERATED)
def test_what_sound_models_have_is_accepted(minilm_gguf: Path, name: str) -> None:
    require_consistent(TOLERATED[name](read_header(minilm_gguf)))


def test_tokens_are_compared_by_their_bytes(tmp_path: Path) -> None:
    """Empty tokens may repeat, and different bytes that are no UTF-8 are different tokens."""
    path = tmp_path / "model.gguf"
    raw = gguf_bytes({"tokenizer.ggml.tokens": ["", "", "aXa", "aYa", "b"]})
    path.write_bytes(raw.replace(b"aXa", b"a\xffa").replace(b"aYa", b"a\xfea"))
    assert repeated_token(path) == ""
    path.write_bytes(raw.replace(b"aXa", b"aYa"))
    assert repeated_token(path) == "aYa"


@pytest.mark.parametrize("value", [float("nan"), 0.0])
def test_a_reranker_that_says_nothing_is_refused(ranker: Path, tmp_path: Path, value: float) -> None:
    raw = bytearray(ranker.read_bytes())
    classifier = next(tensor for tensor in read_header(ranker).tensors if tensor.name == "cls.output.weight")
    raw[classifier.offset : classifier.offset + classifier.size_bytes] = struct.pack("<f", value) * 384
    (tmp_path / "model.gguf").write_bytes(raw)
    with pytest.raises(ModelFault, match="damaged"):
        Reranker.open(tmp_path / "model.gguf", threads=1)


def test_logits_that_allow_nothing_are_a_fault() -> None:
    for value in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(ModelFault):
            sample_token(np.full(1000, value, np.float32), Sampling(), 0.5)


def test_a_vocabulary_with_a_token_twice_is_refused(minilm_gguf: Path, tmp_path: Path) -> None:
    words = ["▁information".encode(), "▁development".encode()]
    length = struct.pack("<Q", len(words[0]))
    (tmp_path / "model.gguf").write_bytes(minilm_gguf.read_bytes().replace(length + words[1], length + words[0]))
    with pytest.raises(ModelFault, match="vocabulary twice"):
        Embedder.open(tmp_path / "model.gguf")


@pytest.mark.parametrize("value", [0x7E00, 0x0000])
def test_weights_that_say_nothing_are_refused(minilm_gguf: Path, tmp_path: Path, value: int) -> None:
    """Not a number, and zeros: both would be indexed as vectors."""
    header = read_header(minilm_gguf)
    raw = bytearray(minilm_gguf.read_bytes())
    for tensor in header.tensors:
        if "ffn" in tensor.name or "attn" in tensor.name:
            raw[tensor.offset : tensor.offset + tensor.size_bytes] = struct.pack("<H", value) * (tensor.size_bytes // 2)
    (tmp_path / "model.gguf").write_bytes(raw)
    with pytest.raises(ModelFault, match="damaged"):
        Embedder.open(tmp_path / "model.gguf")


@pytest.mark.skipif(sys.platform != "linux", reason="the limits of the process are Linux's")
@pytest.mark.parametrize(("kind", "seeds"), [("embedder", range(5)), ("chat", range(100, 104))])
def test_no_damage_ends_the_process(
    minilm_gguf: Path, tiny_gpt_oss: Path, tmp_path: Path, kind: str, seeds: range
) -> None:
    """tests/bench/bench_damaged_models.py does this with many more."""
    sound = minilm_gguf if kind == "embedder" else tiny_gpt_oss
    header_bytes = min(tensor.offset for tensor in read_header(sound).tensors)
    for seed in seeds:
        raw, what = mutate(sound.read_bytes(), random.Random(seed), header_bytes)
        (tmp_path / "model.gguf").write_bytes(raw)
        assert outcome(kind, tmp_path / "model.gguf") in (WORKS, REFUSED), (seed, what)
