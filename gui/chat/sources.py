"""The numbered sources under an answer: where each points, and what the application found when it checked it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QLayout, QPushButton, QSizePolicy, QWidget

from core.chat.messages import support_label, support_text
from core.domain.documents import Citation, Support
from core.domain.locations import location_words, section_words
from core.i18n import ngettext, tr
from gui.documents.passage_references import document_title
from gui.style.elements import ElidedLabel, column, label, row
from gui.style.icons import pixmap
from gui.style.sheet import SPACE
from gui.style.theme import Theme

MARK_PX = 16


class SourceRow(QPushButton):
    """One source: its number, title and place, and what the check found. A button, so that keys reach it."""

    def __init__(self, theme: Theme, citation: Citation) -> None:
        super().__init__()
        self._theme = theme
        self.citation = citation
        self.setProperty("kind", "source")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        number = label(str(citation.number), "chip")
        number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = ElidedLabel(document_title(citation.path, citation.title))
        page = location_words(citation, citation.recognised)
        section = section_words(citation) or str(citation.path.parent)
        place = " · ".join(part for part in (page, section) if part)
        where = ElidedLabel(place, "small", Qt.TextElideMode.ElideRight)  # the page or the cells come first
        lines = column(None, 0, 0)
        lines.addWidget(title)
        lines.addWidget(where)
        self._mark = QLabel()
        self._mark_words = label(support_label(citation.support), "small")
        self._inside = layout = row(self, 0, SPACE)
        layout.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)  # else the sheet's, of a button of one line
        layout.addWidget(number, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(lines, 1)
        layout.addWidget(self._mark_words)
        layout.addWidget(self._mark)
        for widget in (number, title, where, self._mark, self._mark_words):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        found = support_text(citation.support)
        self.setToolTip("\n".join(part for part in (str(citation.path), found) if part))
        name = tr(
            "Source {number}: {title}", number=citation.number, title=document_title(citation.path, citation.title)
        )
        self.setAccessibleName(". ".join(part for part in (name, page, found) if part))
        theme.changed.connect(self._draw)
        self._draw()

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._inside.minimumSize()

    def _draw(self) -> None:
        colours = self._theme.colours
        name, colour = {
            Support.SUPPORTED: ("check", colours.accent),
            Support.WEAK: ("partly", colours.warning),
            Support.NOT_FOUND: ("warning", colours.danger),
        }.get(self.citation.support, ("", ""))
        if name:
            self._mark.setPixmap(pixmap(name, colour, MARK_PX, self.devicePixelRatioF()))


class Sources(QWidget):
    """The list. `opened` tells the index of the source to show."""

    opened = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[SourceRow] = []
        self._title = label("", "small")
        self._layout = column(self, 0, SPACE // 2)
        self._layout.addWidget(self._title)
        self.hide()

    def show_citations(self, citations: Sequence[Citation], title: str = "") -> None:
        """`title` stands above them instead of their number."""
        for old in self.rows:
            old.deleteLater()
        self.rows = []
        for at, citation in enumerate(citations):
            made = SourceRow(self._theme, citation)
            made.clicked.connect(lambda checked=False, at=at: self.opened.emit(at))
            self._layout.addWidget(made)
            self.rows.append(made)
        self._title.setText(title or ngettext("{n} source", "{n} sources", len(citations)))
        self.setVisible(bool(citations))
