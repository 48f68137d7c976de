"""The line at the bottom of the window: what is being indexed, how it stands with the documents and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from core.i18n import ngettext, tr
from gui import words
from gui.models.situation import Kind, ModelSituation
from gui.style.elements import ElidedLabel, push_button, row
from gui.style.sheet import SPACE

if TYPE_CHECKING:
    from core.values import IndexReport
    from gui.documents.actions import Indexing
    from gui.documents.tree import LibraryTree


class StatusBar(QStatusBar):
    """Shows what happens now; its buttons lead to where something can be done about it."""

    stop_wanted = Signal()
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
        self.stop = push_button(tr("Stop"), self.stop_wanted.emit, "quiet")
        self.stop.setAccessibleName(tr("Stop indexing"))
        self.skipped = push_button("", self.skipped_wanted.emit, "link")
        left = QWidget()
        line = row(left, 0, SPACE)
        line.setContentsMargins(SPACE, 2, 0, 2)
        line.addWidget(self.text)
        for widget in (self.progress, self.stop, self.skipped):
            line.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addStretch(1)
        self.addWidget(left, 1)
        self.model = push_button("", self.models_wanted.emit, "quiet")
        self.addPermanentWidget(self.model)
        self.show_opening()

    def show_opening(self) -> None:
        self.clear_all()
        self.text.setText(tr("Opening the library…"))

    def clear_all(self) -> None:
        self.text.setText("")
        for widget in (self.progress, self.stop, self.skipped, self.model):
            widget.hide()

    def show_tree(self, tree: LibraryTree) -> None:
        self._tree = tree
        self._show()

    def show_indexing(self, indexing: Indexing | None) -> None:
        self._indexing = indexing
        self._show()

    def show_report(self, report: IndexReport) -> None:
        self._report = report
        self._show()

    def show_model(self, situation: ModelSituation) -> None:
        """The state of the language model, in two or three words."""
        if situation.kind is not Kind.CHAT or situation.status is None:
            return
        self.model.setText(_model_words(situation))
        self.model.setAccessibleName(tr("Models: {state}", state=self.model.text()))
        self.model.setToolTip(tr("Show the models"))
        self.model.show()

    def _show(self) -> None:
        indexing = self._indexing
        self.progress.setVisible(indexing is not None)
        self.stop.setVisible(indexing is not None)
        skipped = self._tree.skipped if self._tree else 0
        self.skipped.setVisible(skipped > 0)
        self.skipped.setText(ngettext("{n} skipped", "{n} skipped", skipped))
        self.skipped.setAccessibleName(ngettext("{n} file skipped: show why", "{n} files skipped: show why", skipped))
        if indexing is None:
            self.text.setText(_rest_words(self._tree) if self._tree else "")
            return
        self.stop.setEnabled(not indexing.stopping)
        self.progress.setRange(0, indexing.total)
        self.progress.setValue(indexing.done)
        self.text.setText(_indexing_words(indexing))
        self.text.setToolTip(indexing.detail)


def _rest_words(tree: LibraryTree) -> str:
    if not tree.folders:
        return tr("No documents yet")
    text = ngettext("{n} document ready", "{n} documents ready", tree.indexed)
    if tree.waiting:
        return f"{text} · {ngettext('{n} waiting', '{n} waiting', tree.waiting)}"
    return text


def _indexing_words(indexing: Indexing) -> str:
    if indexing.stopping:
        return tr("Stopping…")
    if not indexing.total:
        return tr("Looking for documents…")
    counted = {"done": words.count(indexing.done), "all": words.count(indexing.total)}
    if indexing.unit == "passages":
        text = tr("Preparing search by meaning: {done} of {all} passages", **counted)
    else:
        text = tr("Reading documents: {done} of {all}", **counted)
    return " · ".join(part for part in (text, words.time_left(indexing.seconds_left)) if part)


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
