"""Telling model files apart without reading all of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

SAMPLES = 64
SAMPLE_BYTES = 16384


def content_id(path: Path) -> str:
    """Names a file's content by its size and samples spread through it: 1 MiB read, whatever its size. Not safe against
    someone who means to deceive: downloads are checked by their whole SHA-256."""
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        for sample in range(SAMPLES):
            file.seek(size * sample // SAMPLES)
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
