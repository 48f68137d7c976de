"""Places that changed while documents are being indexed: the run that goes on takes them in."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path


class PendingChanges:
    """Any thread. Open while a run goes on that will take what is added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._places: dict[Path, None] = {}

    def open(self) -> None:
        with self._lock:
            self._open = True
            self._places.clear()

    def add(self, places: Iterable[Path]) -> bool:
        """False if no run goes on that would take them."""
        with self._lock:
            if self._open:
                self._places.update(dict.fromkeys(places))
            return self._open

    @property
    def has_any(self) -> bool:
        return bool(self._places)

    def take(self) -> list[Path]:
        with self._lock:
            places = list(self._places)
            self._places.clear()
            return places

    def close(self, *, only_if_none: bool = False) -> bool:
        """Take no more; with `only_if_none` not while some are left, and False then."""
        with self._lock:
            if only_if_none and self._places:
                return False
            self._open = False
            return True
