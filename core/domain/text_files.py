"""Writes a file for other programs: whole or not at all, and never through a link that lies in its place."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_text_file(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Replace the file at `path`, or create it with the permissions of any new file. Raises `OSError`."""
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with open(descriptor, "w", encoding=encoding, newline="") as file:
            file.write(text)
        if os.name == "posix":
            os.chmod(partial, 0o666 & ~_umask())
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
