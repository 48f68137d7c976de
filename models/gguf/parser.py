"""Owns the parsing of GGUF headers: bounds-checked reads of bytes that may be damaged or hostile.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Collection
from dataclasses import dataclass, field

DEFAULT_ALIGNMENT = 32
HEADER_LIMIT_BYTES = 128 << 20  # gpt-oss-20b's header takes 13 MB; a larger one than this is no model's
TEXT_LIMIT_BYTES = 1 << 20  # the longest text taken from a header (chat templates have up to 20 kB)
TEXTS_LIMIT_BYTES = 32 << 20  # all texts taken from a header together (the largest vocabularies: 3 MB)
ENTRY_LIMIT = 1 << 16
TENSOR_LIMIT = 1 << 16
KEPT_NUMBERS = 1024  # numeric arrays up to this long are kept: one value per layer
KEPT_ITEMS = 1 << 20  # the longest vocabulary read
DIMENSION_LIMIT = 4
ALIGNMENT_LIMIT = 1 << 20

Scalar = str | int | float | bool
TOKENS = "tokenizer.ggml.tokens"
TOKEN_TYPES = "tokenizer.ggml.token_type"

_TEXT, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

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
    """One tensor of the file; `offset` counts from the file's start. `size_bytes` is 0 for a type not known here."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int
    size_bytes: int


class DamagedHeader(Exception):
    """The bytes contradict themselves; becomes a ModelFault where the file's name is known."""


class _Cursor:
    """Reads forward through bytes it does not trust: every read is checked against the end first."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0
        self.end = min(len(data), HEADER_LIMIT_BYTES)
        self._text_bytes = 0

    def take(self, size: int) -> int:
        """Step over `size` bytes; where they began."""
        start = self.at
        if size > self.end - start:
            raise DamagedHeader("the header ends early")
        self.at = start + size
        return start

    def number(self, code: str) -> int | float:
        """The next number, `code` as in the struct module."""
        value: int | float = struct.unpack_from("<" + code, self.data, self.take(struct.calcsize("<" + code)))[0]
        return value

    def count(self) -> int:
        return int(self.number("Q"))

    def text(self) -> str:
        size = self.count()
        self._text_bytes += size
        if size > TEXT_LIMIT_BYTES or self._text_bytes > TEXTS_LIMIT_BYTES:
            raise DamagedHeader("its texts are too long")
        start = self.take(size)
        return self.data[start : start + size].decode("utf-8", "replace")

    def skip_texts(self, count: int) -> None:
        """Step over `count` texts; a loop of its own because vocabularies have hundreds of thousands."""
        at, end, data = self.at, self.end, self.data
        size_at = struct.Struct("<Q").unpack_from
        for _ in range(count):
            if at + 8 > end:
                raise DamagedHeader("the header ends early")
            at += 8 + size_at(data, at)[0]
        self.at = at
        self.take(0)


@dataclass(slots=True)
class ParsedGguf:
    """What one pass over a header found. `numbers` are the short numeric arrays and those asked for, `texts` the text
    arrays asked for, `end_bytes` how long the file must be to hold all tensors."""

    metadata: dict[str, Scalar] = field(default_factory=dict)
    numbers: dict[str, tuple[int | float, ...]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    vocab_size: int = 0
    tensors: tuple[TensorInfo, ...] = ()
    end_bytes: int = 0


def parse_header(data: mmap.mmap, keep: Collection[str] = ()) -> ParsedGguf:
    """The header in `data`, magic and version already checked; `keep` names the arrays wanted in full."""
    return _Parser(_Cursor(data), keep).parse()


class _Parser:
    """One pass over a header."""

    def __init__(self, cursor: _Cursor, keep: Collection[str]) -> None:
        self._cursor = cursor
        self._keep = keep
        self._parsed = ParsedGguf()

    def parse(self) -> ParsedGguf:
        self._cursor.take(8)
        tensor_count, entry_count = self._cursor.count(), self._cursor.count()
        if entry_count > ENTRY_LIMIT or tensor_count > TENSOR_LIMIT:
            raise DamagedHeader("too many entries")
        for _ in range(entry_count):
            key = self._cursor.text()
            self._value(key, int(self._cursor.number("I")))
        self._tensors(tensor_count)
        return self._parsed

    def _value(self, key: str, kind: int) -> None:
        if kind == _TEXT:
            self._parsed.metadata[key] = self._cursor.text()
        elif kind == _ARRAY:
            self._array(key)
        elif kind in _NUMBERS:
            self._parsed.metadata[key] = self._cursor.number(_NUMBERS[kind])
        else:
            raise DamagedHeader(f"value type {kind}")

    def _array(self, key: str) -> None:
        kind, count = int(self._cursor.number("I")), self._cursor.count()
        wanted = key in self._keep and count <= KEPT_ITEMS
        if key == TOKENS:
            self._parsed.vocab_size = count
        if kind == _TEXT and wanted:
            self._parsed.texts[key] = [self._cursor.text() for _ in range(count)]
        elif kind == _TEXT:
            self._cursor.skip_texts(count)
        elif kind in _NUMBERS:
            code = _NUMBERS[kind]
            start = self._cursor.take(count * struct.calcsize("<" + code))
            if wanted or count <= KEPT_NUMBERS:
                self._parsed.numbers[key] = struct.unpack_from(f"<{count}{code}", self._cursor.data, start)
        else:  # arrays in arrays are in the format, but neither in any model nor in llama.cpp
            raise DamagedHeader(f"array type {kind}")

    def _tensors(self, count: int) -> None:
        cursor, found = self._cursor, []
        for _ in range(count):
            name, dimensions = cursor.text(), int(cursor.number("I"))
            if dimensions > DIMENSION_LIMIT:
                raise DamagedHeader(f"a tensor of {dimensions} dimensions")
            shape = tuple(cursor.count() for _ in range(dimensions))
            found.append((name, shape, int(cursor.number("I")), cursor.count()))
        alignment = self._parsed.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or not 1 <= alignment <= ALIGNMENT_LIMIT:
            raise DamagedHeader(f"alignment {alignment}")
        start = -(-cursor.at // alignment) * alignment if count else cursor.at
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
