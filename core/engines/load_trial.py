"""Loads a model in another process, to see whether that ends it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from models import spawning
from models.faults import ModelFault

MAX_S = 300.0  # an embedder takes seconds; a process that hangs counts as one that ended
_FAULT_EXIT_CODE = 3


def survives_embedder(path: Path, safe_mode: bool) -> bool:
    """Whether a process survives loading the embedder at `path`. Blocks for as long as that takes. A file that is
    refused with a fault has not ended it."""
    return _survives(_load_embedder, path, safe_mode)


def survives_reranker(path: Path, safe_mode: bool) -> bool:
    """The same for a reranker."""
    return _survives(_load_reranker, path, safe_mode)


def _survives(load: Callable[[str, bool], None], path: Path, safe_mode: bool) -> bool:
    process = get_context("spawn").Process(
        target=load, args=(str(path), safe_mode), name="papermoor-trial", daemon=True
    )
    spawning.start(process)
    process.join(MAX_S)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode in (0, _FAULT_EXIT_CODE)


def _load_embedder(path: str, safe_mode: bool) -> None:
    from models.embedder import Embedder

    with _in_silence():
        Embedder.open(Path(path), safe_mode=safe_mode).close()


def _load_reranker(path: str, safe_mode: bool) -> None:
    from models.reranker import Reranker

    with _in_silence():
        Reranker.open(Path(path), safe_mode=safe_mode).close()


@contextmanager
def _in_silence() -> Iterator[None]:
    """Native code prints what was wrong, which must not reach a terminal."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(null, descriptor)
    try:
        yield
    except ModelFault:
        os._exit(_FAULT_EXIT_CODE)
