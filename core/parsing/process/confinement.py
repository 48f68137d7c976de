"""Confines a parser process: limited memory and processor time, no paths, no sockets, no other processes, no writing.

It does everything that needs a path first, then locks itself in. What is refused, and by whom, depends on the system:
`confinement_parts` says it.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.parsing.limits import ParseLimits
from core.parsing.process import (
    isolation,
    landlock,
    macos_profile,
    preload,
    syscall_filter,
    windows_confinement,
)
from core.parsing.process.syscall_table import allowed_calls

if TYPE_CHECKING:
    from core.parsing.ocr.recogniser import Recogniser

# Audit events (https://docs.python.org/3/library/audit_events.html).
_REFUSED_EVENTS = {
    "open",
    "socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile",
    "os.startfile/2", "pty.spawn", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.truncate",
    "os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr", "shutil.rmtree", "shutil.move",
    "shutil.copyfile",
    "webbrowser.open", "urllib.Request", "ftplib.connect", "smtplib.connect", "tempfile.mkstemp", "tempfile.mkdtemp",
    "os.kill", "os.killpg",
}  # fmt: skip
_HEADROOM_S = 30.0  # the parent stops a slow process first and says why; this limit is for a parent that cannot


@dataclass(frozen=True, slots=True)
class ConfinementParts:
    """What the system refuses a parser process in native code. `system_calls`: all calls but those on a list.
    `landlock`: its version (0: none), which refuses OCR all files but its own; processes for text open none anyway.
    `profile`: what the system has in their place (a sandbox profile of macOS, a restricted token of Windows)."""

    system_calls: bool
    landlock: int
    profile: bool


def confinement_parts() -> ConfinementParts:
    """Return what this system offers; whether it holds in a parser shows only there."""
    return ConfinementParts(
        syscall_filter.can_filter(), landlock.landlock_version(), profile=sys.platform in ("darwin", "win32")
    )


class OperationRefused(RuntimeError):
    """An operation that a confined process may not perform."""


def confine(
    limits: ParseLimits, connection: int, ocr_languages: Sequence[str] = (), parent_id: int | None = None
) -> Recogniser | None:
    """Confine this process irrevocably, except for its pipe to its parent, the descriptor `connection`. Call once,
    before the first file and on the only thread. Return the OCR for `ocr_languages` (Tesseract's names); None without
    them, or without data for any of them."""
    sys.dont_write_bytecode = True
    isolation.end_with_parent(parent_id)
    isolation.leave_terminal()
    preload.load_everything()
    recogniser = _recogniser(ocr_languages)
    _silence_output()
    isolation.close_descriptors_except([connection])
    isolation.forget_environment()
    _limit_resources(limits.memory_bytes, starts_threads=recogniser is not None)
    landlock.refuse_paths(recogniser.paths if recogniser is not None else ())
    if recogniser is not None:
        recogniser.start()  # its threads inherit what this one may do
    preload.stop_importing()
    isolation.hide_memory()
    macos_profile.apply_profile(recogniser.paths if recogniser is not None else ())
    windows_confinement.give_up_rights()
    syscall_filter.install_syscall_filter(allowed_calls(connection, os.getpid(), recognition=recogniser is not None))
    sys.addaudithook(_audit)
    return recogniser


def _recogniser(languages: Sequence[str]) -> Recogniser | None:
    from core.parsing.ocr.recogniser import Recogniser
    from core.parsing.ocr.tessdata import folder_with

    return Recogniser(languages) if folder_with(languages) is not None else None


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


def _limit_resources(memory_bytes: int, *, starts_threads: bool) -> None:
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        windows_confinement.join_job(memory_bytes)
    isolation.limit_resources(memory_bytes, starts_threads=starts_threads)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse at Python's level, with a traceback that shows where; the kernel refuses native code as well."""
    if event in _REFUSED_EVENTS:
        raise OperationRefused(f"{event} is not allowed while reading documents")
