"""Which file systems are mounted where: what lay on one that is not connected now has not been deleted."""

from __future__ import annotations

import os
from collections.abc import Sequence

from core.store.documents.folders import is_within, prefix_of


def mounted_drives(root: bytes, files: Sequence[bytes]) -> set[bytes]:
    """Where the file systems are mounted that hold `files` of the folder `root`; not the system's own."""
    mounted = _mounted()
    holding = max((place for place in mounted if is_within(root, place)), key=len, default=None)
    below = [place for place in mounted if place != root and is_within(place, root)]
    found = {place for place in below if any(path.startswith(prefix_of(place)) for path in files)}
    return found if holding is None else {*found, holding}


def is_connected(drive: bytes) -> bool:
    """Whether a file system is mounted there now."""
    return os.path.ismount(drive)


def _mounted() -> list[bytes]:
    import psutil

    try:
        partitions = psutil.disk_partitions(all=True)
    except (OSError, RuntimeError, psutil.Error):  # then nothing is known of drives
        return []
    places = (os.fsencode(os.path.normpath(partition.mountpoint)) for partition in partitions)
    return [place for place in places if os.path.dirname(place) != place]
