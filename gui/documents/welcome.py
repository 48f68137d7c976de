"""What the document pane shows while the library is empty: how to add documents, and the user guide to try it on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from core.i18n import tr
from gui.style.elements import card, column, label, push_button
from gui.style.icons import pixmap
from gui.style.sheet import SPACE
from gui.style.theme import Theme

PICTURE_PX = 48


class Welcome(QWidget):
    """Emits what a person chooses: to add a folder, or the user guide."""

    add_wanted = Signal()
    guide_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._picture.setMinimumSize(QSize(PICTURE_PX, PICTURE_PX))
        frame, inside = card("drop", margin=3 * SPACE, spacing=SPACE)
        title = label(tr("Drop a folder here"), "title", wrap=True)
        text = label(
            tr(
                "Papermoor reads the documents in it: text, PDF, Office files, e-mail, pictures and more. "
                "They stay on this computer."
            ),
            "muted",
            wrap=True,
        )
        self.add = push_button(tr("Add a folder…"), self.add_wanted.emit, "primary")
        self.guide = push_button(tr("Try it on the user guide"), self.guide_wanted.emit, "link")
        inside.addStretch(1)
        inside.addWidget(self._picture)
        for line in (title, text):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            inside.addWidget(line)
        inside.addSpacing(SPACE)
        inside.addWidget(self.add, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addWidget(self.guide, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(2)
        layout = column(self, 0)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        layout.addWidget(frame, 1)
        theme.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self._picture.setPixmap(pixmap("folder-add", self._theme.colours.accent, PICTURE_PX, self.devicePixelRatioF()))
