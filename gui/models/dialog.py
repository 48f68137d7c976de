"""The dialog of models: for answers, for search, for ranking, each with what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QScrollArea, QWidget

from core.i18n import tr
from gui.models.actions import ModelActions
from gui.models.card import ModelCard
from gui.models.situation import ModelSituation, SituationKind
from gui.style.elements import column, label
from gui.style.sheet import SPACE
from gui.style.theme import Theme

WIDTH = 560
OF_SCREEN = 0.9
"""Of a screen's height, what the dialog may take; what does not fit is scrolled to."""


class ModelsDialog(QDialog):
    """Stays open while a download runs; closing it does not stop one."""

    file_wanted = Signal()

    def __init__(self, theme: Theme, actions: ModelActions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Models"))
        self.setMinimumWidth(WIDTH)
        self.cards = {kind: ModelCard(theme, kind, always=True) for kind in SituationKind}
        inside = QWidget()
        inside.setObjectName("canvas")
        self._column = layout = column(inside, 3 * SPACE, SPACE)
        titles = {
            SituationKind.CHAT: tr("Language model"),
            SituationKind.EMBEDDER: tr("Search model"),
            SituationKind.RERANKER: tr("Ranking model"),
        }
        for kind, words in titles.items():
            layout.addWidget(label(words, "title"))
            made = self.cards[kind]
            made.download_wanted.connect(lambda kind=kind: actions.download(kind))
            made.pause_wanted.connect(lambda kind=kind: actions.pause(kind))
            made.stop_wanted.connect(actions.stop_loading)
            made.file_wanted.connect(self.file_wanted)
            made.found_wanted.connect(actions.adopt)
            made.show_situation(actions.situation(kind))
            layout.addWidget(made)
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
        whole = column(self, 0, 0)
        whole.addWidget(self._scroll, 1)
        whole.addWidget(self._buttons)
        actions.changed.connect(self._show)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._grow()

    def _show(self, situation: ModelSituation) -> None:
        self.cards[situation.kind].show_situation(situation)
        QTimer.singleShot(0, self, self._grow)  # once the texts are laid out

    def _grow(self) -> None:
        """Be as high as the texts need, as far as the screen allows; never smaller than somebody made it."""
        wanted = self._column.totalHeightForWidth(self._scroll.viewport().width()) + self._buttons.sizeHint().height()
        most = int(self.screen().availableGeometry().height() * OF_SCREEN)
        if self.height() < (height := min(wanted, most)):
            self.resize(self.width(), height)
