"""Small icons, drawn as strokes on a grid of 24 units and tinted with a colour of the theme."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_STROKES = {
    "add": "M12 5v14 M5 12h14",
    "folder": "M3 7a2 2 0 0 1 2-2h4l2 2.5h8a2 2 0 0 1 2 2V17a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z",
    "folder-add": "M3 7a2 2 0 0 1 2-2h4l2 2.5h8a2 2 0 0 1 2 2V17a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z M12 10.5v5 M9.5 13h5",
    "document": "M7 3h7l5 5v11a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z M14 3v5h5 M8.5 13h7 M8.5 16.5h5",
    "search": "M11 4.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13z M16 16l4.5 4.5",
    "send": "M12 19V5 M5.5 11.5L12 5l6.5 6.5",
    "stop": "M7 7h10v10H7z",
    "pause": "M9 6v12 M15 6v12",
    "close": "M6 6l12 12 M18 6L6 18",
    "back": "M15 5l-7 7l7 7",
    "previous": "M6 15l6-6l6 6",
    "next": "M6 9l6 6l6-6",
    "expand": "M9 6l6 6l-6 6",
    "sidebar": "M5 4h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z M9.5 4v16",
    "compose": "M12 5H6a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2v-6"
    " M18.2 3.8a1.7 1.7 0 0 1 2.4 2.4L13 13.8l-3.3.9l.9-3.3z",
    "edit": "M16.6 4.4a2 2 0 0 1 2.9 2.9L8.5 18.3L4 20l1.7-4.5z M14.5 6.5l3 3",
    "copy": "M10 8h9a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z"
    " M5 16a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1",
    "again": "M20 5v5h-5 M19.4 14.5a8 8 0 1 1-1.3-8.2L20 10",
    "download": "M12 4v11 M7 10.5l5 5l5-5 M5 20h14",
    "open": "M14 4h6v6 M20 4l-9 9 M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4",
    "more": "M5 11.2a.8.8 0 1 1 0 1.6a.8.8 0 1 1 0-1.6z M12 11.2a.8.8 0 1 1 0 1.6a.8.8 0 1 1 0-1.6z"
    " M19 11.2a.8.8 0 1 1 0 1.6a.8.8 0 1 1 0-1.6z",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "partly": "M5 14c2.5-4 4.5-4 7-2s4.5 2 7-2",
    "warning": "M12 4L2.8 19.5h18.4z M12 10v4.5 M12 17.2v.1",
    "settings": "M4 7h9 M17 7h3 M4 17h3 M11 17h9 M15 4.8v4.4 M9 14.8v4.4",
    "brain": "M12 4a4 4 0 0 0-4 3.5a3.8 3.8 0 0 0-2.5 6.2A3.6 3.6 0 0 0 8.8 19A3.2 3.2 0 0 0 12 20z"
    " M12 4a4 4 0 0 1 4 3.5a3.8 3.8 0 0 1 2.5 6.2A3.6 3.6 0 0 1 15.2 19A3.2 3.2 0 0 1 12 20z",
    "waiting": "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16z M12 8v4.5l3 1.8",
    "trash": "M4.5 7h15 M9 7V4.5h6V7 M6.5 7l.8 12.5h9.4L17.5 7",
    "filter": "M4 6h16 M7 12h10 M10 18h4",
}


def icon(name: str, colour: str, disabled: str = "", size_px: int = 20) -> QIcon:
    """The icon `name` in `colour` (#rrggbb), sharp at `size_px` logical pixels on every screen attached."""
    ratio = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    result = QIcon(pixmap(name, colour, size_px, ratio))
    if disabled:
        result.addPixmap(pixmap(name, disabled, size_px, ratio), QIcon.Mode.Disabled)
    return result


def pixmap(name: str, colour: str, size_px: int, ratio: float = 1.0) -> QPixmap:
    """The icon as a pixmap of `size_px` logical pixels, on a screen with `ratio` device pixels to each."""
    result = _render(QSvgRenderer(QByteArray(_svg(name, colour).encode())), round(size_px * ratio))
    result.setDevicePixelRatio(ratio)
    return result


def _svg(name: str, colour: str) -> str:
    fill = colour if name == "stop" else "none"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        f'<path d="{_STROKES[name]}" fill="{fill}" stroke="{colour}" stroke-width="1.8" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def _render(renderer: QSvgRenderer, size: int) -> QPixmap:
    result = QPixmap(size, size)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return result
