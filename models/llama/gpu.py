"""A graphics processor as llama.cpp reports it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics processor that this build of llama.cpp can use. `shared` memory is the machine's own."""

    name: str
    memory_bytes: int
    available_bytes: int
    shared: bool
