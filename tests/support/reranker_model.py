"""Writes a reranking model: the real all-MiniLM-L6-v2 with a classifier of random weights."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from tests.support.gguf_models import minilm_folder, write_minilm

CLASSIFIER = np.random.default_rng(5).normal(size=(1, 384)).astype(np.float32)


def write_reranker(path: Path) -> None:
    """Write the model to `path`, the same every time."""
    added = {"cls.output.weight": CLASSIFIER}
    write_minilm(minilm_folder(), path, pooling=gguf.PoolingType.RANK, added=added)
