"""The numbered sources under an answer: the location of each, and the support that the check found."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QLayout, QPushButton, QSizePolicy, QWidget

from core.chat.messages import support_label, support_text
from core.domain.documents import Citation, Support
from core.domain.locations import location_words, section_words
from core.i18n import ngettext, tr
from gui.documents.passage_references import document_title
from gui.style.elements import ElidedLabel, column, label, plain_tool_tip, row
from gui.style.icons import pixmap
from gui.style.sheet import SPACE
from gui.style.theme import Theme

ICON_PX = 16


class SourceRow(QPushButton):
    """One source: number, title, location and support. A button, so that it can be reached with the keyboard."""

    def __init__(self, theme: Theme, citation: Citation) -> None:
        super().__init__()
        self._theme = theme
        self.citation = citation
        self.setProperty("kind", "source")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        number = label(str(citation.number), "chip")
        number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        document = document_title(citation.path, citation.title)
        title = ElidedLabel(document)
        page = location_words(citation, citation.recognised)
        section = section_words(citation) or str(citation.path.parent)
        location = " · ".join(filter(None, (page, section)))
        subtitle = ElidedLabel(location, "small", Qt.TextElideMode.ElideRight)  # the page or the cells come first
        lines = column(None, 0, 0)
        lines.addWidget(title)
        lines.addWidget(subtitle)
        self._support_icon = QLabel()
        self._support_label = label(support_label(citation.support), "small")
        self._layout = layout = row(self, 0, SPACE)
        layout.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)  # the style sheet's is that of one line
        layout.addWidget(number, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(lines, 1)
        layout.addWidget(self._support_label)
        layout.addWidget(self._support_icon)
        for widget in (number, title, subtitle, self._support_icon, self._support_label):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        support = support_text(citation.support)
        self.setToolTip(plain_tool_tip("\n".join(part for part in (str(citation.path), support) if part)))
        name = tr("Source {number}: {title}", number=citation.number, title=document)
        self.setAccessibleName(". ".join(part for part in (name, page, support) if part))
        theme.changed.connect(self._draw_icon)
        self._draw_icon()

    def sizeHint(self) -> QSize:
        return self._layout.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._layout.minimumSize()

    def _draw_icon(self) -> None:
        colours = self._theme.colours
        name, colour = {
            Support.SUPPORTED: ("check", colours.accent),
            Support.WEAK: ("partly", colours.warning),
            Support.NOT_FOUND: ("warning", colours.danger),
        }.get(self.citation.support, ("", ""))
        if name:
            self._support_icon.setPixmap(pixmap(name, colour, ICON_PX, self.devicePixelRatioF()))


class SourceList(QWidget):
    """Hidden while there are no citations."""

    source_opened = Signal(int)  # index in `rows`

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[SourceRow] = []
        self._title = label("", "small")
        self._layout = column(self, 0, SPACE // 2)
        self._layout.addWidget(self._title)
        self.hide()

    def show_citations(self, citations: Sequence[Citation], title: str = "") -> None:
        """Show `citations` under `title`, or under their number if it is empty."""
        for old in self.rows:
            old.deleteLater()
        self.rows = []
        for index, citation in enumerate(citations):
            source = SourceRow(self._theme, citation)
            source.clicked.connect(lambda checked=False, index=index: self.source_opened.emit(index))
            self._layout.addWidget(source)
            self.rows.append(source)
        self._title.setText(title or ngettext("{n} source", "{n} sources", len(citations)))
        self.setVisible(bool(citations))
