"""Changes an input by chance: bits, bytes, numbers, pieces taken out, repeated, moved, or taken from other inputs."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

TOKENS = (b"\0", b"\xff" * 4, b"\n", b"\r\n", b"<", b">", b"{", b"}", b"(", b")", b"[[", b"%", b"'", b'"', b"-1",
          b"99999999999999999999", b"1e400", b"NaN", b"\xed\xa0\x80", "‮".encode(), b"=cmd()", b"..", b"/", b"{{", b"}}",
          b"{% ", b" %}", b"![](", b"|", b"```", b"\x1b]52;c;x\x07")  # fmt: skip
MOST_BYTES = 1 << 20


def mutated(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """One of `seeds`, changed one to six times."""
    raw = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 6)):
        _change(raw, seeds, chance)
    return bytes(raw[:MOST_BYTES])


def _change(raw: bytearray, seeds: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(raw) + 1)
    end = min(len(raw), at + chance.choice((1, 2, 4, 16, 256)))
    match chance.randrange(8):
        case 0 if at < len(raw):
            raw[at] ^= 1 << chance.randrange(8)
        case 1 if at < len(raw):
            raw[at] = chance.randrange(256)
        case 2:
            raw[at : at + 4] = struct.pack("<I", chance.choice((0, 1, 2**31 - 1, 2**32 - 1, chance.randrange(2**32))))
        case 3:
            del raw[at:end]
        case 4:
            piece = bytes(raw[at:end]) or chance.choice(TOKENS)
            raw[at:at] = piece * chance.choice((2, 10, 300, 5000))
        case 5:
            raw[at:at] = chance.choice(TOKENS)
        case 6:
            other = chance.choice(seeds)
            start = chance.randrange(len(other) + 1)
            raw[at:end] = other[start : start + chance.choice((4, 64, 1024))]
        case _:
            piece = bytes(raw[at:end])
            del raw[at:end]
            to = chance.randrange(len(raw) + 1)
            raw[to:to] = piece
