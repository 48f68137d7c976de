"""The line at the bottom of the window: what is being indexed, how it stands with the documents and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from core.i18n import ngettext, tr
from gui import words
from gui.models.situation import ModelSituation, SituationKind
from gui.style.elements import ElidedLabel, push_button, row
from gui.style.sheet import SPACE

if TYPE_CHECKING:
    from core.domain.documents import IndexReport
    from gui.documents.actions import Indexing, LibraryActions
    from gui.documents.tree import LibraryTree


class StatusBar(QStatusBar):
    """Shows what happens now; its buttons lead to where something can be done about it."""

    stop_wanted = Signal()
    pause_wanted = Signal()
    skipped_wanted = Signal()
    models_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setContentsMargins(SPACE, 0, SPACE, 0)
        self._tree: LibraryTree | None = None
        self._indexing: Indexing | None = None
        self._report: IndexReport | None = None
        self.text = ElidedLabel("", "muted")
        self.text.setAccessibleName(tr("What happens now"))
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(16 * SPACE)
        self.progress.setAccessibleName(tr("Indexing progress"))
        self._paused = False
        self.pause = push_button(tr("Pause"), self.pause_wanted.emit, "quiet")
        self.stop = push_button(tr("Stop"), self.stop_wanted.emit, "quiet")
        self.stop.setAccessibleName(tr("Stop indexing"))
        self.skipped = push_button("", self.skipped_wanted.emit, "link")
        left = QWidget()
        line = row(left, 0, SPACE)
        line.setContentsMargins(SPACE, 2, 0, 2)
        line.addWidget(self.text)
        for widget in (self.progress, self.pause, self.stop, self.skipped):
            line.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addStretch(1)
        self.addWidget(left, 1)
        self.model = push_button("", self.models_wanted.emit, "quiet")
        self.addPermanentWidget(self.model)
        self.show_opening()

    def follow(self, library: LibraryActions) -> None:
        """Show what the library does from here on."""
        library.tree_changed.connect(self.show_tree)
        library.indexing_changed.connect(self.show_indexing)
        library.indexed.connect(self.show_report)
        library.paused_changed.connect(self.show_paused)

    def show_opening(self) -> None:
        self.clear_all()
        self.text.setText(tr("Opening the library…"))

    def clear_all(self) -> None:
        self.text.setText("")
        for widget in (self.progress, self.pause, self.stop, self.skipped, self.model):
            widget.hide()

    def show_tree(self, tree: LibraryTree) -> None:
        self._tree = tree
        self._show()

    def show_indexing(self, indexing: Indexing | None) -> None:
        self._indexing = indexing
        self._show()

    def show_paused(self, paused: bool) -> None:
        self._paused = paused
        self._show()

    def show_report(self, report: IndexReport) -> None:
        self._report = report
        self._show()

    def show_model(self, situation: ModelSituation) -> None:
        """The state of the language model, in two or three words."""
        if situation.kind is not SituationKind.CHAT or situation.status is None:
            return
        self.model.setText(_model_words(situation))
        self.model.setAccessibleName(tr("Models: {state}", state=self.model.text()))
        self.model.setToolTip(tr("Show the models"))
        self.model.show()

    def _show(self) -> None:
        indexing = self._indexing
        self.progress.setVisible(indexing is not None)
        self.stop.setVisible(indexing is not None)
        held = indexing is not None and indexing.held in _GO_ON
        self.pause.setVisible(indexing is not None or self._paused)
        self.pause.setText(tr("Go on") if self._paused or held else tr("Pause"))
        self.pause.setAccessibleName(tr("Go on indexing") if self._paused or held else tr("Pause indexing"))
        skipped = self._tree.skipped + len(self._tree.notes) if self._tree else 0
        self.skipped.setVisible(skipped > 0)
        self.skipped.setText(ngettext("{n} skipped", "{n} skipped", skipped))
        self.skipped.setAccessibleName(ngettext("{n} file skipped: show why", "{n} files skipped: show why", skipped))
        if indexing is None:
            rest = _rest_words(self._tree) if self._tree else ""
            self.text.setText(tr("Paused · {rest}", rest=rest) if self._paused and rest else rest)
            return
        self.stop.setEnabled(not indexing.stopping)
        rests = held or self._paused
        self.progress.setRange(0, indexing.total or (1 if rests else 0))  # without a range, it moves to and fro
        self.progress.setValue(indexing.done)
        self.text.setText(_indexing_words(indexing, self._paused))
        self.text.setToolTip(indexing.detail)


_GO_ON = ("paused", "battery", "heat")  # what a person may overrule


def _rest_words(tree: LibraryTree) -> str:
    if not tree.folders:
        return tr("No documents yet")
    text = ngettext("{n} document ready", "{n} documents ready", tree.indexed)
    if tree.waiting:
        return " · ".join((text, ngettext("{n} waiting", "{n} waiting", tree.waiting)))
    return text


def _indexing_words(indexing: Indexing, paused: bool) -> str:
    if indexing.stopping:
        return tr("Stopping…")
    waits = tr("Paused") if paused else _why(indexing)
    if waits:
        return " · ".join((waits, _how_far(indexing))) if indexing.total else waits
    if not indexing.total:
        return tr("Looking for documents…")
    pages = ngettext("{n} page", "{n} pages", indexing.pages) if indexing.pages else ""
    return " · ".join(part for part in (_how_far(indexing), pages, words.time_left(indexing.seconds_left)) if part)


def _why(indexing: Indexing) -> str:
    """What it waits for; "" if for nothing, or for a question that is being answered."""
    if indexing.held == "battery":
        return tr("Waiting: on battery")
    return tr("Waiting: the processor is hot") if indexing.held == "heat" else ""


def _how_far(indexing: Indexing) -> str:
    counted = {"done": words.count(indexing.done), "all": words.count(indexing.total)}
    if indexing.unit == "passages":
        return tr("Preparing search by meaning: {done} of {all} passages", **counted)
    if indexing.unit == "passages anew":
        return tr("Preparing search by the new model: {done} of {all} passages", **counted)
    return tr("Reading documents: {done} of {all}", **counted)


def _model_words(situation: ModelSituation) -> str:
    if situation.download is not None:
        progress = situation.download
        percent = int(100 * progress.done / progress.total) if progress.total else 0
        return tr("Downloading the model, {percent} %", percent=percent)
    if situation.loading is not None:
        progress = situation.loading
        if not progress.total:
            return tr("Loading the model…")
        return tr("Loading the model, {percent} %", percent=int(100 * progress.done / progress.total))
    if not situation.ready:
        return tr("No language model")
    return tr("Model in memory") if situation.loaded else tr("Model ready")
