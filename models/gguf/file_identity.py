"""Telling model files apart without reading all of them: by size and time of change, by samples of what they hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

SAMPLES = 64
SAMPLE_BYTES = 16384


def stamp(path: Path) -> str:
    """A file's size and time of change: another stamp, another content. "absent" where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return "absent"
    return f"{found.st_size} {found.st_mtime_ns}"


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
