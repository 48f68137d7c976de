"""Mounted file systems: files on one that is not connected now have not been deleted."""

from __future__ import annotations

import os
from collections.abc import Sequence

from core.store.documents.folders import is_within, prefix_of


def mounted_drives(root: bytes, files: Sequence[bytes]) -> set[bytes]:
    """Where file systems are mounted that hold `files` of the folder `root`, except the system's own."""
    mounted = _mounted()
    above = max((drive for drive in mounted if is_within(root, drive)), key=len, default=None)
    below = [drive for drive in mounted if drive != root and is_within(drive, root)]
    found = {drive for drive in below if any(path.startswith(prefix_of(drive)) for path in files)}
    return found if above is None else {*found, above}


def is_connected(drive: bytes) -> bool:
    """Whether a file system is mounted at `drive` now."""
    return os.path.ismount(drive)


def _mounted() -> list[bytes]:
    """Where file systems are mounted, except the root of the system or of a Windows drive."""
    import psutil

    try:
        partitions = psutil.disk_partitions(all=True)
    except (OSError, RuntimeError, psutil.Error):  # then nothing is known of drives
        return []
    mount_points = (os.fsencode(os.path.normpath(partition.mountpoint)) for partition in partitions)
    return [path for path in mount_points if os.path.dirname(path) != path]
