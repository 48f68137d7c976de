"""The dialog of models: for answers, for search, for ranking, each with what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from core.i18n import tr
from gui.models.actions import ModelActions
from gui.models.card import ModelCard
from gui.models.situation import Kind, ModelSituation
from gui.style.elements import column, label
from gui.style.sheet import SPACE
from gui.style.theme import Theme

WIDTH = 560


class ModelsDialog(QDialog):
    """Stays open while a download runs; closing it does not stop one."""

    file_wanted = Signal()

    def __init__(self, theme: Theme, actions: ModelActions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Models"))
        self.setMinimumWidth(WIDTH)
        self.cards = {kind: ModelCard(theme, kind, always=True) for kind in Kind}
        layout = column(self, 3 * SPACE, SPACE)
        titles = {
            Kind.CHAT: tr("Language model"),
            Kind.EMBEDDER: tr("Search model"),
            Kind.RERANKER: tr("Ranking model"),
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
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        actions.changed.connect(self._show)

    def _show(self, situation: ModelSituation) -> None:
        self.cards[situation.kind].show_situation(situation)
