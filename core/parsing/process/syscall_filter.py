"""Has the Linux kernel refuse a worker process sockets, programs and writing of files, in native code too.

A seccomp filter (man 2 seccomp) in classic BPF (linux/bpf_common.h, linux/seccomp.h). System calls are numbered as in
the kernel's tables for x86-64 and arm64. On other systems only core.parsing.process.confinement refuses, in Python.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from dataclasses import dataclass

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # operation codes
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16  # in struct seccomp_data
_WRITING_FLAGS = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_X32_BIT = 0x40000000  # in the numbers of the x32 interface's calls
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1


@dataclass(frozen=True, slots=True)
class _Architecture:
    """`audit_value` is its AUDIT_ARCH constant, `seccomp_call` the number of seccomp(2), `refused_calls` the numbers of
    the calls that are refused always. `open_calls` are refused for writing: (number, index of the flags argument)."""

    audit_value: int
    seccomp_call: int
    refused_calls: tuple[int, ...]
    open_calls: tuple[tuple[int, int], ...]


# socket, connect, bind, listen, accept, sendto; execve, execveat; ptrace and process_vm_writev; creat, rename, unlink,
# mkdir, rmdir, link, symlink, mknod, chmod, chown, truncate, utime and their later variants; mount; bpf; io_uring and
# openat2, whose arguments a filter cannot inspect.
_ARCHITECTURES = {
    "x86_64": _Architecture(
        0xC000003E,
        317,
        (
            *(41, 42, 49, 50, 43, 288, 44), *(59, 322), *(101, 311), *(85, 82, 264, 316, 87, 263, 83, 258, 84),
            *(86, 265, 88, 266, 133, 259, 90, 91, 268, 92, 93, 94, 260, 76, 132, 235, 280), 165,
            *(321, 425, 426, 427, 437, 452),
        ),
        ((2, 1), (257, 2)),
    ),
    "aarch64": _Architecture(
        0xC00000B7,
        277,
        (
            *(198, 203, 200, 201, 202, 242, 206), *(221, 281), *(117, 271), *(38, 276, 35, 34, 37, 36, 33),
            *(52, 53, 54, 55, 45, 88), 40, *(280, 425, 426, 427, 437, 452),
        ),
        ((56, 2),),
    ),
}  # fmt: skip


def install_syscall_filter() -> bool:
    """Have the kernel filter the system calls of all threads of this process from now on; return False if it cannot."""
    architecture = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or architecture is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    program = _program(architecture)
    code = ctypes.create_string_buffer(program, len(program))
    count = len(program) // 8
    sock_fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", count, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.syscall(architecture.seccomp_call, _SET_MODE_FILTER, _ALL_THREADS, sock_fprog) == 0)


def _program(architecture: _Architecture) -> bytes:
    refuse, allow = _instruction(_RETURN, _REFUSE | errno.EPERM), _instruction(_RETURN, _ALLOW)
    instructions = [
        _instruction(_LOAD, _ARCHITECTURE_OFFSET),
        _instruction(_JUMP_EQUAL, architecture.audit_value, if_true=1),
        refuse,  # calls of another architecture have other numbers
        _instruction(_LOAD, _NUMBER_OFFSET),
        _instruction(_JUMP_AT_LEAST, _X32_BIT, if_false=1),
        refuse,
    ]
    for number in architecture.refused_calls:
        instructions += [_instruction(_JUMP_EQUAL, number, if_false=1), refuse]
    for number, flags_index in architecture.open_calls:
        instructions += [
            _instruction(_JUMP_EQUAL, number, if_false=4),
            _instruction(_LOAD, _ARGUMENTS_OFFSET + 8 * flags_index),
            _instruction(_JUMP_ANY_BIT, _WRITING_FLAGS, if_false=1),
            refuse,
            allow,
        ]
    return b"".join([*instructions, allow])


def _instruction(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """Return a struct sock_filter. `if_true` and `if_false` are the numbers of instructions to skip."""
    return struct.pack("HBBI", operation, if_true, if_false, value)
