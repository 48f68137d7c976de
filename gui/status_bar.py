"""The status bar: indexing under way, the number of documents, and the state of the language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from core.engines.model_availability import ModelAvailability, ModelKind
from core.i18n import ngettext, tr
from gui import number_formats
from gui.style.elements import ElidedLabel, plain_tool_tip, push_button, row
from gui.style.sheet import SPACE
from models.progress import Progress

if TYPE_CHECKING:
    from core.library.document_tree import LibraryTree
    from core.library.indexing_status import IndexingStatus
    from gui.documents.actions import LibraryActions


class StatusBar(QStatusBar):
    """Shows what happens now; its buttons lead to what can be done about it."""

    stop_wanted = Signal()
    pause_wanted = Signal()
    skipped_wanted = Signal()
    models_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setContentsMargins(SPACE, 0, SPACE, 0)
        self._tree: LibraryTree | None = None
        self._indexing: IndexingStatus | None = None

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
        """Show what `library` does from now on."""
        library.tree_changed.connect(self.show_tree)
        library.indexing_changed.connect(self.show_indexing)
        library.paused_changed.connect(self.show_paused)

    def show_opening(self) -> None:
        self.clear_all()
        self.text.setText(tr("Opening the library…"))

    def show_converting(self, progress: Progress) -> None:
        """Show how far the library is read and written anew, before it is open."""
        if progress.total:
            percent = 100 * progress.done // progress.total
            self.text.setText(tr("Opening the library: {percent} % rewritten…", percent=percent))

    def clear_all(self) -> None:
        self.text.setText("")
        for widget in (self.progress, self.pause, self.stop, self.skipped, self.model):
            widget.hide()

    def show_tree(self, tree: LibraryTree) -> None:
        self._tree = tree
        self._show()

    def show_indexing(self, indexing: IndexingStatus | None) -> None:
        self._indexing = indexing
        self._show()

    def show_paused(self, paused: bool) -> None:
        self._paused = paused
        self._show()

    def show_model(self, availability: ModelAvailability) -> None:
        """Show the state of the language model, in two or three words."""
        if availability.kind is not ModelKind.CHAT or availability.status is None:
            return
        self.model.setText(_model_text(availability))
        self.model.setAccessibleName(tr("Models: {state}", state=self.model.text()))
        self.model.setToolTip(tr("Show the models"))
        self.model.show()

    def _show(self) -> None:
        indexing = self._indexing
        self._show_skipped()
        self.progress.setVisible(indexing is not None)
        self.stop.setVisible(indexing is not None)
        self.pause.setVisible(indexing is not None or self._paused)
        resumable = self._paused or (indexing is not None and indexing.resumable)
        self.pause.setText(tr("Go on") if resumable else tr("Pause"))
        self.pause.setAccessibleName(tr("Go on indexing") if resumable else tr("Pause indexing"))
        if indexing is None:
            documents = _documents_text(self._tree) if self._tree else ""
            self.text.setText(tr("Paused · {rest}", rest=documents) if self._paused and documents else documents)
            return
        self.stop.setEnabled(not indexing.stopping)
        self.progress.setRange(0, indexing.total or (1 if resumable else 0))  # without a range, the bar is animated
        self.progress.setValue(indexing.done)
        self.text.setText(_indexing_text(indexing, self._paused))
        self.text.setToolTip(plain_tool_tip(indexing.detail))

    def _show_skipped(self) -> None:
        skipped = self._tree.skipped + len(self._tree.incomplete) if self._tree else 0
        self.skipped.setVisible(skipped > 0)
        self.skipped.setText(ngettext("{n} skipped", "{n} skipped", skipped))
        self.skipped.setAccessibleName(ngettext("{n} file skipped: show why", "{n} files skipped: show why", skipped))


def _documents_text(tree: LibraryTree) -> str:
    if not tree.folders:
        return tr("No documents yet")
    text = ngettext("{n} document ready", "{n} documents ready", tree.indexed)
    if tree.waiting:
        return " · ".join((text, ngettext("{n} waiting", "{n} waiting", tree.waiting)))
    return text


def _indexing_text(indexing: IndexingStatus, paused: bool) -> str:
    if indexing.stopping:
        return tr("Stopping…")
    pause = tr("Paused") if paused else _pause_text(indexing)
    if pause:
        return " · ".join((pause, _progress_text(indexing))) if indexing.total else pause
    if not indexing.total:
        return tr("Looking for documents…")
    pages = ngettext("{n} page", "{n} pages", indexing.pages) if indexing.pages else ""
    time_left = number_formats.time_left(indexing.seconds_left)
    return " · ".join(part for part in (_progress_text(indexing), pages, time_left) if part)


def _pause_text(indexing: IndexingStatus) -> str:
    """What indexing waits for; "" if for nothing, or only until a question is answered."""
    if indexing.pause_reason == "battery":
        return tr("Waiting: on battery")
    return tr("Waiting: the processor is hot") if indexing.pause_reason == "heat" else ""


def _progress_text(indexing: IndexingStatus) -> str:
    counted = {"done": number_formats.count(indexing.done), "all": number_formats.count(indexing.total)}
    if indexing.unit == "passages":
        return tr("Preparing search by meaning: {done} of {all} passages", **counted)
    if indexing.unit == "passages anew":
        return tr("Preparing search by the new model: {done} of {all} passages", **counted)
    return tr("Reading documents: {done} of {all}", **counted)


def _model_text(model: ModelAvailability) -> str:
    if model.download_progress is not None:
        progress = model.download_progress
        percent = int(100 * progress.done / progress.total) if progress.total else 0
        return tr("Downloading the model, {percent} %", percent=percent)
    if model.loading_progress is not None:
        progress = model.loading_progress
        if not progress.total:
            return tr("Loading the model…")
        return tr("Loading the model, {percent} %", percent=int(100 * progress.done / progress.total))
    if not model.ready:
        return tr("No language model")
    return tr("Model in memory") if model.in_memory else tr("Model ready")
