"""The text of a message: as tall as its content, selectable. Loads nothing and opens no link by itself."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QHelpEvent, QResizeEvent, QTextCharFormat, QTextCursor, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QToolTip

from core.chat.answer_markdown import parse_citation_link
from core.chat.messages import support_text

LONGEST_LINE = 4000
"""Characters of a line of plain text."""


class MessageText(QTextBrowser):
    """Read-only rich text with links: citations and web addresses."""

    citation_clicked = Signal(int)  # number of the source
    link_clicked = Signal(QUrl)  # http or https

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUndoRedoEnabled(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(lambda size: self._fit_height())
        self.anchorClicked.connect(self._anchor_clicked)
        self.setFixedHeight(self.fontMetrics().height())

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Load nothing: no file or address in a message is ever read."""
        return None

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.fontMetrics().height())

    def tooltip_for(self, address: str) -> str:
        """The tooltip of a link: what the check of a citation found, or where a web link leads."""
        citation = parse_citation_link(address)
        return support_text(citation[1]) if citation is not None else address

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tooltip_for(self.anchorAt(event.pos())), self)
            return True
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # so that the list of messages scrolls

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            super().resizeEvent(event)
            self._fit_height()
        else:  # taller only: Qt would lay out the whole document again, for nothing
            self.verticalScrollBar().setRange(0, 0)

    def append_plain(self, text: str, char_format: QTextCharFormat) -> None:
        """Add `text` at the end as it is. A line of thousands of characters is broken, since every piece of it would
        lay out all of it again."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        room = LONGEST_LINE - cursor.block().length()
        cursor.beginEditBlock()
        for number, line in enumerate(text.split("\n")):
            if number:
                cursor.insertBlock()
                room = LONGEST_LINE
            while len(line) > room:
                cursor.insertText(line[: max(0, room)], char_format)
                cursor.insertBlock()
                line, room = line[max(0, room) :], LONGEST_LINE
            cursor.insertText(line, char_format)
            room -= len(line)
        cursor.endEditBlock()

    def _fit_height(self) -> None:
        height = max(self.fontMetrics().height(), int(self.document().size().height() + 0.999))
        if height != self.height():
            self.setFixedHeight(height)

    def _anchor_clicked(self, address: QUrl) -> None:
        if (citation := parse_citation_link(address.toString())) is not None:
            self.citation_clicked.emit(citation[0])
        elif address.scheme() in ("http", "https"):
            self.link_clicked.emit(address)
