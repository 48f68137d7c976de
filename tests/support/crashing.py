"""A program whose embedding model ends it at a certain word, as a bug in native code would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.chunking.chunker import cut_document
from core.parsing.process.pool import ParserPool
from models.cancel import CancelToken
from models.embedder import Embedder, EmbedderSpec
from tests.support.libraries import minilm, open_library

WORD = "xylophone"


class CrashingEmbedder:
    """The real model, except that texts with `WORD` end the program by `death` ("abort" or "kill")."""

    def __init__(self, embedder: Embedder, death: str) -> None:
        self._embedder = embedder
        self._death = death

    @property
    def spec(self) -> EmbedderSpec:
        return self._embedder.spec

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)

    def embed_passages(self, texts: Sequence[str], cancel: CancelToken | None = None) -> NDArray[np.float32]:
        if any(WORD in text for text in texts):
            if self._death == "abort":
                os.abort()
            os.kill(os.getpid(), signal.SIGKILL)
        return self._embedder.embed_passages(texts, cancel)


def run_crashing(data_dir: Path, folder: Path, model: Path, death: str) -> int:
    """Index `folder` in a process of its own; return its exit code, negative for a signal."""
    words = ("-m", "tests.support.crashing", str(data_dir), str(folder), str(model), death)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONFAULTHANDLER": ""}
    done = subprocess.run((sys.executable, *words), capture_output=True, text=True, env=environment, timeout=120)
    if done.returncode > 0:
        raise AssertionError(done.stderr)
    return done.returncode


def _main(data_dir: Path, folder: Path, model: Path, death: str) -> None:
    with minilm(model) as embedder, ParserPool(1, cutter=cut_document) as pool:
        crashing = CrashingEmbedder(embedder, death)
        with open_library(data_dir, pool, lambda: crashing) as opened:
            opened.index(folder)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
