"""How a model pools token vectors into one row for each text: llama.h's `llama_pooling_type`, also stored in GGUF."""

from __future__ import annotations

from enum import IntEnum


class Pooling(IntEnum):
    """The numbers are llama.cpp's. `RANK` is a reranker's: the row holds its classifier's outputs."""

    NONE = 0
    MEAN = 1
    CLS = 2
    LAST = 3
    RANK = 4
