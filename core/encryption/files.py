"""Files that are written whole, replaced in one step, or overwritten before they are deleted."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

BLOCK_BYTES = 1 << 20


def write_whole(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, whole or not at all, and wait until the disk holds it. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the disk holds the names in `folder`. Windows does so by itself."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def erase(path: Path) -> None:
    """Overwrite a file with zeros, then delete it; nothing if there is none. Copies that the file system or an SSD kept
    elsewhere are out of reach. Raises OSError."""
    with suppress(FileNotFoundError):
        if path.is_symlink():
            path.unlink()
            return
        with path.open("rb+") as file:
            left = os.fstat(file.fileno()).st_size
            while left > 0:
                left -= file.write(bytes(min(left, BLOCK_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def erase_folder(folder: Path) -> None:
    """`erase` every file in `folder`, and delete the folder."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for path in folder.rglob("*"):
        if path.is_file() or path.is_symlink():
            erase(path)
        elif not path.is_dir():
            path.unlink()  # a socket
    shutil.rmtree(folder)
