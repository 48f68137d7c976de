"""A program that confines itself as a parser does and then makes the system calls that it is told, in native code.

    python -m tests.support.confined_probes DESCRIPTOR [OCR LANGUAGE]

Through the socket DESCRIPTOR it reads one line, a JSON object: `probes` is a list of [number, arguments]. It answers
with a list of results, each the number of the error or 0. An argument is a number, or the name of something that only
this process knows. With `refused_only`, calls that the filter would allow are not made, and -1 is their result.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import random
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import core
from core.parsing.limits import ParseLimits
from core.parsing.process.confinement import confine
from core.parsing.process.syscall_filter import filter_program
from core.parsing.process.syscall_table import allowed_calls
from tests.support.syscall_verdicts import ALLOW, AUDIT_VALUES, verdict

ROOT = Path(core.__file__).parents[1]
Probe = tuple[int, list[int | str]]
PASSED_BY_THE_KERNEL = {335, 336}
"""uretprobe and uprobe of x86-64: Linux asks no filter about them; made by anything but its own probes, they end the
process or fail."""
_VALUES: tuple[int | str, ...] = (
    0, 1, 2, 3, 4, 7, 9, 15, 17, 0x22, 38, 64, 511, 4096, 0x3D0F00, 0x3D0F01, 0x1000, 0x5411, 0x5412, 0x541B,
    0x10000000, 0x53564D41, 1 << 31, (1 << 32) - 100, 1 << 33, -1, -100, "buffer", "connection", "pid", "parent",
    "passwd", "self", "empty", "x",
)  # fmt: skip
_GETPPID = {"x86_64": 110, "aarch64": 173}  # harmless, and not on the list
_TEXTS = {"passwd": b"/etc/passwd", "true": b"/bin/true", "self": b"/proc/self/mem", "empty": b"", "x": b"X"}


def errors_of(probes: Iterable[Probe], ocr_language: str = "", *, refused_only: bool = False) -> list[int]:
    """Make these calls in a confined process of its own; return the number of each one's error, 0 for none. With
    `refused_only`, make none that the filter would allow, and return -1 for it."""
    ours, theirs = socket.socketpair()
    arguments = [str(theirs.fileno()), *([ocr_language] if ocr_language else [])]
    with ours, ours.makefile("rwb") as channel:
        with theirs:
            program = subprocess.Popen(
                [sys.executable, "-m", "tests.support.confined_probes", *arguments],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "A_SECRET": "swordfish"},
            )
        channel.write(json.dumps({"probes": list(probes), "refused_only": refused_only}).encode() + b"\n")
        channel.flush()
        answer = channel.readline()
        program.wait()
    if not answer:
        raise RuntimeError(f"the probes ended the process: {program.returncode}")
    return [int(number) for number in json.loads(answer)]


def random_probes(count: int, seed: int) -> list[Probe]:
    """Return calls of any number with arguments that are likely to mean something. Make them in a confined process
    only, as `main` ensures: they include signals to everybody."""
    chance = random.Random(seed)
    probes: list[Probe] = []
    while len(probes) < count:
        number = chance.choice(
            (chance.randrange(513), chance.randrange(1 << 30, (1 << 30) + 600), chance.randrange(2000))
        )
        if number not in PASSED_BY_THE_KERNEL:
            probes.append((number, [chance.choice(_VALUES) for _ in range(6)]))
    return probes


def main(connection: int, languages: Sequence[str]) -> None:
    request = json.loads(_line(connection))
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(4096)
    ctypes.memset(buffer, 0, 4096)
    named = {name: ctypes.create_string_buffer(text) for name, text in _TEXTS.items()}
    addresses = {
        "buffer": ctypes.addressof(buffer),
        "connection": connection,
        "pid": os.getpid(),
        "parent": os.getppid(),
    }
    addresses |= {name: ctypes.addressof(text) for name, text in named.items()}
    calls = [
        (number, [addresses[a] if isinstance(a, str) else a & (2**64 - 1) for a in arguments])
        for number, arguments in request["probes"]
    ]
    list_of_calls = allowed_calls(connection, os.getpid(), recognition=bool(languages))
    program = filter_program(list_of_calls, platform.machine())
    skipped = [
        request["refused_only"] and verdict(program, AUDIT_VALUES[platform.machine()], number, arguments) == ALLOW
        for number, arguments in calls
    ]
    confine(ParseLimits(), connection, languages)
    if _error_of(libc, _GETPPID[platform.machine()], []) != errno.EPERM:
        raise RuntimeError("not confined")
    errors = [-1 if skip else _error_of(libc, *call) for call, skip in zip(calls, skipped, strict=True)]
    answer = json.dumps(errors).encode() + b"\n"
    while answer:
        answer = answer[os.write(connection, answer) :]


def _error_of(libc: ctypes.CDLL, number: int, arguments: Sequence[int]) -> int:
    ctypes.set_errno(0)
    failed = libc.syscall(ctypes.c_long(number), *map(ctypes.c_uint64, arguments)) == -1
    return ctypes.get_errno() if failed else 0


def _line(connection: int) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        line += os.read(connection, 1 << 16)
    return bytes(line)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
