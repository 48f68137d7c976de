"""The chat pane before the first question of a conversation."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from core.i18n import tr
from gui.style.elements import column, label
from gui.style.sheet import SPACE


class EmptyChatPage(QWidget):
    def __init__(self) -> None:
        super().__init__()
        layout = column(self, 3 * SPACE, SPACE)
        title = label(tr("Ask about your documents"), "display", wrap=True)
        text = label(
            tr("Every answer names the passages it rests on. Nothing leaves this computer."), "muted", wrap=True
        )
        layout.addStretch(2)
        for line in (title, text):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(line)
        layout.addStretch(3)
