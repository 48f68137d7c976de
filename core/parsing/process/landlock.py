"""Has the Linux kernel refuse this process every path, and what else its version of Landlock covers.

Landlock (https://docs.kernel.org/userspace-api/landlock.html) applies to the calling thread and to those that it starts
later, so it is called while there is only one.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from core.parsing.process.syscall_filter import forgo_privileges

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # system calls, of the same numbers everywhere
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_READ_FILE = 1 << 2
# The rights that each version of the interface added (LANDLOCK_ACCESS_FS_*): 13 in the first, then REFER, TRUNCATE and
# IOCTL_DEV.
_FILE_RIGHTS = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_NETWORK_SINCE, _NETWORK_RIGHTS = 4, 0b11  # BIND_TCP, CONNECT_TCP
_SCOPES_SINCE, _SCOPES = 6, 0b11  # ABSTRACT_UNIX_SOCKET, SIGNAL


def landlock_version() -> int:
    """Return the version of the kernel's Landlock interface; 0 where there is none or it is switched off."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def refuse_paths(readable: Sequence[Path] = ()) -> bool:
    """Refuse this thread every path, except for reading the files in the folders `readable` (or these files); TCP, and
    signals and abstract sockets of other processes. Return False where there is no Landlock."""
    version = landlock_version()
    if not version:
        return False
    libc = _libc()
    attributes = _attributes(version)
    ruleset = int(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow_reading(libc, ruleset, path)
        return forgo_privileges() and libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _attributes(version: int) -> bytes:
    """Return struct landlock_ruleset_attr, as long as this version knows it."""
    files = sum(rights for since, rights in _FILE_RIGHTS if version >= since)
    attributes = struct.pack("Q", files)
    if version >= _NETWORK_SINCE:
        attributes += struct.pack("Q", _NETWORK_RIGHTS)
    if version >= _SCOPES_SINCE:
        attributes += struct.pack("Q", _SCOPES)
    return attributes


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    descriptor = os.open(path, getattr(os, "O_PATH", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        rule = struct.pack("=Qi", _READ_FILE, descriptor)  # struct landlock_path_beneath_attr is packed
        libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
