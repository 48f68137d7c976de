"""Owns reading GGUF files: what a model file says about itself, without loading it."""

from __future__ import annotations

import mmap
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from models.faults import N_, ModelFault
from models.gguf.parser import TOKEN_TYPES, TOKENS, DamagedHeader, ParsedGguf, Scalar, TensorInfo, parse_header

MAGIC = b"GGUF"
VERSIONS = (2, 3)
PARTS_LIMIT = 999

NOT_A_MODEL = N_("This file is not a model")
DAMAGED_MODEL = N_("The model file is damaged")


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a GGUF file says about itself. `metadata` holds its single values, `arrays` its short numeric arrays;
    `vocab_size` is 0 if it carries no vocabulary. Of a model that was cut into several files, the first one's header
    has the sizes and tensors of all."""

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
        """The model's own name, or the file's where it has none."""
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
        """llama.cpp's pooling type (0 none, 1 mean, 2 CLS, 3 last, 4 rank); None for a model that does not pool."""
        value = self.metadata.get(f"{self.architecture}.pooling_type")
        return int(value) if isinstance(value, int) else None

    @property
    def split_count(self) -> int:
        """How many files this model was cut into; 0 or 1 for a whole one."""
        value = self.metadata.get("split.count", 0)
        return int(value) if isinstance(value, int) else 0

    @property
    def split_number(self) -> int:
        """Which of the files that a model was cut into this is, from 0."""
        value = self.metadata.get("split.no", 0)
        return int(value) if isinstance(value, int) else 0

    @property
    def _head_length(self) -> int:
        return self.embedding_length // self.head_count if self.head_count else 0

    def text(self, key: str) -> str:
        """The metadata `key` if it is a text, else empty."""
        value = self.metadata.get(key, "")
        return value if isinstance(value, str) else ""

    def parameter(self, name: str) -> int:
        """The architecture's number `name`; the largest where it differs from layer to layer, 0 if absent."""
        key = f"{self.architecture}.{name}"
        value = self.metadata.get(key)
        if isinstance(value, int | float):
            return int(value)
        return int(max(self.arrays.get(key, ()), default=0))


def read_header(path: Path) -> GgufHeader:
    """The header of the GGUF file at `path`: 0.2 s for gpt-oss-20b. Raises ModelFault if it is missing, unreadable, no
    GGUF, damaged, or shorter than its own tensor table says; likewise for the other files of a model cut into several,
    if it is the first."""
    header = _read_one(path)
    if header.split_count <= 1 or header.split_number != 0:
        return header
    parts = [header, *(_read_one(part) for part in _other_parts(path, header.split_count))]
    return replace(
        header,
        size_bytes=sum(part.size_bytes for part in parts),
        expected_size_bytes=sum(part.expected_size_bytes for part in parts),
        tensors=tuple(tensor for part in parts for tensor in part.tensors),
    )


def _other_parts(path: Path, count: int) -> list[Path]:
    """Where llama.cpp looks for the other files of a model: beside the first, under names that it makes itself."""
    name = path.name.removesuffix(f"-00001-of-{count:05}.gguf")
    parts = [path.with_name(f"{name}-{number:05}-of-{count:05}.gguf") for number in range(2, count + 1)]
    missing = [part.name for part in parts if not part.is_file()]
    if name == path.name or count > PARTS_LIMIT or missing:
        raise ModelFault(
            N_("A part of the model is missing"),
            N_("{name} is the first of {count} files that belong together, and {missing} is not beside it."),
            N_("Put all of them into one folder, with the names they were published under."),
            name=path.name,
            count=count,
            missing=missing[0] if missing else "-",
        )
    return parts


def _read_one(path: Path) -> GgufHeader:
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
    """The vocabulary as the file spells it, by token id; empty if it carries none."""
    return _parse(path, (TOKENS,))[0].texts.get(TOKENS, [])


def read_token_types(path: Path) -> list[int]:
    """llama.cpp's type of each token (1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte), by id."""
    return [int(value) for value in _parse(path, (TOKEN_TYPES,))[0].numbers.get(TOKEN_TYPES, ())]


def _parse(path: Path, keep: Collection[str] = ()) -> tuple[ParsedGguf, int]:
    """The header at `path` and the file's size in bytes; every way this can fail becomes a ModelFault."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a named pipe would wait for ever
            raise ModelFault(NOT_A_MODEL, N_("{path} is no file."), N_("Choose a .gguf file."), path=path)
        with path.open("rb") as file:
            size_bytes = file.seek(0, 2)
            file.seek(0)
            _check_start(path, file.read(8))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return parse_header(data, keep), size_bytes
    except DamagedHeader as error:
        raise ModelFault(
            DAMAGED_MODEL,
            N_("{name} begins like a model file, but its header cannot be read ({detail})."),
            N_("Download it again, or copy it again from where it came."),
            name=path.name,
            detail=str(error),
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL, a file emptied meanwhile
        raise _unreadable(path, error) from error


def _check_start(path: Path, start: bytes) -> None:
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


def _unreadable(path: Path, error: OSError | ValueError) -> ModelFault:
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
