"""Has the Linux kernel refuse a parser process every system call that is not on its list, in native code too.

A seccomp filter (man 2 seccomp) in classic BPF (linux/bpf_common.h, linux/seccomp.h). What is refused fails with EPERM.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Sequence

from core.parsing.process.syscall_table import ALL_BITS, AllowedCall, ArgumentCheck

_LOAD, _AND, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # operation codes
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16  # in struct seccomp_data
_X32_BIT = 0x40000000  # in the numbers of the x32 interface's calls
_CLONE3 = 435
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _GET_ACTION_AVAILABLE, _ALL_THREADS = 38, 1, 2, 1
_AUDIT_VALUES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH constants
_SECCOMP_CALLS = {"x86_64": 317, "aarch64": 277}


def can_filter() -> bool:
    """Return whether this kernel would accept a filter from this process."""
    if not _is_supported():
        return False
    action = ctypes.c_uint32(_REFUSE)
    return _seccomp(_GET_ACTION_AVAILABLE, 0, ctypes.byref(action)) == 0


def install_syscall_filter(calls: Sequence[AllowedCall]) -> bool:
    """Have the kernel refuse all threads of this process any calls but these from now on; return False if it cannot."""
    if not _is_supported() or not forgo_privileges():
        return False
    program = filter_program(calls, platform.machine())
    code = ctypes.create_string_buffer(program, len(program))
    sock_fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code)))
    return _seccomp(_SET_MODE_FILTER, _ALL_THREADS, sock_fprog) == 0


def forgo_privileges() -> bool:
    """Have this process never gain any (PR_SET_NO_NEW_PRIVS), without which the kernel lets nobody but root confine
    itself."""
    return bool(ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)


def filter_program(calls: Sequence[AllowedCall], machine: str) -> bytes:
    """Return the filter as an array of struct sock_filter, for a machine of `platform.machine`'s name."""
    refuse = _instruction(_RETURN, _REFUSE | errno.EPERM)
    parts = [
        _instruction(_LOAD, _ARCHITECTURE_OFFSET),
        _instruction(_JUMP_EQUAL, _AUDIT_VALUES[machine], if_true=1),
        refuse,  # calls of another architecture have other numbers
        _instruction(_LOAD, _NUMBER_OFFSET),
        _instruction(_JUMP_AT_LEAST, _X32_BIT, if_false=1),
        refuse,
    ]
    for call in calls:
        number = call.x86_64 if machine == "x86_64" else call.arm64
        if number is not None:
            parts += _allowing(number, call.checks)
    # The C library starts a thread with clone, whose flags can be checked, where the kernel does not know clone3.
    parts += [_instruction(_JUMP_EQUAL, _CLONE3, if_false=1), _instruction(_RETURN, _REFUSE | errno.ENOSYS)]
    return b"".join([*parts, refuse])


def _allowing(number: int, checks: Sequence[ArgumentCheck]) -> list[bytes]:
    """Return instructions that allow the call `number` if all `checks` hold; otherwise the number is loaded again and
    the next instructions decide."""
    allow = _instruction(_RETURN, _ALLOW)
    if not checks:
        return [_instruction(_JUMP_EQUAL, number, if_false=1), allow]
    block = [allow, _instruction(_LOAD, _NUMBER_OFFSET)]
    for check in reversed(checks):
        masking = [] if check.mask == ALL_BITS else [_instruction(_AND, check.mask)]
        to_reload = len(block) - 1
        block = [
            _instruction(_LOAD, _ARGUMENTS_OFFSET + 8 * check.index),
            *masking,
            _instruction(_JUMP_EQUAL, check.value, if_false=to_reload),
            *block,
        ]
    return [_instruction(_JUMP_EQUAL, number, if_false=len(block)), *block]


def _instruction(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """Return a struct sock_filter. `if_true` and `if_false` are the numbers of instructions to skip."""
    return struct.pack("HBBI", operation, if_true, if_false, value)


def _is_supported() -> bool:
    return sys.platform == "linux" and platform.machine() in _AUDIT_VALUES and ctypes.sizeof(ctypes.c_void_p) == 8


def _seccomp(operation: int, flags: int, argument: object) -> int:
    return int(ctypes.CDLL(None).syscall(_SECCOMP_CALLS[platform.machine()], operation, flags, argument))
