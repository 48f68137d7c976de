"""A message's text: as tall as its content, selectable, safe. Loads nothing, opens nothing by itself."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QHelpEvent, QResizeEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QToolTip

from core.chat.messages import support_text
from gui.chat.markdown_source import cited


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

    def tip_at(self, address: str) -> str:
        """What the pointer is told over a link: what the check of a citation found, where a web link leads."""
        found = cited(address)
        return support_text(found[1]) if found is not None else address

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(self.anchorAt(event.pos())), self)
            return True
        return super().viewportEvent(event)

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
        if (found := cited(address.toString())) is not None:
            self.cited.emit(found[0])
        elif address.scheme() in ("http", "https"):
            self.linked.emit(address)
