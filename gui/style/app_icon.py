"""Where the application's own icon lies."""

from __future__ import annotations

from PySide6.QtGui import QIcon

from gui.style.sheet import ICONS


def app_icon() -> QIcon:
    """The icon; an empty one if its file is missing, never a fault."""
    file = ICONS / "papermoor.svg"
    return QIcon(str(file)) if file.is_file() else QIcon()
