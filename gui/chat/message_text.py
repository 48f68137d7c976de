"""A message's text: as tall as its content, selectable, safe. Loads nothing, opens nothing by itself."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QResizeEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from gui.chat.markdown_source import CITE


class MessageText(QTextBrowser):
    """`cited` tells the number of a clicked citation, `linked` the address of a clicked web link."""

    cited = Signal(int)
    linked = Signal(QUrl)

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
        self.document().documentLayout().documentSizeChanged.connect(lambda size: self._fit())
        self.anchorClicked.connect(self._clicked)
        self.setFixedHeight(self.fontMetrics().height())

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Nothing: neither a file nor an address that stands in a message is ever read."""
        return None

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.fontMetrics().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the list of messages scrolls, not a message

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            super().resizeEvent(event)
            self._fit()
        else:  # grown by a line: Qt would lay out the whole document anew, for nothing
            self.verticalScrollBar().setRange(0, 0)

    def _fit(self) -> None:
        height = max(self.fontMetrics().height(), int(self.document().size().height() + 0.999))
        if height != self.height():
            self.setFixedHeight(height)

    def _clicked(self, address: QUrl) -> None:
        text = address.toString()
        if text.startswith(CITE) and text.removeprefix(CITE).isdigit():
            self.cited.emit(int(text.removeprefix(CITE)))
        elif address.scheme() in ("http", "https"):
            self.linked.emit(address)
