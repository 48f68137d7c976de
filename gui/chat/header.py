"""The line above a conversation: its title, and the buttons for the list of conversations and for a new one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from core.i18n import tr
from gui.style.elements import ElidedLabel, icon_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme


class ChatHeader(QWidget):
    """Offers a new conversation only while the list of conversations, which offers it too, is folded."""

    list_wanted = Signal()
    new_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.title = ElidedLabel("", "title", Qt.TextElideMode.ElideRight)
        self.toggle = icon_button(
            theme, "sidebar", tr("Show or hide the conversations (Ctrl+B)"), self.list_wanted.emit, size_px=20
        )
        self.new = icon_button(theme, "compose", tr("New conversation (Ctrl+N)"), self.new_wanted.emit, size_px=20)
        line = row(self, spacing=SPACE // 2)
        line.setContentsMargins(SPACE, SPACE, SPACE, SPACE // 2)
        line.addWidget(self.toggle)
        line.addWidget(self.title, 1)
        line.addWidget(self.new)

    def show_list_folded(self, folded: bool) -> None:
        self.new.setVisible(folded)
