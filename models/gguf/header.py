"""Reads the header of a GGUF file: its metadata, vocabulary and tensor table."""

from __future__ import annotations

import mmap
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from models.faults import N_, ModelFault
from models.gguf.parser import (
    TOKEN_TYPES,
    TOKENS,
    DamagedHeader,
    ParsedGguf,
    Scalar,
    TensorInfo,
    first_repeated_token,
    parse_header,
)

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_PARTS = 999

NOT_A_MODEL = N_("This file is not a model")
DAMAGED_MODEL = N_("The model file is damaged")


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The header of a GGUF file. `metadata` holds its scalar values, `arrays` its short numeric arrays; `vocab_size` is
    0 without a vocabulary. `expected_size_bytes` is the size that the tensor table demands. For a model split into
    several files, the first file's header has the sizes and tensors of all."""

    path: Path
    size_bytes: int
    expected_size_bytes: int
    vocab_size: int
    metadata: Mapping[str, Scalar] = field(repr=False, hash=False)
    arrays: Mapping[str, tuple[int | float, ...]] = field(repr=False, hash=False)
    tensors: tuple[TensorInfo, ...] = field(repr=False, hash=False)

    @property
    def architecture(self) -> str:
        return self.text("general.architecture")

    @property
    def name(self) -> str:
        """The model's name in the metadata, or the file's name without its suffix."""
        return self.text("general.name") or self.path.stem

    @property
    def chat_template(self) -> str:
        return self.text("tokenizer.chat_template")

    @property
    def tokenizer_model(self) -> str:
        return self.text("tokenizer.ggml.model")

    @property
    def block_count(self) -> int:
        return self.parameter("block_count")

    @property
    def context_length(self) -> int:
        return self.parameter("context_length")

    @property
    def embedding_length(self) -> int:
        return self.parameter("embedding_length")

    @property
    def feed_forward_length(self) -> int:
        return self.parameter("feed_forward_length")

    @property
    def head_count(self) -> int:
        return self.parameter("attention.head_count")

    @property
    def head_count_kv(self) -> int:
        return self.parameter("attention.head_count_kv") or self.head_count

    @property
    def key_length(self) -> int:
        return self.parameter("attention.key_length") or self._head_length

    @property
    def value_length(self) -> int:
        return self.parameter("attention.value_length") or self._head_length

    @property
    def sliding_window(self) -> int:
        return self.parameter("attention.sliding_window")

    @property
    def expert_count(self) -> int:
        return self.parameter("expert_count")

    @property
    def expert_used_count(self) -> int:
        return self.parameter("expert_used_count")

    @property
    def pooling_type(self) -> int | None:
        """A value of `Pooling`; None if the metadata has none."""
        value = self.metadata.get(f"{self.architecture}.pooling_type")
        return int(value) if isinstance(value, int) else None

    @property
    def split_count(self) -> int:
        """The number of files that this model is split into; 0 or 1 for one that is not."""
        value = self.metadata.get("split.count", 0)
        return int(value) if isinstance(value, int) else 0

    @property
    def split_number(self) -> int:
        """The number of this file, from 0, within a model that is split into several."""
        value = self.metadata.get("split.no", 0)
        return int(value) if isinstance(value, int) else 0

    @property
    def _head_length(self) -> int:
        return self.embedding_length // self.head_count if self.head_count else 0

    def text(self, key: str) -> str:
        """The metadata value of `key` if it is a string, else an empty one."""
        value = self.metadata.get(key, "")
        return value if isinstance(value, str) else ""

    def parameter(self, name: str) -> int:
        """The architecture's number `name` ("ARCHITECTURE.name" in the metadata): the largest if it differs between
        layers, 0 if missing."""
        key = f"{self.architecture}.{name}"
        value = self.metadata.get(key)
        if isinstance(value, int | float):
            return int(value)
        return int(max(self.arrays.get(key, ()), default=0))


def read_header(path: Path) -> GgufHeader:
    """Read the header of the GGUF file at `path` (0.2 s for gpt-oss-20b). Raises `ModelFault` if the file is missing,
    unreadable, no GGUF, damaged, or shorter than its tensor table demands. For the first file of a split model the
    others are read and checked as well."""
    header = _read_part(path)
    if header.split_count <= 1 or header.split_number != 0:
        return header
    parts = [header, *(_read_part(part) for part in _other_parts(path, header.split_count))]
    return replace(
        header,
        size_bytes=sum(part.size_bytes for part in parts),
        expected_size_bytes=sum(part.expected_size_bytes for part in parts),
        tensors=tuple(tensor for part in parts for tensor in part.tensors),
    )


def _other_parts(path: Path, count: int) -> list[Path]:
    """The other files of a split model, where llama.cpp looks for them: beside the first, numbered in the same way."""
    name = path.name.removesuffix(f"-00001-of-{count:05}.gguf")
    parts = [path.with_name(f"{name}-{number:05}-of-{count:05}.gguf") for number in range(2, count + 1)]
    missing = [part.name for part in parts if not part.is_file()]
    if name == path.name or count > MAX_PARTS or missing:
        raise ModelFault(
            N_("A part of the model is missing"),
            N_("{name} is the first of {count} files that belong together, and {missing} is not beside it."),
            N_("Put all of them into one folder, with the names they were published under."),
            name=path.name,
            count=count,
            missing=missing[0] if missing else "-",
        )
    return parts


def _read_part(path: Path) -> GgufHeader:
    parsed, size_bytes = _parse(path)
    header = GgufHeader(
        path=path,
        size_bytes=size_bytes,
        expected_size_bytes=parsed.end_bytes,
        vocab_size=parsed.vocab_size,
        metadata=MappingProxyType(parsed.metadata),
        arrays=MappingProxyType(parsed.numbers),
        tensors=parsed.tensors,
    )
    if header.size_bytes < header.expected_size_bytes:
        raise ModelFault(
            N_("The model file is incomplete"),
            N_("{name} should have {expected:,} bytes and has {size:,}."),
            N_("Download it again, or copy it again from where it came."),
            name=path.name,
            expected=header.expected_size_bytes,
            size=header.size_bytes,
        )
    return header


def read_tokens(path: Path) -> list[str]:
    """The vocabulary by token id, spelled as in the file; empty if it has none."""
    return _parse(path, (TOKENS,))[0].texts.get(TOKENS, [])


def read_token_types(path: Path) -> list[int]:
    """llama.cpp's type of each token by id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte."""
    return [int(value) for value in _parse(path, (TOKEN_TYPES,))[0].numbers.get(TOKEN_TYPES, ())]


def repeated_token(path: Path) -> str:
    """The first token that the vocabulary holds twice, as text; "" if there is none. Compares bytes, and leaves out
    tokens without any, as llama.cpp does: both occur in sound files, as bytes that are no UTF-8 do."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        token = first_repeated_token(data, parse_header(data))
    return "" if token is None else token[:40].decode("utf-8", "replace")


def _parse(path: Path, wanted_arrays: Collection[str] = ()) -> tuple[ParsedGguf, int]:
    """The parsed header of the file at `path`, and the file's size in bytes. Turns every failure into a ModelFault."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a named pipe would block for ever
            raise ModelFault(NOT_A_MODEL, N_("{path} is no file."), N_("Choose a .gguf file."), path=path)
        with path.open("rb") as file:
            size_bytes = file.seek(0, 2)
            file.seek(0)
            _check_magic_and_version(path, file.read(8))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return parse_header(data, wanted_arrays), size_bytes
    except DamagedHeader as error:
        raise ModelFault(
            DAMAGED_MODEL,
            N_("{name} begins like a model file, but its header cannot be read ({detail})."),
            N_("Download it again, or copy it again from where it came."),
            name=path.name,
            detail=str(error),
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL, or a file that was just emptied
        raise _unreadable_fault(path, error) from error


def _check_magic_and_version(path: Path, start: bytes) -> None:
    if start[:4] != MAGIC:
        raise ModelFault(
            NOT_A_MODEL,
            N_("{name} is not a GGUF model file."),
            N_("Choose a file whose name ends in .gguf."),
            name=path.name,
        )
    version = int.from_bytes(start[4:], "little")
    if version not in VERSIONS:
        raise ModelFault(
            N_("This model file cannot be read"),
            N_("{name} is a GGUF file of version {version}; Papermoor reads versions 2 and 3."),
            N_("Look for a newer file of the same model."),
            name=path.name,
            version=version,
        )


def _unreadable_fault(path: Path, error: OSError | ValueError) -> ModelFault:
    todo = N_("Choose the file again, or download the model.")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ModelFault(N_("The model file is not there"), N_("There is no file {path}."), todo, path=path)
    if isinstance(error, PermissionError):
        return ModelFault(
            N_("The model file may not be read"),
            N_("You have no permission to read {path}."),
            N_("Change the file's permissions, or choose another file."),
            path=path,
        )
    return ModelFault(
        N_("The model file cannot be read"),
        N_("Reading {path} failed: {reason}."),
        N_("Check the drive it is on, then try again."),
        path=path,
        reason=getattr(error, "strerror", None) or str(error),
    )
