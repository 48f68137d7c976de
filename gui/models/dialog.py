"""The models dialog: language, search and ranking model, each with what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QScrollArea, QWidget

from core.engines.model_availability import ModelAvailability, ModelKind
from core.i18n import tr
from gui.models.actions import ModelActions
from gui.models.card import ModelCard
from gui.style.elements import column, label
from gui.style.sheet import SPACE
from gui.style.theme import Theme

WIDTH = 560
MAX_SCREEN_SHARE = 0.9
"""Of the screen's height; a dialog that needs more scrolls."""


class ModelsDialog(QDialog):
    """Stays open while a download runs; closing it does not stop one."""

    file_wanted = Signal()

    def __init__(self, theme: Theme, actions: ModelActions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Models"))
        self.setMinimumWidth(WIDTH)
        self.cards = {kind: ModelCard(theme, kind, always_visible=True) for kind in ModelKind}
        inside = QWidget()
        inside.setObjectName("canvas")
        self._column = layout = column(inside, 3 * SPACE, SPACE)
        titles = {
            ModelKind.CHAT: tr("Language model"),
            ModelKind.EMBEDDER: tr("Search model"),
            ModelKind.RERANKER: tr("Ranking model"),
        }
        for kind, title in titles.items():
            layout.addWidget(label(title, "title"))
            card = self.cards[kind]
            card.download_wanted.connect(lambda kind=kind: actions.download(kind))
            card.pause_wanted.connect(lambda kind=kind: actions.pause(kind))
            card.stop_wanted.connect(actions.stop_loading)
            card.file_wanted.connect(self.file_wanted)
            card.found_copy_wanted.connect(actions.adopt)
            card.show_availability(actions.availability(kind))
            layout.addWidget(card)
            layout.addSpacing(SPACE)
        layout.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._buttons.rejected.connect(self.reject)
        self._buttons.setContentsMargins(3 * SPACE, SPACE, 3 * SPACE, 3 * SPACE)
        outer = column(self, 0, 0)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self._buttons)
        actions.changed.connect(self._show)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_height()

    def _show(self, availability: ModelAvailability) -> None:
        self.cards[availability.kind].show_availability(availability)
        QTimer.singleShot(0, self, self._fit_height)  # once the texts are laid out

    def _fit_height(self) -> None:
        """Grow to the height that the texts need and the screen allows; never shrink what a person has resized."""
        wanted = self._column.totalHeightForWidth(self._scroll.viewport().width()) + self._buttons.sizeHint().height()
        largest = int(self.screen().availableGeometry().height() * MAX_SCREEN_SHARE)
        if self.height() < (height := min(wanted, largest)):
            self.resize(self.width(), height)
