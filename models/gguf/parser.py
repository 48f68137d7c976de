"""Parses GGUF headers with bounds-checked reads, since the bytes may be damaged or hostile.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Collection
from dataclasses import dataclass, field

DEFAULT_ALIGNMENT = 32
MAX_HEADER_BYTES = 128 << 20  # gpt-oss-20b's header has 13 MB
MAX_STRING_BYTES = 1 << 20  # of one string that is kept (chat templates have up to 20 kB)
MAX_STRINGS_BYTES = 32 << 20  # of all strings that are kept together (the largest vocabularies have 3 MB)
MAX_ENTRIES = 1 << 16
MAX_TENSORS = 1 << 16
MAX_KEPT_NUMBERS = 1024  # numeric arrays up to this length are always kept: they have one value for each layer
MAX_WANTED_ITEMS = 1 << 20  # of an array that is asked for, such as the vocabulary
MAX_DIMENSIONS = 4
MAX_ALIGNMENT = 1 << 20

Scalar = str | int | float | bool
TOKENS = "tokenizer.ggml.tokens"
TOKEN_TYPES = "tokenizer.ggml.token_type"

_STRING, _ARRAY = 8, 9
_NUMBER_CODES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

# ggml_type -> (values per block, bytes per block): ggml.c, type_traits
TENSOR_BLOCKS = {
    0: (1, 4),  # F32
    1: (1, 2),  # F16
    2: (32, 18),  # Q4_0
    3: (32, 20),  # Q4_1
    6: (32, 22),  # Q5_0
    7: (32, 24),  # Q5_1
    8: (32, 34),  # Q8_0
    9: (32, 40),  # Q8_1
    10: (256, 84),  # Q2_K
    11: (256, 110),  # Q3_K
    12: (256, 144),  # Q4_K
    13: (256, 176),  # Q5_K
    14: (256, 210),  # Q6_K
    15: (256, 292),  # Q8_K
    16: (256, 66),  # IQ2_XXS
    17: (256, 74),  # IQ2_XS
    18: (256, 98),  # IQ3_XXS
    19: (256, 50),  # IQ1_S
    20: (32, 18),  # IQ4_NL
    21: (256, 110),  # IQ3_S
    22: (256, 82),  # IQ2_S
    23: (256, 136),  # IQ4_XS
    24: (1, 1),  # I8
    25: (1, 2),  # I16
    26: (1, 4),  # I32
    27: (1, 8),  # I64
    28: (1, 8),  # F64
    29: (256, 56),  # IQ1_M
    30: (1, 2),  # BF16
    34: (256, 54),  # TQ1_0
    35: (256, 66),  # TQ2_0
    39: (32, 17),  # MXFP4
    40: (64, 36),  # NVFP4
    41: (128, 18),  # Q1_0
}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor. `type` is a ggml_type; `offset` counts from the file's start; `size_bytes` is 0 for unknown types."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int
    size_bytes: int


class DamagedHeader(Exception):
    """The header contradicts itself. Turned into a ModelFault where the file's name is known."""


class _Cursor:
    """Reads forward through untrusted bytes; each read is first checked against the end."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.offset = 0
        self.end = min(len(data), MAX_HEADER_BYTES)
        self._text_bytes = 0

    def advance(self, size: int) -> int:
        """Step over `size` bytes and return where they begin."""
        start = self.offset
        if size > self.end - start:
            raise DamagedHeader("the header ends early")
        self.offset = start + size
        return start

    def number(self, code: str) -> int | float:
        """Read a number; `code` is that of the struct module."""
        value: int | float = struct.unpack_from("<" + code, self.data, self.advance(struct.calcsize("<" + code)))[0]
        return value

    def count(self) -> int:
        return int(self.number("Q"))

    def text(self) -> str:
        size = self.count()
        self._text_bytes += size
        if size > MAX_STRING_BYTES or self._text_bytes > MAX_STRINGS_BYTES:
            raise DamagedHeader("its texts are too long")
        start = self.advance(size)
        return self.data[start : start + size].decode("utf-8", "replace")

    def first_repeated(self, count: int) -> bytes | None:
        """Step over `count` strings; return the first that is there twice, as its bytes. Empty ones may repeat."""
        seen: set[bytes] = set()
        for _ in range(count):
            size = self.count()
            start = self.advance(size)
            value = self.data[start : start + size]
            if value in seen:
                return value
            if value:
                seen.add(value)
        return None

    def skip_texts(self, count: int) -> None:
        """Step over `count` strings. A tight loop, since vocabularies have hundreds of thousands."""
        offset, end, data = self.offset, self.end, self.data
        size_at = struct.Struct("<Q").unpack_from
        for _ in range(count):
            if offset + 8 > end:
                raise DamagedHeader("the header ends early")
            offset += 8 + size_at(data, offset)[0]
        self.offset = offset
        self.advance(0)  # checks the last step


@dataclass(slots=True)
class ParsedGguf:
    """The result of one pass over a header. `numbers` holds the short numeric arrays and the wanted ones, `texts` the
    wanted string arrays; `vocab_start` is where the vocabulary's strings begin in the file, 0 if it has none;
    `end_bytes` is the size that a file with all of these tensors has at least."""

    metadata: dict[str, Scalar] = field(default_factory=dict)
    numbers: dict[str, tuple[int | float, ...]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    vocab_size: int = 0
    vocab_start: int = 0
    tensors: tuple[TensorInfo, ...] = ()
    end_bytes: int = 0


def parse_header(data: mmap.mmap, wanted_arrays: Collection[str] = ()) -> ParsedGguf:
    """Parse the header in `data`, whose magic and version have been checked. `wanted_arrays` are the keys of arrays to
    keep whatever their length. Raises `DamagedHeader`."""
    return _Parser(_Cursor(data), wanted_arrays).parse()


def first_repeated_token(data: mmap.mmap, parsed: ParsedGguf) -> bytes | None:
    """The first token that the vocabulary holds twice; None if there is none. `parsed` is what `parse_header` returned
    for `data`."""
    cursor = _Cursor(data)
    cursor.offset = parsed.vocab_start
    return cursor.first_repeated(parsed.vocab_size) if parsed.vocab_start else None


class _Parser:
    """One pass over a header."""

    def __init__(self, cursor: _Cursor, wanted_arrays: Collection[str]) -> None:
        self._cursor = cursor
        self._wanted_arrays = wanted_arrays
        self._parsed = ParsedGguf()

    def parse(self) -> ParsedGguf:
        self._cursor.advance(8)
        tensor_count, entry_count = self._cursor.count(), self._cursor.count()
        if entry_count > MAX_ENTRIES or tensor_count > MAX_TENSORS:
            raise DamagedHeader("too many entries")
        for _ in range(entry_count):
            key = self._cursor.text()
            self._value(key, int(self._cursor.number("I")))
        self._tensors(tensor_count)
        return self._parsed

    def _value(self, key: str, kind: int) -> None:
        if kind == _STRING:
            self._parsed.metadata[key] = self._cursor.text()
        elif kind == _ARRAY:
            self._array(key)
        elif kind in _NUMBER_CODES:
            self._parsed.metadata[key] = self._cursor.number(_NUMBER_CODES[kind])
        else:
            raise DamagedHeader(f"value type {kind}")

    def _array(self, key: str) -> None:
        kind, count = int(self._cursor.number("I")), self._cursor.count()
        wanted = key in self._wanted_arrays and count <= MAX_WANTED_ITEMS
        if key == TOKENS:
            self._parsed.vocab_size = count
            self._parsed.vocab_start = self._cursor.offset if kind == _STRING else 0
        if kind == _STRING and wanted:
            self._parsed.texts[key] = [self._cursor.text() for _ in range(count)]
        elif kind == _STRING:
            self._cursor.skip_texts(count)
        elif kind in _NUMBER_CODES:
            code = _NUMBER_CODES[kind]
            start = self._cursor.advance(count * struct.calcsize("<" + code))
            if wanted or count <= MAX_KEPT_NUMBERS:
                self._parsed.numbers[key] = struct.unpack_from(f"<{count}{code}", self._cursor.data, start)
        else:  # the format allows arrays of arrays, but no model has them and llama.cpp does not read them
            raise DamagedHeader(f"array type {kind}")

    def _tensors(self, count: int) -> None:
        cursor, found = self._cursor, []
        for _ in range(count):
            name, dimensions = cursor.text(), int(cursor.number("I"))
            if dimensions > MAX_DIMENSIONS:
                raise DamagedHeader(f"a tensor of {dimensions} dimensions")
            shape = tuple(cursor.count() for _ in range(dimensions))
            found.append((name, shape, int(cursor.number("I")), cursor.count()))
        alignment = self._parsed.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or not 1 <= alignment <= MAX_ALIGNMENT:
            raise DamagedHeader(f"alignment {alignment}")
        start = -(-cursor.offset // alignment) * alignment if count else cursor.offset
        self._parsed.tensors = tuple(
            TensorInfo(name, shape, kind, start + offset, _stored_size_bytes(kind, shape))
            for name, shape, kind, offset in found
        )
        ends = (tensor.offset + tensor.size_bytes for tensor in self._parsed.tensors)
        self._parsed.end_bytes = max(ends, default=start)


def _stored_size_bytes(kind: int, shape: tuple[int, ...]) -> int:
    values, size_bytes = TENSOR_BLOCKS.get(kind, (1, 0))
    total = 1
    for length in shape:
        total *= length
    return total // values * size_bytes
