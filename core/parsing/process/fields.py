"""Writes and reads the fields of a message: numbers and texts, in a fixed order. What is read is bounded before memory
is taken for it: there is no nesting, no floating point, no text that is not UTF-8."""

from __future__ import annotations

import codecs
import struct
from array import array
from collections.abc import Iterable, Sequence

_NUMBER = struct.Struct("<q")
_COUNT = struct.Struct("<I")
_ITEM_TYPE = "i"  # 32 bits on every system of ours
_SLICE = 1 << 16  # items or bytes at a time, so that other threads run in between
LARGEST = (1 << 31) - 1


class WireError(ValueError):
    """Bytes that are no message of a worker."""


class FieldWriter:
    """Collects the fields of a message. Raises `OverflowError` for numbers outside what a reader can be sent."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    @property
    def data(self) -> bytes:
        return b"".join(self._parts)

    def number(self, value: int) -> None:
        self._parts.append(_NUMBER.pack(value))

    def numbers(self, values: Iterable[int]) -> None:
        items = array(_ITEM_TYPE, values)
        self._parts += (_COUNT.pack(len(items)), items.tobytes())

    def text(self, value: str) -> None:
        """Halves of surrogate pairs become question marks."""
        data = value.encode("utf-8", "replace")
        self._parts += (_COUNT.pack(len(data)), data)

    def texts(self, values: Sequence[str]) -> None:
        self.numbers(map(len, values))
        self.text("".join(values))


class FieldReader:
    """Reads the fields of a message in the order in which they were written. Each method raises `WireError` for what is
    outside the limits it is given."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    def number(self, low: int, high: int) -> int:
        value = int(_NUMBER.unpack(self._take(_NUMBER.size))[0])
        _check(low <= value <= high, "number")
        return value

    def numbers(self, most: int, low: int, high: int) -> array[int]:
        """At most `most` numbers, each from `low` to `high`."""
        count = self._count()
        _check(count <= most, "count")
        items: array[int] = array(_ITEM_TYPE)
        items.frombytes(self._take(count * items.itemsize))
        for at in range(0, count, _SLICE):
            part = items[at : at + _SLICE]
            _check(low <= min(part) and max(part) <= high, "number")
        return items

    def text(self, most: int) -> str:
        """At most `most` characters."""
        data = self._take(self._count())
        decoder = codecs.getincrementaldecoder("utf-8")()
        parts: list[str] = []
        length = 0
        try:
            for at in range(0, len(data), _SLICE * 16):
                parts.append(decoder.decode(data[at : at + _SLICE * 16]))
                length += len(parts[-1])
                _check(length <= most, "length")
            parts.append(decoder.decode(b"", final=True))
        except UnicodeDecodeError as error:
            raise WireError("text that is not UTF-8") from error
        return "".join(parts)

    def texts(self, most: int, most_chars: int, most_together: int) -> list[str]:
        """At most `most` texts of at most `most_chars` characters each."""
        lengths = self.numbers(most, 0, most_chars)
        joined = self.text(most_together)
        _check(sum(lengths) == len(joined), "length")
        texts, at = [], 0
        for length in lengths:
            texts.append(joined[at : at + length])
            at += length
        return texts

    def end(self) -> None:
        """Check that nothing follows."""
        _check(self._at == len(self._data), "bytes after the last field")

    def _count(self) -> int:
        return int(_COUNT.unpack(self._take(_COUNT.size))[0])

    def _take(self, size: int) -> memoryview:
        start, self._at = self._at, self._at + size
        _check(self._at <= len(self._data), "cut short")
        return self._data[start : self._at]


def check_in_order(items: Sequence[int], low: int, high: int) -> None:
    """Raise `WireError` unless `items` are ascending (equal ones allowed), from `low` to `high`."""
    last = low
    for item in items:
        _check(last <= item <= high, "order")
        last = item


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise WireError(f"unreadable message: {what}")
