"""Confines a worker process: limited memory and processor time, no sockets, no other programs, no writing of files."""

from __future__ import annotations

import logging
import os
import sys
import warnings

from core.parsing.limits import ParseLimits
from core.parsing.process.syscall_filter import install_syscall_filter

# Audit events (https://docs.python.org/3/library/audit_events.html); "open" is checked apart.
_REFUSED_EVENTS = {
    "socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile",
    "os.startfile/2", "pty.spawn", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.truncate",
    "os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr", "shutil.rmtree", "shutil.move",
    "shutil.copyfile",
    "webbrowser.open", "urllib.Request", "ftplib.connect", "smtplib.connect", "tempfile.mkstemp", "tempfile.mkdtemp",
    "os.kill", "os.killpg",
}  # fmt: skip
_WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NICENESS = 10
_HEADROOM_S = 30.0  # the parent stops a slow process first and says why; this limit is for a parent that cannot


class OperationRefused(RuntimeError):
    """An operation that a confined process may not perform."""


def confine(limits: ParseLimits) -> None:
    """Confine this process irrevocably. Call once, before the first file."""
    sys.dont_write_bytecode = True
    _silence_output()
    _lower_priority()
    _limit_memory(limits.memory_bytes)
    install_syscall_filter()
    sys.addaudithook(_audit)


def allow_seconds(seconds: float) -> None:
    """Limit this process to `seconds` more of processor time, plus headroom."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds + _HEADROOM_S)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def _silence_output() -> None:
    """Parsers print and log pieces of documents, which must not reach a terminal or a log file."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _lower_priority() -> None:
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(_NICENESS)


def _limit_memory(memory_bytes: int) -> None:
    if sys.platform == "win32":
        from core.parsing.process.windows_job import limit_this_process

        limit_this_process(memory_bytes)
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or memory_bytes < hard:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, hard))


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse at Python's level, with a traceback that shows where; on Linux the kernel refuses native code as well."""
    if event == "open":
        _audit_open(arguments)
    elif event in _REFUSED_EVENTS:
        raise OperationRefused(f"{event} is not allowed while reading documents")


def _audit_open(arguments: tuple[object, ...]) -> None:
    path, mode, flags = (*arguments, None, None, None)[:3]
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else False
    if not writes and isinstance(flags, int):
        writes = bool(flags & _WRITING_FLAGS & ~os.O_RDONLY)
    if writes and path != os.devnull:
        raise OperationRefused("files are not written while reading documents")
