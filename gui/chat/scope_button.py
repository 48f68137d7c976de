"""The button in the composer that says what the conversation looks into, and leads to the choice."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton

from core.domain.conversation import WHOLE_LIBRARY, Scope
from core.i18n import ngettext, tr
from gui.style.theme import Theme

ICON_PX = 16
WIDEST_PX = 200


class ScopeButton(QToolButton):
    """Shows a scope; a long name gives way at its middle."""

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
        words = scope_words(scope)
        self.setText(f" {self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, WIDEST_PX)}")
        self.setChecked(scope != WHOLE_LIBRARY)
        paths = [str(path) for path in scope.paths[:12]]
        self.setToolTip("\n".join([tr("What this conversation looks into: {scope}", scope=words), *paths]))
        self.setAccessibleName(tr("What this conversation looks into: {scope}", scope=words))
        self._style()

    def show_words(self, shown: bool) -> None:
        """In a narrow composer the icon stands alone unless something is chosen."""
        self._icon_only = not shown
        self._style()

    def _style(self) -> None:
        alone = self._icon_only and self._scope == WHOLE_LIBRARY
        self.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonIconOnly if alone else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )


def scope_words(scope: Scope) -> str:
    """In a few words: the name of the one place, or how many there are."""
    if not scope.paths:
        return tr("All documents")
    if len(scope.paths) == 1:
        words = scope.paths[0].name or str(scope.paths[0])
    else:
        words = ngettext("{n} chosen", "{n} chosen", len(scope.paths))
    return tr("{scope}, in full", scope=words) if scope.whole else words
