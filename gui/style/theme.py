"""Applies the light or dark colours to the application, follows the system's choice, and tints the icons."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication

from gui.style.colours import DARK, LIGHT, Colours, palette
from gui.style.icons import icon
from gui.style.sheet import sheet

MINIMUM_FONT_PT = 10.0
ICON_PX = 18
STYLE = "Fusion"
STYLE_IS_SET = "styled"
"""Property of an application that was started with `-style`: `QApplication.setStyle` is slow, since PySide6 then loads
the class of the style."""
_TINT = "tint"
"""Property of a button or action: its icon's name and the name of its colour."""


class Theme(QObject):
    """The colours and fonts in use. The style is Fusion on every system: it looks alike everywhere, and dark works."""

    changed = Signal()

    def __init__(self, app: QApplication, appearance: str = "system") -> None:
        super().__init__(app)
        self._app = app
        self._appearance = ""
        self._styled = False
        self._actions: list[QAction] = []
        if not app.property(STYLE_IS_SET):
            app.setStyle(STYLE)
        font = app.font()
        self.base_pt = max(font.pointSizeF(), MINIMUM_FONT_PT)
        font.setPointSizeF(self.base_pt)
        app.setFont(font)
        self.colours: Colours = LIGHT
        self.use(appearance)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def small_pt(self) -> float:
        return self.base_pt * 0.9

    def use(self, appearance: str) -> None:
        """Switch to "light", "dark" or "system"."""
        if appearance != self._appearance:
            self._appearance = appearance
            self._apply()

    def apply_style_sheet(self) -> None:
        """Set the style sheet. Called once the window has been built: every widget that is added to a window with a
        style sheet is styled anew, which would take longer than all the rest of building it."""
        if not self._styled:
            self._styled = True
            self._app.setStyleSheet(sheet(self.colours, self.base_pt))

    def tint(self, target: QAbstractButton | QAction, name: str, colour: str = "text", size_px: int = ICON_PX) -> None:
        """Give `target` the icon `name` in the colour called `colour`, now and after each change of the colours."""
        target.setProperty(_TINT, [name, colour])
        if isinstance(target, QAbstractButton):
            target.setIconSize(QSize(size_px, size_px))
        elif target not in self._actions:
            self._actions.append(target)
        self._set_icon(target)

    def _set_icon(self, target: QAbstractButton | QAction) -> None:
        name, colour = target.property(_TINT)
        size_px = target.iconSize().width() if isinstance(target, QAbstractButton) else ICON_PX
        target.setIcon(icon(name, getattr(self.colours, colour), self.colours.outline, size_px))

    def _system_changed(self, scheme: Qt.ColorScheme) -> None:
        if self._appearance == "system":
            self._apply()

    def _apply(self) -> None:
        dark = self._appearance == "dark" or (self._appearance != "light" and _system_is_dark())
        self.colours = DARK if dark else LIGHT
        self._app.setPalette(palette(self.colours))
        if self._styled:
            self._app.setStyleSheet(sheet(self.colours, self.base_pt))
        buttons: list[QAbstractButton | QAction] = [
            w for w in self._app.allWidgets() if isinstance(w, QAbstractButton) and w.property(_TINT)
        ]
        self._actions = [action for action in self._actions if shiboken6.isValid(action)]
        for target in (*buttons, *self._actions):
            self._set_icon(target)
        self.changed.emit()


def _system_is_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
