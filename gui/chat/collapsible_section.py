"""A section that opens and closes below its title: the reasoning, the context of an answer, a tool call."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from core.i18n import tr
from gui.style.elements import column, row
from gui.style.sheet import SPACE
from gui.style.theme import Theme

ICON_PX = 14
ICON_MARGIN_PX = 6


class CollapsibleSection(QWidget):
    """Closed at first. Subclasses put widgets into the layout `content`, and more buttons into `header`."""

    toggled_by_user = Signal(bool)  # True if it was opened

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
        self.toggle.clicked.connect(self._toggle_by_user)
        self._frame = QFrame()
        self._frame.setProperty("card", "quote")
        self.content: QVBoxLayout = column(self._frame, 0, SPACE // 2)
        self.content.setContentsMargins(int(1.5 * SPACE), 0, 0, 0)
        self.header: QHBoxLayout = row()
        self.header.setContentsMargins(-ICON_MARGIN_PX, 0, 0, 0)  # aligns the icon with the text above and below
        self.header.addWidget(self.toggle)
        self.header.addStretch(1)
        layout = column(self, 0, SPACE // 2)
        layout.addLayout(self.header)
        layout.addWidget(self._frame)
        theme.changed.connect(lambda: self.set_open(self.is_open))
        self.set_open(opened=False)
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
            self._update_accessible_name()

    def set_open(self, opened: bool) -> None:
        self.toggle.setChecked(opened)
        self._theme.tint(self.toggle, "next" if opened else "expand", "muted", size_px=ICON_PX)
        self._frame.setVisible(opened)
        self._update_accessible_name()

    def _toggle_by_user(self) -> None:
        self.set_open(self.toggle.isChecked())
        self.toggled_by_user.emit(self.is_open)

    def _update_accessible_name(self) -> None:
        state = tr("shown") if self.toggle.isChecked() else tr("folded")
        self.toggle.setAccessibleName(f"{self._title}, {state}")
