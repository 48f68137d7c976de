"""A card for one kind of model: that it is missing and how to get it, a download's progress, what went wrong."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton

from core.i18n import fault_text, fault_title, tr
from gui import words
from gui.models.situation import ModelSituation, SituationKind
from gui.style.elements import card, label, push_button, row
from gui.style.theme import Theme
from models.progress import Progress


class ModelCard(QFrame):
    """Hidden while its model is there, unless `always` (in the dialog of models) is set."""

    download_wanted = Signal()
    pause_wanted = Signal()
    stop_wanted = Signal()  # loading into memory
    file_wanted = Signal()
    found_wanted = Signal(object)  # Path

    def __init__(self, theme: Theme, kind: SituationKind, *, always: bool = False) -> None:
        super().__init__()
        self._kind = kind
        self._always = always
        frame, inside = card("plain")
        row(self).addWidget(frame)
        self.title = label("", "strong", wrap=True)
        self.text = label("", "muted", wrap=True)
        self.fault = label("", "danger", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.numbers = label("", "small")
        self.download: QPushButton = push_button("", self.download_wanted.emit, "primary")
        self.pause = push_button(tr("Pause"), self.pause_wanted.emit)
        self.stop = push_button(tr("Stop loading"), self.stop_wanted.emit)
        self.file = push_button(tr("Use a file I have…"), self.file_wanted.emit)
        self._elsewhere: Path | None = None
        self.found = push_button("", lambda: self.found_wanted.emit(self._elsewhere), "link")
        for widget in (self.title, self.text, self.fault, self.progress, self.numbers):
            inside.addWidget(widget)
        buttons = row()
        for button in (self.download, self.pause, self.stop, self.file):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside.addLayout(buttons)
        inside.addWidget(self.found, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_situation(ModelSituation(kind))

    def show_situation(self, situation: ModelSituation) -> None:
        """Follow `situation`. A model that is there needs no card."""
        downloading, loading = situation.download is not None, situation.loading is not None
        there = situation.ready and situation.fault is None
        self.setVisible(situation.status is not None and (self._always or downloading or not there))
        self.title.setText(self._title(situation))
        self.text.setText(self._text(situation))
        self.text.setVisible(bool(self.text.text()))
        fault = situation.fault
        self.fault.setText(f"{fault_title(fault)}. {fault_text(fault)}" if fault else "")
        self.fault.setVisible(fault is not None)
        progress = situation.download or situation.loading
        self.progress.setVisible(progress is not None)
        self.numbers.setVisible(progress is not None)
        if progress is not None:
            self.progress.setAccessibleName(tr("Download progress") if downloading else tr("Loading progress"))
            self._show_progress(progress)
        self.stop.setVisible(loading and not downloading)
        self.download.setVisible(not downloading and not situation.ready)
        self.download.setText(self._download_words(situation))
        self.download.setAccessibleName(self.download.text())
        self._elsewhere = situation.elsewhere
        self.found.setVisible(situation.elsewhere is not None and not situation.ready)
        if situation.elsewhere is not None:
            self.found.setText(tr("Use the copy found on this computer ({name})", name=situation.elsewhere.name))
            self.found.setToolTip(str(situation.elsewhere))
        self.pause.setVisible(downloading)
        self.pause.setEnabled(not situation.pausing)
        self.pause.setText(tr("Pausing…") if situation.pausing else tr("Pause"))
        self.file.setText(tr("Use another file…") if situation.ready else tr("Use a file I have…"))
        self.file.setAccessibleName(self.file.text())

    def _title(self, situation: ModelSituation) -> str:
        status, offer = situation.status, situation.offer
        if status is not None and situation.ready:
            return tr("{model}, {size}", model=status.label, size=words.size(status.size_bytes))
        name = offer.label if offer else ""
        if situation.download is not None:
            return tr("Downloading {model}", model=name)
        return {
            SituationKind.CHAT: tr("Answers need a language model"),
            SituationKind.EMBEDDER: tr("Search by meaning needs a small model"),
            SituationKind.RERANKER: tr("A third model can judge what was found"),
        }[self._kind]

    def _text(self, situation: ModelSituation) -> str:
        status, offer = situation.status, situation.offer
        if status is not None and situation.ready:
            return _there_words(situation)
        if situation.download is not None:
            return tr("You can search meanwhile. A download that is interrupted goes on where it stopped.")
        if offer is None:
            return ""
        name, size = offer.label, words.size(offer.size_bytes) if offer.size_bytes else tr("of unknown size")
        if self._kind is SituationKind.CHAT:
            return tr(
                "{model} reads the passages that search finds and writes the answer, on this computer. It is {size}, "
                "downloaded once. Until then, search works.",
                model=name,
                size=size,
            )
        if self._kind is SituationKind.RERANKER:
            return tr(
                "{model} reads each passage beside the question and puts those that answer it first. It is {size}, "
                "under the licence {licence}. Search works without it, and faster on a computer with few cores.",
                model=name,
                size=size,
                licence=offer.licence,
            )
        return tr(
            "{model} finds passages that say the same in other words. It is {size}, downloaded once, under the licence "
            "{licence}. Search by keywords works without it.",
            model=name,
            size=size,
            licence=offer.licence,
        )

    def _download_words(self, situation: ModelSituation) -> str:
        if situation.paused:
            return tr("Go on with the download")
        if situation.offer is None or not situation.offer.size_bytes:
            return tr("Download")
        return tr("Download ({size})", size=words.size(situation.offer.size_bytes))

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, 1000 if progress.total else 0)
        self.progress.setValue(int(1000 * progress.done / progress.total) if progress.total else 0)
        parts = [
            tr("{done} of {all}", done=words.size(progress.done), all=words.size(progress.total)),
            words.time_left(progress.seconds_left),
        ]
        self.numbers.setText(" · ".join(part for part in parts if part))


def _there_words(situation: ModelSituation) -> str:
    """What is said of a model that is there: where it is, and how it will be loaded."""
    lines = [str(situation.status.path)] if situation.status else []
    if situation.status is not None and situation.status.note:
        lines.append(tr(situation.status.note))
    if situation.loading is not None:
        lines.append(tr("It is being loaded into memory."))
    elif situation.plan is not None:
        lines.append(" ".join(tr(reason.template, **dict(reason.values)) for reason in situation.plan.reasons))
    return "\n".join(lines)
