"""Reading the headers of real, damaged and hostile model files."""

from __future__ import annotations

import os
import struct
import sys
import tracemalloc
from pathlib import Path

import gguf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.faults import ModelFault
from models.gguf.header import read_header, read_token_types, read_tokens
from models.gguf.parser import TENSOR_BLOCKS
from tests.support.gguf_bytes import gguf_bytes, text

SMALL = gguf_bytes(
    {
        "general.architecture": "gemma3",
        "general.name": "a model",
        "gemma3.block_count": 3,
        "gemma3.attention.head_count": 4,
        "gemma3.attention.head_count_kv": [1, 2, 1],
        "gemma3.embedding_length": 256,
        "gemma3.some_ratio": 0.5,
        "gemma3.signed": -7,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.tokens": ["<pad>", "a", "ü"],
        "tokenizer.ggml.token_type": [3, 1, 1],
        "tokenizer.chat_template": "{{ messages }}",
    },
    {"token_embd.weight": (256, 3), "output_norm.weight": (256,)},
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.gguf"
    path.write_bytes(SMALL)
    return path


def fault_of(path: Path) -> ModelFault:
    with pytest.raises(ModelFault) as caught:
        read_header(path)
    assert str(caught.value)
    return caught.value


def test_a_header_says_what_the_file_holds(small: Path) -> None:
    header = read_header(small)
    assert (header.architecture, header.name, header.chat_template) == ("gemma3", "a model", "{{ messages }}")
    assert (header.block_count, header.head_count, header.head_count_kv) == (3, 4, 2)
    assert (header.key_length, header.value_length) == (64, 64)
    assert header.arrays["gemma3.attention.head_count_kv"] == (1, 2, 1)
    assert header.metadata["gemma3.signed"] == -7
    assert header.metadata["tokenizer.ggml.add_bos_token"] is True
    assert header.vocab_size == 3
    assert [(tensor.name, tensor.shape, tensor.size_bytes) for tensor in header.tensors] == [
        ("token_embd.weight", (256, 3), 3072),
        ("output_norm.weight", (256,), 1024),
    ]
    assert header.expected_size_bytes == header.size_bytes == len(SMALL)
    assert read_tokens(small) == ["<pad>", "a", "ü"]
    assert read_token_types(small) == [3, 1, 1]


def test_the_tiny_gpt_oss_reads_as_the_reference_library_reads_it(tiny_gpt_oss: Path) -> None:
    header, reference = read_header(tiny_gpt_oss), gguf.GGUFReader(tiny_gpt_oss)
    for key, value in header.metadata.items():
        assert reference.fields[key].contents() == value
    for ours, theirs in zip(header.tensors, reference.tensors, strict=True):
        assert (ours.name, ours.shape, ours.type) == (theirs.name, tuple(theirs.shape.tolist()), theirs.tensor_type)
        assert (ours.offset, ours.size_bytes) == (theirs.data_offset, theirs.n_bytes)
    assert header.vocab_size == 201_088
    assert (header.sliding_window, header.expert_count, header.key_length) == (128, 4, 32)
    assert "<|start|>" in header.chat_template


def test_an_embedders_header_has_its_pooling_type(minilm_gguf: Path) -> None:
    header = read_header(minilm_gguf)
    assert (header.architecture, header.pooling_type, header.embedding_length) == ("bert", 1, 384)


def test_block_sizes_are_those_of_the_reference_library() -> None:
    assert {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()} == TENSOR_BLOCKS


def test_a_missing_file_is_reported_as_missing(tmp_path: Path) -> None:
    assert "There is no file" in str(fault_of(tmp_path / "absent.gguf"))


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    assert "is no file" in str(fault_of(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_named_pipe_is_no_model_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "is no file" in str(fault_of(tmp_path / "pipe.gguf"))


@pytest.mark.skipif(sys.platform == "win32", reason="file modes do not keep readers out on Windows")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_reported(small: Path) -> None:
    small.chmod(0)
    assert "no permission" in str(fault_of(small))


@pytest.mark.parametrize("content", [b"", b"GGU", b"%PDF-1.7 and so on", b"version https://git-lfs.github.com/spec/v1"])
def test_other_files_are_no_models(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.gguf"
    path.write_bytes(content)
    assert "not a GGUF model file" in str(fault_of(path))


@pytest.mark.parametrize("version", [1, 4, 3 << 24])
def test_another_version_of_the_format_is_named(tmp_path: Path, version: int) -> None:
    path = tmp_path / "file.gguf"
    path.write_bytes(gguf_bytes({"general.architecture": "gemma3"}, version=version))
    assert f"version {version}" in str(fault_of(path))


def test_a_truncated_file_says_how_much_is_missing(small: Path) -> None:
    small.write_bytes(SMALL[:-100])
    assert str(fault_of(small)).startswith(f"small.gguf should have {len(SMALL):,} bytes and has {len(SMALL) - 100:,}.")


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("<QQ", 1 << 63, 0),
        struct.pack("<QQ", 0, 1 << 63),
        struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1 << 63),
        struct.pack("<QQ", 0, 1) + text("k") + struct.pack("<IQ", 8, 1 << 62),
        struct.pack("<QQ", 0, 1) + text("k") + struct.pack("<IIQ", 9, 4, 1 << 62),
        struct.pack("<QQ", 0, 1) + text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 1 << 62),
        struct.pack("<QQ", 0, 1) + text("k") + struct.pack("<IIQ", 9, 9, 1 << 62),
        struct.pack("<QQ", 0, 1) + text("k") + struct.pack("<I", 99),
        struct.pack("<QQ", 1, 0) + text("t") + struct.pack("<I", 1 << 31),
        struct.pack("<QQ", 1, 0) + text("t") + struct.pack("<IQIQ", 1, 1 << 63, 0, 1 << 63),
        struct.pack("<QQ", 0, 1) + text("general.alignment") + struct.pack("<II", 4, 0),
    ],
)
def test_hostile_counts_are_refused_without_allocating_memory(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<I", 3) + body)
    tracemalloc.start()
    try:
        fault_of(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def read_anyhow(path: Path, content: bytes) -> None:
    """Read a file of these bytes: nothing but a ModelFault may be raised, and little memory used."""
    path.write_bytes(content)
    tracemalloc.start()
    try:
        for read in (read_header, read_tokens, read_token_types):
            try:
                read(path)
            except ModelFault as fault:
                assert str(fault)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.binary(max_size=400), st.booleans())
@example(b"", True)
def test_random_bytes_never_raise_anything_else(tmp_path: Path, content: bytes, with_start: bool) -> None:
    start = b"GGUF" + struct.pack("<I", 3) if with_start else b""
    read_anyhow(tmp_path / "random.gguf", start + content)


@FUZZ
@given(st.integers(0, len(SMALL)))
def test_truncated_files_never_raise_anything_else(tmp_path: Path, length: int) -> None:
    read_anyhow(tmp_path / "cut.gguf", SMALL[:length])


HEADER_BYTES = len(SMALL) - 4096


@FUZZ
@given(
    st.lists(st.tuples(st.integers(8, HEADER_BYTES - 8), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_mutated_files_never_raise_anything_else(tmp_path: Path, edits: list[tuple[int, bytes]], drop: int) -> None:
    content = bytearray(SMALL)
    for at, replacement in edits:
        content[at : at + len(replacement)] = replacement
    del content[HEADER_BYTES // 2 : HEADER_BYTES // 2 + drop]
    read_anyhow(tmp_path / "mutated.gguf", bytes(content))
