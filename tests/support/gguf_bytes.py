"""Writes GGUF headers byte by byte, also such as no regular writer would write."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

Value = str | bool | int | float | Sequence[str] | Sequence[int] | Sequence[float]


def gguf_bytes(
    metadata: Mapping[str, Value], tensors: Mapping[str, tuple[int, ...]] | None = None, *, version: int = 3
) -> bytes:
    """The bytes of a whole GGUF file; the `tensors`, given by shape, are float32 and all zero."""
    tensors = tensors or {}
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    head += b"".join(text(key) + _typed(value) for key, value in metadata.items())
    offset = 0
    for name, shape in tensors.items():
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        offset += -(-4 * _product(shape) // 32) * 32
    return head + (bytes(-len(head) % 32) + bytes(offset) if tensors else b"")


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _typed(value: Value) -> bytes:
    kind, data = _encoded(value)
    return struct.pack("<I", kind) + data


def _encoded(value: Value) -> tuple[int, bytes]:
    if isinstance(value, str):
        return 8, text(value)
    if isinstance(value, bool):
        return 7, struct.pack("<?", value)
    if isinstance(value, int):
        return (4, struct.pack("<I", value)) if 0 <= value < 1 << 32 else (11, struct.pack("<q", value))
    if isinstance(value, float):
        return 6, struct.pack("<f", value)
    items = [_encoded(item) for item in value]
    kind = items[0][0] if items else 4
    return 9, struct.pack("<IQ", kind, len(items)) + b"".join(data for _, data in items)


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total
