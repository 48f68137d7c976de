"""Keeps the passwords of encrypted documents in memory while the program runs, and nowhere else."""

from __future__ import annotations

import threading
from pathlib import Path

_MOST_TRIED = 8  # on one file


class Passwords:
    """A password given for one file is tried on others too: people use one for many. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_path: dict[Path, str] = {}
        self._recent: dict[str, None] = {}

    def add(self, password: str, path: Path | None = None) -> None:
        """Use `password` for the file at `path`; without a path, for any file that it opens."""
        with self._lock:
            if path is not None:
                self._by_path[path] = password
            self._recent.pop(password, None)
            self._recent[password] = None

    def given_for(self, path: Path) -> str | None:
        """Return the password that was given for this very file."""
        return self._by_path.get(path)

    def others_to_try(self, path: Path) -> tuple[str, ...]:
        """Return the other passwords to try on this file, the latest first."""
        with self._lock:
            own = self._by_path.get(path)
            return tuple(password for password in reversed(self._recent) if password != own)[:_MOST_TRIED]
