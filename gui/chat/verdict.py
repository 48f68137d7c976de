"""The application's own word on an answer, where the sources do not speak for themselves, and the nearest passages."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from core.chat.messages import verdict_text
from core.domain.conversation import AnswerCheck, Verdict
from core.domain.documents import Citation
from core.i18n import tr
from gui.chat.sources import Sources
from gui.style.elements import card, column, label, row
from gui.style.icons import pixmap
from gui.style.sheet import SPACE
from gui.style.theme import Theme

ICON_PX = 18


class VerdictCard(QWidget):
    """Hidden where there is nothing to say. `opened` tells which of the nearest passages to show."""

    opened = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        frame, inside = card("warning", margin=int(1.5 * SPACE))
        line = row(spacing=SPACE)
        self._icon = QLabel()
        self.text = label("", wrap=True)
        line.addWidget(self._icon)
        line.addWidget(self.text, 1)
        inside.addLayout(line)
        self.nearest = Sources(theme)
        self.nearest.opened.connect(self.opened)
        layout = column(self, 0, SPACE)
        layout.addWidget(frame)
        layout.addWidget(self.nearest)
        theme.changed.connect(self._draw)
        self._draw()
        self.hide()

    @property
    def passages(self) -> tuple[Citation, ...]:
        return tuple(one.citation for one in self.nearest.rows)

    def show_judgement(self, judgement: AnswerCheck | None) -> None:
        words = verdict_text(judgement.verdict) if judgement is not None else ""
        self.text.setText(words)
        missing = judgement is not None and judgement.verdict is Verdict.NOT_IN_DOCUMENTS
        nearest = judgement.nearest if judgement is not None and missing else ()
        self.nearest.show_citations(nearest, tr("Nearest passages"))
        self.setVisible(bool(words))

    def _draw(self) -> None:
        self._icon.setPixmap(pixmap("warning", self._theme.colours.warning, ICON_PX, self.devicePixelRatioF()))
