"""What the window shows if the library cannot be opened: what happened, what to do, and to try again or quit."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from core.i18n import fault_text, fault_title, tr
from gui.style.elements import card, column, label, push_button, row
from gui.style.sheet import SPACE
from models.faults import Fault

MAX_WIDTH = 520


class FaultPage(QWidget):
    """Shows one fault in place of the library."""

    again_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        frame, inside = card("plain", margin=4 * SPACE, spacing=2 * SPACE)
        frame.setMaximumWidth(MAX_WIDTH)
        self.title = label("", "display", wrap=True)
        self.text = label("", wrap=True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.again = push_button(tr("Try again"), self.again_wanted.emit, "primary")
        self.quit = push_button(tr("Quit"), self.quit_wanted.emit)
        buttons = row()
        buttons.addWidget(self.again)
        buttons.addWidget(self.quit)
        buttons.addStretch(1)
        inside.addWidget(self.title)
        inside.addWidget(self.text)
        inside.addLayout(buttons)
        centred = row()
        centred.addStretch(1)
        centred.addWidget(frame, 100)
        centred.addStretch(1)
        layout = column(self, 3 * SPACE)
        layout.addStretch(2)
        layout.addLayout(centred)
        layout.addStretch(3)

    def show_fault(self, fault: Fault) -> None:
        self.title.setText(fault_title(fault))
        self.text.setText(fault_text(fault))
        self.again.setFocus()
