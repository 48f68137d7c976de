"""A program that confines itself as a parser does and then makes the system calls that it is told, in native code.

    python -m tests.support.confined_probes DESCRIPTOR [OCR LANGUAGE]

Through the socket DESCRIPTOR it reads one line, a JSON list of [number, arguments], and answers with one of results,
each the number of the error or 0. An argument is a number, or the name of something that only this process knows.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import core
from core.parsing.limits import ParseLimits
from core.parsing.process.confinement import confine

ROOT = Path(core.__file__).parents[1]
Probe = tuple[int, list[int | str]]
_TEXTS = {"passwd": b"/etc/passwd", "true": b"/bin/true", "self": b"/proc/self/mem", "empty": b"", "x": b"X"}


def errors_of(probes: Iterable[Probe], ocr_language: str = "") -> list[int]:
    """Make these calls in a confined process of its own; return the number of each one's error, 0 for none."""
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
        channel.write(json.dumps(list(probes)).encode() + b"\n")
        channel.flush()
        answer = channel.readline()
        program.wait()
    if not answer:
        raise RuntimeError(f"the probes ended the process: {program.returncode}")
    return [int(number) for number in json.loads(answer)]


def main(connection: int, languages: Sequence[str]) -> None:
    probes = json.loads(_line(connection))
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
        (number, [ctypes.c_uint64(addresses[a] if isinstance(a, str) else a & (2**64 - 1)) for a in arguments])
        for number, arguments in probes
    ]
    confine(ParseLimits(), connection, languages)
    errors = []
    for number, arguments in calls:
        ctypes.set_errno(0)
        failed = libc.syscall(ctypes.c_long(number), *arguments) == -1
        errors.append(ctypes.get_errno() if failed else 0)
    answer = json.dumps(errors).encode() + b"\n"
    while answer:
        answer = answer[os.write(connection, answer) :]


def _line(connection: int) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        line += os.read(connection, 1 << 16)
    return bytes(line)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
