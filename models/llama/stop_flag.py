"""The flag that aborts a running computation of llama.cpp from any thread."""

from __future__ import annotations

import ctypes
from typing import Any

from models.llama.library import c_library, library


class StopFlag:
    """A flag that a running computation reads without Python. Any thread may set it; it takes effect within one node of
    the compute graph.

    ggml calls its abort callback before every node, thousands of times a second. A Python callback would take the
    interpreter lock each time and slow the model down whenever the window paints. C's `strlen` serves as one instead:
    it returns 0 (go on) for an empty string and 1 (abort) for one character.
    """

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)

    def set(self) -> None:
        self._text[0] = b"\x01"

    def clear(self) -> None:
        self._text[0] = b"\x00"

    def attach(self, context: Any) -> None:
        """Make this flag abort the computations of `context` on the processor. It must outlive the context."""
        lib = library()
        strlen = ctypes.cast(c_library().strlen, lib.ggml_abort_callback)
        lib.llama_set_abort_callback(context, strlen, ctypes.cast(self._text, ctypes.c_void_p))
