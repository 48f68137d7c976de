"""Folders, files and models dragged over the window and dropped there, and the overlay that announces them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from core.i18n import ngettext, tr
from gui.style.sheet import SPACE
from gui.style.theme import Theme

_DRAG_EVENTS = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.DragLeave, QEvent.Type.Drop)


@dataclass(frozen=True, slots=True)
class DroppedPaths:
    """Dropped paths by what they are used for. Only the names are looked at: the files are read on workers."""

    documents: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()

    @classmethod
    def from_mime_data(cls, mime: QMimeData) -> DroppedPaths:
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile() and url.toLocalFile()]
        return cls.from_paths(paths)

    @classmethod
    def from_paths(cls, paths: Sequence[Path]) -> DroppedPaths:
        models = tuple(path for path in paths if path.suffix.casefold() == ".gguf")
        return cls(tuple(path for path in paths if path not in models), models)

    def __bool__(self) -> bool:
        return bool(self.documents or self.models)

    @property
    def caption(self) -> str:
        """What dropping them would do."""
        if self.models and not self.documents:
            return tr("Drop to use this model")
        if len(self.documents) == 1:
            return tr("Drop to add “{name}”", name=self.documents[0].name)
        return ngettext("Drop to add {n} folder or file", "Drop to add {n} folders and files", len(self.documents))


class DropOverlay(QWidget):
    """Covers its parent while something that can be used is dragged over it. Emits the paths that are `dropped`."""

    dropped = Signal(list)  # of Path, models first

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._covered = parent
        self._caption = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        parent.setAcceptDrops(True)
        parent.installEventFilter(self)
        self.hide()

    @property
    def caption(self) -> str:
        return self._caption

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle each drag over the parent before its other widgets do."""
        kind = event.type()
        if watched is not self._covered or kind not in _DRAG_EVENTS:
            return False
        if kind == QEvent.Type.DragLeave or not isinstance(event, QDropEvent):
            self.hide()
            return False
        paths = DroppedPaths.from_mime_data(event.mimeData())
        if kind == QEvent.Type.Drop:
            self.hide()
        if not paths:
            return False
        event.acceptProposedAction()
        if kind == QEvent.Type.Drop:
            self.dropped.emit([*paths.models, *paths.documents])
        elif not self.isVisible():
            self.show_for(paths)
        return True

    def show_for(self, paths: DroppedPaths) -> None:
        self._caption = paths.caption
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        background = QColor(colours.canvas)
        background.setAlphaF(0.86)
        painter.fillRect(self.rect(), background)
        painter.setPen(QPen(QColor(colours.accent), 3, Qt.PenStyle.DashLine))
        fill = QColor(colours.accent_soft)
        fill.setAlphaF(0.7)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(*(2 * SPACE,) * 2, *(-2 * SPACE,) * 2), 16, 16)
        font = QFont(self.font())
        font.setPointSizeF(self._theme.base_pt * 1.6)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._caption)
        painter.end()
