"""Cuts a parser process off from its terminal, its parent's descriptors and environment, and limits what it may use.

The parent uses `hide_memory` too."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterable

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_NICENESS = 10
_OPEN_FILES = 64  # the pipe, a document, and what OCR opens
_KEPT_VARIABLES = ("TZ", "LANG", "LC_ALL", "LC_CTYPE")


def leave_terminal() -> None:
    """Move to a session of its own: without a terminal, whose input it could forge, and whose signals reach it."""
    if sys.platform != "win32" and os.getsid(0) != os.getpid() and os.getpgrp() != os.getpid():
        os.setsid()


def end_with_parent(parent_id: int | None) -> None:
    """Have the kernel kill this process when the thread that started it has ended. Linux only."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent_id is not None and os.getppid() != parent_id:
        os._exit(1)  # it ended before the kernel knew


def hide_memory() -> None:
    """Have the kernel refuse other processes of this user this one's memory and open files. Linux only. No core dump is
    written and no debugger can attach any more, but one that started the program goes on.

    The application calls it when it starts the first parser, rather than at its own start: desktops look at a program's
    /proc/ID/root when it asks for their settings, such as dark mode."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def close_descriptors_except(kept: Iterable[int]) -> None:
    """Close what was inherited, above the standard streams."""
    if sys.platform == "win32":
        return  # handles are inherited one by one there
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    last = min(soft, 1 << 20)
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = max(start, descriptor + 1)
    os.closerange(start, last)


def forget_environment() -> None:
    """Remove the environment, which may hold passwords, from this process's variables and from its first memory."""
    for name in list(os.environ):
        if name not in _KEPT_VARIABLES:
            if sys.platform == "linux":
                _blank_variable(name)
            del os.environ[name]


def _blank_variable(name: str) -> None:
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    value = libc.getenv(os.fsencode(name))
    if value:
        ctypes.memset(value, 0, len(ctypes.string_at(value)))


def limit_resources(memory_bytes: int, *, starts_threads: bool) -> None:
    """Set the limits of a POSIX system, for good. Threads count as processes, so OCR, which starts some, keeps that
    limit."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(_NICENESS)
    limits = {
        "AS": memory_bytes,
        "CORE": 0,
        "FSIZE": 0,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
        "RTPRIO": 0,
        "NOFILE": _OPEN_FILES,
    }
    if not starts_threads:
        limits["NPROC"] = 0
    for name, limit in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:
            continue  # not a limit of this system
        _, hard = resource.getrlimit(number)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(number, (limit, hard if name == "AS" else limit))
