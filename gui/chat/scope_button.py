"""The button in the composer that shows what the conversation looks into, and opens the dialog to change it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton

from core.chat.scope_text import scope_text
from core.domain.conversation import WHOLE_LIBRARY, Scope
from core.i18n import tr
from gui.style.elements import plain_tool_tip
from gui.style.theme import Theme

ICON_PX = 16
MAX_TEXT_PX = 200
MAX_TOOLTIP_PATHS = 12


class ScopeButton(QToolButton):
    """Shows a scope; a long name is elided in the middle."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._scope = WHOLE_LIBRARY
        self._icon_only = False
        self.setProperty("kind", "segment")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.tint(self, "folder", "muted", size_px=ICON_PX)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.show_scope(WHOLE_LIBRARY)

    @property
    def scope(self) -> Scope:
        return self._scope

    def show_scope(self, scope: Scope) -> None:
        self._scope = scope
        text = scope_text(scope)
        self.setText(f" {self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, MAX_TEXT_PX)}")
        self.setChecked(scope != WHOLE_LIBRARY)
        paths = [str(path) for path in scope.paths[:MAX_TOOLTIP_PATHS]]
        self.setToolTip(
            plain_tool_tip("\n".join([tr("What this conversation looks into: {scope}", scope=text), *paths]))
        )
        self.setAccessibleName(tr("What this conversation looks into: {scope}", scope=text))
        self._update_style()

    def show_text(self, shown: bool) -> None:
        """Show the text, or in a narrow composer the icon alone unless a scope is chosen."""
        self._icon_only = not shown
        self._update_style()

    def _update_style(self) -> None:
        icon_only = self._icon_only and self._scope == WHOLE_LIBRARY
        self.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonIconOnly if icon_only else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
