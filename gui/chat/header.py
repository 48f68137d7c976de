"""The header of a conversation: its title, and the buttons for the list of conversations and for a new one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from core.i18n import tr
from gui.style.elements import ElidedLabel, icon_button, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme


class ChatHeader(QWidget):
    """Offers a new conversation only while the list of conversations, which offers it too, is hidden."""

    list_toggled = Signal()
    new_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.title = ElidedLabel("", "title", Qt.TextElideMode.ElideRight)
        self.list_button = icon_button(
            theme, "sidebar", tr("Show or hide the conversations (Ctrl+B)"), self.list_toggled.emit, size_px=20
        )
        self.new_button = icon_button(
            theme, "compose", tr("New conversation (Ctrl+N)"), self.new_wanted.emit, size_px=20
        )
        line = row(self, spacing=SPACE // 2)
        line.setContentsMargins(SPACE, SPACE, SPACE, SPACE // 2)
        line.addWidget(self.list_button)
        line.addWidget(self.title, 1)
        line.addWidget(self.new_button)

    def show_list_hidden(self, hidden: bool) -> None:
        self.new_button.setVisible(hidden)
