"""What the window remembers between runs: its size, its splitters, which parts are folded. An ini file in the data
directory, so that nothing of it lands elsewhere."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings


class WindowState:
    """Reads and writes `window.ini`; an unreadable file means the defaults."""

    def __init__(self, data_dir: Path) -> None:
        self._file = QSettings(str(data_dir / "window.ini"), QSettings.Format.IniFormat)
        self._file.setFallbacksEnabled(False)

    def bytes(self, key: str) -> QByteArray | None:
        value = self._file.value(key)
        return value if isinstance(value, QByteArray) else None

    def flag(self, key: str) -> bool | None:
        """True, False, or None while the person has not chosen."""
        value = self._file.value(key)
        return None if value is None else str(value).lower() == "true"

    def number(self, key: str) -> int | None:
        value = self._file.value(key)
        return int(str(value)) if value is not None and str(value).isdigit() else None

    def set(self, key: str, value: QByteArray | bool | int) -> None:
        self._file.setValue(key, value)

    def save(self) -> None:
        """Write to the disk. A full or read-only disk loses the window's size, nothing else."""
        self._file.sync()
