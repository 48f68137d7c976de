"""Checks what the header of a model file says against itself and against its tensors, before native code relies on it.

llama.cpp ends the program for some of what is refused here (a token that is in the vocabulary twice, more layers than
it has room for), and computes nonsense from other things (swapped dimensions, tensors in one another's place).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from models.faults import N_, ModelFault
from models.gguf.header import DAMAGED_MODEL, GgufHeader, repeated_token

MAX_LAYERS = 512  # LLAMA_MAX_LAYERS in llama.cpp
MAX_EXPERTS = 512  # LLAMA_MAX_EXPERTS
MAX_LENGTH = 1 << 20  # of an embedding or a feed-forward layer; the largest published models have some 50,000
MAX_CONTEXT_TOKENS = 1 << 27
SPECIAL_TOKENS = ("tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id")
"""Those that every prompt needs. Sound files name others that do not exist, such as one for padding: llama.cpp leaves
these out."""
_LAYER = re.compile(r"(?:blk|enc\.blk|dec\.blk)\.(\d+)\.")


def require_consistent(header: GgufHeader) -> None:
    """Raise `ModelFault` for a header that contradicts itself. Reads the vocabulary, 0.2 s for 200,000 tokens."""
    for problem in (*_wrong_numbers(header), *_wrong_tensors(header), *_wrong_vocabulary(header)):
        raise ModelFault(
            DAMAGED_MODEL,
            N_("{name} is damaged or was made wrongly: {detail}."),
            N_("Download it again, or choose another file of the model."),
            name=header.path.name,
            detail=problem,
        )


def _wrong_numbers(header: GgufHeader) -> Iterator[str]:
    has_attention = any(".attn_" in tensor.name for tensor in header.tensors)  # recurrent models have no heads
    limits = {
        "block_count": (header.block_count, MAX_LAYERS),
        "embedding_length": (header.embedding_length, MAX_LENGTH),
        "attention.head_count": (header.head_count if has_attention else header.head_count or 1, MAX_LENGTH),
        "context_length": (header.context_length, MAX_CONTEXT_TOKENS),
    }
    for name, (value, most) in limits.items():
        if not 0 < value <= most:
            yield f"{name} is {value}"
    if header.expert_count > MAX_EXPERTS or header.expert_used_count > header.expert_count:
        yield f"{header.expert_used_count} of {header.expert_count} experts"
    if header.head_count_kv > header.head_count or header.head_count % max(header.head_count_kv, 1):
        yield f"{header.head_count} heads share {header.head_count_kv}"
    for key, number in header.metadata.items():
        if isinstance(number, float) and not math.isfinite(number):
            yield f"{key} is {number}"


def _wrong_tensors(header: GgufHeader) -> Iterator[str]:
    names = [tensor.name for tensor in header.tensors]
    if len(set(names)) < len(names):
        yield "two tensors have one name"
    for tensor in header.tensors:
        if not tensor.shape or not all(0 < length < 1 << 40 for length in tensor.shape):
            yield f"{tensor.name} has the shape {tensor.shape}"
    if header.split_count <= 1:  # else their offsets are those in several files
        ordered = sorted(header.tensors, key=lambda tensor: tensor.offset)
        for first, second in pairwise(ordered):
            if first.offset + first.size_bytes > second.offset:
                yield f"{first.name} and {second.name} overlap"
    layers = {int(found[1]) for name in names if (found := _LAYER.match(name))}
    blocks = header.block_count
    if layers and (max(layers) >= blocks or len(layers) != max(layers) + 1):
        yield f"it has tensors of {len(layers)} layers, and block_count is {blocks}"
    embeddings = next((tensor for tensor in header.tensors if tensor.name == "token_embd.weight"), None)
    if embeddings is not None and header.vocab_size:
        if embeddings.shape != (header.embedding_length, header.vocab_size):
            yield (
                f"token_embd.weight has the shape {embeddings.shape}, for {header.vocab_size} tokens of "
                f"{header.embedding_length} numbers"
            )


def _wrong_vocabulary(header: GgufHeader) -> Iterator[str]:
    for key in SPECIAL_TOKENS:
        value = header.metadata.get(key, -1)
        if not isinstance(value, int) or not (value < max(header.vocab_size, 1) or value == 0xFFFFFFFF):
            yield f"{key} is {value}, of {header.vocab_size} tokens"
    if token := repeated_token(header.path):
        yield f"“{token}” is in its vocabulary twice"


def damaged_weights_fault(path: Path) -> ModelFault:
    """The fault of a model that computes something that cannot be: its weights are damaged."""
    return ModelFault(
        DAMAGED_MODEL,
        N_("What {name} computes cannot be right: its weights are damaged."),
        N_("Download it again, or choose another file of the model."),
        name=path.name,
    )
