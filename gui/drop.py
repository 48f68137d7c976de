"""What is dropped on the window: folders and files to index, models to use; and the sign that it may be dropped."""

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

_DRAGGING = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.DragLeave, QEvent.Type.Drop)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a drop brings, told by names alone: nothing is read before a worker does."""

    documents: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()

    @classmethod
    def of(cls, mime: QMimeData) -> Dropped:
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile() and url.toLocalFile()]
        return cls.of_paths(paths)

    @classmethod
    def of_paths(cls, paths: Sequence[Path]) -> Dropped:
        models = tuple(path for path in paths if path.suffix.casefold() == ".gguf")
        return cls(tuple(path for path in paths if path not in models), models)

    def __bool__(self) -> bool:
        return bool(self.documents or self.models)

    @property
    def words(self) -> str:
        if self.models and not self.documents:
            return tr("Drop to use this model")
        if len(self.documents) == 1:
            return tr("Drop to add “{name}”", name=self.documents[0].name)
        return ngettext("Drop to add {n} folder or file", "Drop to add {n} folders and files", len(self.documents))


class DropSign(QWidget):
    """Covers the window while something that can be used is held over it. `dropped` carries the paths let go there."""

    dropped = Signal(list)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._covered = parent
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        parent.setAcceptDrops(True)
        parent.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        return self._words

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes part in every drag over the window, before its other widgets."""
        kind = event.type()
        if watched is not self._covered or kind not in _DRAGGING:
            return False
        if kind == QEvent.Type.DragLeave or not isinstance(event, QDropEvent):
            self.hide()
            return False
        held = Dropped.of(event.mimeData())
        if kind == QEvent.Type.Drop:
            self.hide()
        if not held:
            return False
        event.acceptProposedAction()
        if kind == QEvent.Type.Drop:
            self.dropped.emit([*held.models, *held.documents])
        elif not self.isVisible():
            self.show_for(held)
        return True

    def show_for(self, dropped: Dropped) -> None:
        self._words = dropped.words
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(colours.canvas)
        ground.setAlphaF(0.86)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(QColor(colours.accent), 3, Qt.PenStyle.DashLine))
        soft = QColor(colours.accent_soft)
        soft.setAlphaF(0.7)
        painter.setBrush(soft)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(*(2 * SPACE,) * 2, *(-2 * SPACE,) * 2), 16, 16)
        font = QFont(self.font())
        font.setPointSizeF(self._theme.base_pt * 1.6)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._words)
        painter.end()
