"""On Linux, what the kernel refuses a parser process, parsers in C and Rust included: sockets, programs, writing files.

A seccomp filter (man 2 seccomp): the numbers of the system calls are those of the kernel's tables for x86-64 and
arm64. Where there is no such kernel, Python's own refusals (core.parsing.process.confinement) are all there is.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # classic BPF
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_X32 = 0x40000000
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1


@dataclass(frozen=True, slots=True)
class _Machine:
    """`refused` and `opening` are system calls by number; `opening` with the place of the flags among the arguments."""

    architecture: int
    seccomp: int
    refused: tuple[int, ...]
    opening: tuple[tuple[int, int], ...]


# socket, connect, bind, listen, accept, sendto; execve, execveat; ptrace and process_vm_writev; creat, rename, unlink,
# mkdir, rmdir, link, symlink, mknod, chmod, chown, truncate, utime and their younger forms; mount; bpf, io_uring,
# openat2, which a filter cannot look into.
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        317,
        (
            *(41, 42, 49, 50, 43, 288, 44), *(59, 322), *(101, 311), *(85, 82, 264, 316, 87, 263, 83, 258, 84),
            *(86, 265, 88, 266, 133, 259, 90, 91, 268, 92, 93, 94, 260, 76, 132, 235, 280), 165,
            *(321, 425, 426, 427, 437, 452),
        ),
        ((2, 1), (257, 2)),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        277,
        (
            *(198, 203, 200, 201, 202, 242, 206), *(221, 281), *(117, 271), *(38, 276, 35, 34, 37, 36, 33),
            *(52, 53, 54, 55, 45, 88), 40, *(280, 425, 426, 427, 437, 452),
        ),
        ((56, 2),),
    ),
}  # fmt: skip


def refuse_for_good() -> bool:
    """Have the kernel refuse all threads of this process from now on; False where it cannot."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    program = _program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    count = len(program) // 8
    filter_of = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", count, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.syscall(machine.seccomp, _SET_MODE_FILTER, _ALL_THREADS, filter_of) == 0)


def _program(machine: _Machine) -> bytes:
    refuse, allow = _step(_RETURN, _REFUSE | errno.EPERM), _step(_RETURN, _ALLOW)
    steps = [
        _step(_LOAD, _ARCHITECTURE_AT),
        _step(_EQUAL, machine.architecture, if_true=1),
        refuse,  # system calls of another architecture have other numbers
        _step(_LOAD, _NUMBER_AT),
        _step(_AT_LEAST, _X32, if_false=1),
        refuse,
    ]
    for number in machine.refused:
        steps += [_step(_EQUAL, number, if_false=1), refuse]
    for number, place in machine.opening:
        steps += [
            _step(_EQUAL, number, if_false=4),
            _step(_LOAD, _ARGUMENTS_AT + 8 * place),
            _step(_ANY_BIT, _WRITING, if_false=1),
            refuse,
            allow,
        ]
    return b"".join([*steps, allow])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
