"""Confines a parser process on macOS by a sandbox profile. Written from the system's own profiles; not yet tried.

`sandbox_init` (man 3 sandbox_init) is marked as deprecated and used by every browser. Profiles are written in the
language of /System/Library/Sandbox/Profiles.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_LIBRARY = "/usr/lib/libSystem.B.dylib"
# Everything is refused that is not named. What a process reads through descriptors that it has needs no rule.
_RULES = (
    "(version 1)",
    "(deny default)",
    "(deny process-fork)",
    "(deny process-exec)",
    "(deny network*)",
    "(deny signal)",
    "(allow signal (target self))",  # abort
    "(allow sysctl-read)",  # the number of processors
    '(allow file-read-metadata (literal "/"))',
)


def profile(readable: Sequence[Path] = ()) -> str:
    """Return the profile of a process that may read the files in these folders and open no others."""
    rules = [f"(allow file-read* (subpath {_quoted(os.path.realpath(path))}))" for path in readable]
    return "\n".join([*_RULES, *rules])


def apply_profile(readable: Sequence[Path] = ()) -> bool:
    """Confine this process for good; return False where the system does not."""
    if sys.platform != "darwin":
        return False
    library = ctypes.CDLL(_LIBRARY, use_errno=True)
    library.sandbox_init.argtypes = (ctypes.c_char_p, ctypes.c_uint64, ctypes.POINTER(ctypes.c_char_p))
    message = ctypes.c_char_p()
    return int(library.sandbox_init(profile(readable).encode(), 0, ctypes.byref(message))) == 0


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
