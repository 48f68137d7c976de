"""The application's own icon."""

from __future__ import annotations

from PySide6.QtGui import QIcon

from gui.style.sheet import ICONS


def app_icon() -> QIcon:
    """The icon of the application; an empty one if its file is missing."""
    file = ICONS / "papermoor.svg"
    return QIcon(str(file)) if file.is_file() else QIcon()
