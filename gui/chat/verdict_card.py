"""The application's verdict on an answer that is not fully supported, and the nearest passages if nothing answers."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from core.chat.messages import verdict_text
from core.domain.conversation import AnswerCheck, Verdict
from core.domain.documents import Citation
from core.i18n import tr
from gui.chat.sources import SourceList
from gui.style.elements import card, column, label, row
from gui.style.icons import pixmap
from gui.style.sheet import SPACE
from gui.style.theme import Theme

ICON_PX = 18


class VerdictCard(QWidget):
    """Hidden if every cited sentence is supported, or none was checked."""

    passage_opened = Signal(int)  # index in `passages`

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
        self.nearest = SourceList(theme)
        self.nearest.source_opened.connect(self.passage_opened)
        layout = column(self, 0, SPACE)
        layout.addWidget(frame)
        layout.addWidget(self.nearest)
        theme.changed.connect(self._draw_icon)
        self._draw_icon()
        self.hide()

    @property
    def passages(self) -> tuple[Citation, ...]:
        """The nearest passages."""
        return tuple(row.citation for row in self.nearest.rows)

    def show_check(self, check: AnswerCheck | None) -> None:
        text = verdict_text(check.verdict) if check is not None else ""
        self.text.setText(text)
        unanswered = check is not None and check.verdict is Verdict.NOT_IN_DOCUMENTS
        nearest = check.nearest if check is not None and unanswered else ()
        self.nearest.show_citations(nearest, tr("Nearest passages"))
        self.setVisible(bool(text))

    def _draw_icon(self) -> None:
        self._icon.setPixmap(pixmap("warning", self._theme.colours.warning, ICON_PX, self.devicePixelRatioF()))
