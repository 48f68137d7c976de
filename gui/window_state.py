"""What the window remembers between runs: its size, its splitters, which parts are folded. Kept in an ini file in the
data directory, where all of Papermoor's data is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings


class WindowState:
    """Reads and writes `window.ini`. An unreadable file counts as empty."""

    def __init__(self, data_dir: Path) -> None:
        self._file = QSettings(str(data_dir / "window.ini"), QSettings.Format.IniFormat)
        self._file.setFallbacksEnabled(False)

    def bytes(self, key: str) -> QByteArray | None:
        """The state that a Qt widget saved, or None if there is none."""
        value = self._file.value(key)
        return value if isinstance(value, QByteArray) else None

    def flag(self, key: str) -> bool | None:
        """True or False as the person chose, None if they have not chosen."""
        value = self._file.value(key)
        return None if value is None else str(value).lower() == "true"

    def set(self, key: str, value: QByteArray | bool) -> None:
        self._file.setValue(key, value)

    def save(self) -> None:
        """Write to the disk. Where that fails, only what the window remembers is lost."""
        self._file.sync()
