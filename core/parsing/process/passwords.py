"""Passwords of encrypted documents: in memory, for as long as the program runs, and nowhere else."""

from __future__ import annotations

import threading
from pathlib import Path

_TRIED = 8


class Passwords:
    """Any thread. A password given for one file is tried on others, too: people use one for many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_path: dict[Path, str] = {}
        self._recent: dict[str, None] = {}

    def give(self, password: str, path: Path | None = None) -> None:
        """Use `password` for the file at `path`; without a path, for whatever it opens."""
        with self._lock:
            if path is not None:
                self._by_path[path] = password
            self._recent.pop(password, None)
            self._recent[password] = None

    def of(self, path: Path) -> str | None:
        """The one that was given for this very file."""
        return self._by_path.get(path)

    def others(self, path: Path) -> tuple[str, ...]:
        """Those to try besides, the latest first."""
        with self._lock:
            own = self._by_path.get(path)
            return tuple(word for word in reversed(self._recent) if word != own)[:_TRIED]
