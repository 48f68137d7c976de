"""A graphics processor as llama.cpp reports it; a module of its own, so that the load plan need not load llama.cpp."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics processor that this build of llama.cpp can use. `shared`: its memory is the machine's main memory."""

    name: str
    memory_bytes: int
    available_bytes: int
    shared: bool
