"""Where the application's own icon lies."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QIcon


def app_icon() -> QIcon:
    """The icon; an empty one if its file is missing, never a fault."""
    file = Path(__file__).parent.parent / "icons" / "papermoor.svg"
    return QIcon(str(file)) if file.is_file() else QIcon()
