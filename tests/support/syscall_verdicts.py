"""Runs a seccomp filter as the kernel does, so that it can be asked about calls that nobody dares to make, and about
other architectures."""

from __future__ import annotations

import struct
from collections.abc import Sequence

ALLOW, REFUSE = 0x7FFF0000, 0x00050000
AUDIT_VALUES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_MASK = 0xFFFFFFFF


def verdict(program: bytes, audit_value: int, number: int, arguments: Sequence[int] = ()) -> int:
    """Return what `program` answers to the system call `number` of the architecture `audit_value`."""
    padded = [*arguments, *[0] * 6][:6]
    words = {0: number & _MASK, 4: audit_value}
    for index, argument in enumerate(padded):
        words[16 + 8 * index] = argument & _MASK
        words[20 + 8 * index] = (argument >> 32) & _MASK
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, value = struct.unpack_from("HBBI", program, 8 * at)
        at += 1
        match operation:
            case 0x20:
                accumulator = words[value]
            case 0x54:
                accumulator &= value
            case 0x15:
                at += if_true if accumulator == value else if_false
            case 0x35:
                at += if_true if accumulator >= value else if_false
            case 0x06:
                return int(value)
            case _:
                raise ValueError(f"unknown operation {operation:#x}")
