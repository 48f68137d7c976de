"""A line that opens and folds what stands below it: the reasoning, what was read, a step of the model."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from core.i18n import tr
from gui.style.elements import column, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

ICON_PX = 14
ICON_GAP = 6


class Fold(QWidget):
    """Folded at first. `chosen` tells that the person opened (True) or folded (False) it. What is shown is put into
    `inside`; more buttons may join `head`."""

    chosen = Signal(bool)

    def __init__(self, theme: Theme, title: str = "") -> None:
        super().__init__()
        self._theme = theme
        self._title = ""
        self.toggle = QToolButton()
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.setCheckable(True)
        self.toggle.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.toggle.setProperty("fold", True)
        self.toggle.setIconSize(QSize(ICON_PX, ICON_PX))
        self.toggle.clicked.connect(self._choose)
        self._frame = QFrame()
        self._frame.setProperty("card", "quote")
        self.inside: QVBoxLayout = column(self._frame, 0, SPACE // 2)
        self.inside.setContentsMargins(int(1.5 * SPACE), 0, 0, 0)
        self.head: QHBoxLayout = row()
        self.head.setContentsMargins(-ICON_GAP, 0, 0, 0)  # the sign stands where the lines of text begin
        self.head.addWidget(self.toggle)
        self.head.addStretch(1)
        layout = column(self, 0, SPACE // 2)
        layout.addLayout(self.head)
        layout.addWidget(self._frame)
        theme.changed.connect(lambda: self.fold(self.is_open))
        self.fold(opened=False)
        self.set_title(title)

    @property
    def is_open(self) -> bool:
        return self.toggle.isChecked()

    @property
    def title(self) -> str:
        return self._title

    def set_title(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self.toggle.setText(title)
            self._name()

    def fold(self, opened: bool) -> None:
        self.toggle.setChecked(opened)
        self._theme.tint(self.toggle, "next" if opened else "expand", "muted", size_px=ICON_PX)
        self._frame.setVisible(opened)
        self._name()

    def _choose(self) -> None:
        self.fold(self.toggle.isChecked())
        self.chosen.emit(self.is_open)

    def _name(self) -> None:
        state = tr("shown") if self.toggle.isChecked() else tr("folded")
        self.toggle.setAccessibleName(f"{self._title}, {state}")
