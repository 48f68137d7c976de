"""llama.cpp's shared library, loaded and initialised on first use (the window must not wait for it), and its log."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import sys
from collections import deque
from typing import Any

log = logging.getLogger(__name__)

# How often a thread of GNU OpenMP polls at a barrier before it sleeps (GOMP_SPINCOUNT). With 5,000, threads fell asleep
# 30 times a token and gpt-oss wrote a sixth slower beside a window; with 300,000, the default, embedding on a busy
# processor took up to four times as long.
BARRIER_SPINS = "60000"
ERROR_LEVEL = 4  # ggml_log_level: 1 debug, 2 info, 3 warn, 4 error

recent_errors: deque[str] = deque(maxlen=20)
"""The last error lines of llama.cpp, for the log when a call fails. An aborted call is an error to it, too."""


@functools.cache
def library() -> Any:
    """llama_cpp's low-level module, initialised once. Its messages go to `logging`, never to stdout or stderr, which a
    windowed program may not have."""
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")  # else a failed assertion starts a debugger where there is one
    os.environ.setdefault("GOMP_SPINCOUNT", BARRIER_SPINS)
    from llama_cpp import llama_cpp

    llama_cpp.llama_log_set(_log_callback(llama_cpp), ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp


@functools.cache
def _log_callback(lib: Any) -> Any:
    """The callback for llama.cpp's messages. The cache keeps it alive until the process ends."""

    def write(level: int, text: bytes, _data: object) -> None:
        line = text.decode("utf-8", "replace").rstrip()
        if line:
            log.debug("llama.cpp: %s", line)
            if level == ERROR_LEVEL:
                recent_errors.append(line)

    return lib.llama_log_callback(write)


@functools.cache
def c_library() -> ctypes.CDLL:
    """The system's C library."""
    return ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
