"""Paths reported as changed while documents are being indexed: the current run takes them in."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path


class PendingChanges:
    """Any thread. Open while a run is active that will take what is added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._paths: dict[Path, None] = {}

    def open(self) -> None:
        """Begin to accept paths; forgets what is left of an earlier run."""
        with self._lock:
            self._open = True
            self._paths.clear()

    def add(self, paths: Iterable[Path]) -> bool:
        """Add paths; False if no run is active."""
        with self._lock:
            if self._open:
                self._paths.update(dict.fromkeys(paths))
            return self._open

    @property
    def has_any(self) -> bool:
        return bool(self._paths)

    def take(self) -> list[Path]:
        """Return the paths, in the order in which they were added, and forget them."""
        with self._lock:
            paths = list(self._paths)
            self._paths.clear()
            return paths

    def close(self, *, only_if_empty: bool = False) -> bool:
        """Stop accepting; with `only_if_empty`, not while some are left: returns False then."""
        with self._lock:
            if only_if_empty and self._paths:
                return False
            self._open = False
            return True
