"""A card for one kind of model: how to get it where it is missing, the progress of a download, what went wrong."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton

from core.engines.model_availability import ModelAvailability, ModelKind
from core.i18n import fault_text, fault_title, tr
from gui import number_formats
from gui.style.elements import card, label, plain_tool_tip, push_button, row
from gui.style.theme import Theme
from models.progress import Progress


class ModelCard(QFrame):
    """Hidden while its model is ready, unless `always_visible`, as in the models dialog."""

    download_wanted = Signal()
    pause_wanted = Signal()
    stop_wanted = Signal()  # of loading into memory
    file_wanted = Signal()
    found_copy_wanted = Signal(object)  # Path

    def __init__(self, theme: Theme, kind: ModelKind, *, always_visible: bool = False) -> None:
        super().__init__()
        self._kind = kind
        self._always_visible = always_visible
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
        self._found_copy: Path | None = None
        self.use_found_copy = push_button("", lambda: self.found_copy_wanted.emit(self._found_copy), "link")
        for widget in (self.title, self.text, self.fault, self.progress, self.numbers):
            inside.addWidget(widget)
        buttons = row()
        for button in (self.download, self.pause, self.stop, self.file):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside.addLayout(buttons)
        inside.addWidget(self.use_found_copy, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_availability(ModelAvailability(kind))

    def show_availability(self, availability: ModelAvailability) -> None:
        downloading = availability.download_progress is not None
        wanted = self._always_visible or downloading or availability.needs_attention
        self.setVisible(availability.status is not None and wanted)
        self.title.setText(self._title(availability))
        self.text.setText(self._text(availability))
        self.text.setVisible(bool(self.text.text()))
        fault = availability.fault
        self.fault.setText(f"{fault_title(fault)}. {fault_text(fault)}" if fault else "")
        self.fault.setVisible(fault is not None)
        progress = availability.download_progress or availability.loading_progress
        self.progress.setVisible(progress is not None)
        self.numbers.setVisible(progress is not None)
        if progress is not None:
            self.progress.setAccessibleName(tr("Download progress") if downloading else tr("Loading progress"))
            self._show_progress(progress)
        self._show_buttons(availability)
        self._show_found_copy(availability)

    def _show_buttons(self, availability: ModelAvailability) -> None:
        downloading, loading = availability.download_progress is not None, availability.loading_progress is not None
        self.stop.setVisible(loading and not downloading)
        self.download.setVisible(not downloading and not availability.ready)
        self.download.setText(_download_text(availability))
        self.download.setAccessibleName(self.download.text())
        self.pause.setVisible(downloading)
        self.pause.setEnabled(not availability.pausing_download)
        self.pause.setText(tr("Pausing…") if availability.pausing_download else tr("Pause"))
        self.file.setText(tr("Use another file…") if availability.ready else tr("Use a file I have…"))
        self.file.setAccessibleName(self.file.text())

    def _show_found_copy(self, availability: ModelAvailability) -> None:
        self._found_copy = path = availability.found_copy
        self.use_found_copy.setVisible(path is not None and not availability.ready)
        if path is not None:
            self.use_found_copy.setText(tr("Use the copy found on this computer ({name})", name=path.name))
            self.use_found_copy.setToolTip(plain_tool_tip(str(path)))

    def _title(self, availability: ModelAvailability) -> str:
        status, offer = availability.status, availability.offer
        if status is not None and availability.ready:
            return tr("{model}, {size}", model=status.label, size=number_formats.file_size(status.size_bytes))
        name = offer.label if offer else ""
        if availability.download_progress is not None:
            return tr("Downloading {model}", model=name)
        return {
            ModelKind.CHAT: tr("Answers need a language model"),
            ModelKind.EMBEDDER: tr("Search by meaning needs a small model"),
            ModelKind.RERANKER: tr("A third model can judge what was found"),
        }[self._kind]

    def _text(self, availability: ModelAvailability) -> str:
        status, offer = availability.status, availability.offer
        if status is not None and availability.ready:
            return _ready_text(availability)
        if availability.download_progress is not None:
            return tr("You can search meanwhile. A download that is interrupted goes on where it stopped.")
        if offer is None:
            return ""
        name, size = (
            offer.label,
            number_formats.file_size(offer.size_bytes) if offer.size_bytes else tr("of unknown size"),
        )
        if self._kind is ModelKind.CHAT:
            return tr(
                "{model} reads the passages that search finds and writes the answer, on this computer. It is {size}, "
                "downloaded once. Until then, search works.",
                model=name,
                size=size,
            )
        if self._kind is ModelKind.RERANKER:
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

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, 1000 if progress.total else 0)
        self.progress.setValue(int(1000 * progress.done / progress.total) if progress.total else 0)
        parts = [
            tr(
                "{done} of {all}",
                done=number_formats.file_size(progress.done),
                all=number_formats.file_size(progress.total),
            ),
            number_formats.time_left(progress.seconds_left),
        ]
        self.numbers.setText(" · ".join(part for part in parts if part))


def _download_text(availability: ModelAvailability) -> str:
    if availability.download_paused:
        return tr("Go on with the download")
    if availability.offer is None or not availability.offer.size_bytes:
        return tr("Download")
    return tr("Download ({size})", size=number_formats.file_size(availability.offer.size_bytes))


def _ready_text(availability: ModelAvailability) -> str:
    """Where a ready model's file is, and how it is being or will be loaded."""
    status = availability.status
    lines = [str(status.path)] if status else []
    if status is not None and status.note:
        lines.append(tr(status.note))
    if availability.loading_progress is not None:
        lines.append(tr("It is being loaded into memory."))
    elif availability.load_plan is not None:
        lines.append(" ".join(tr(reason.template, **dict(reason.values)) for reason in availability.load_plan.reasons))
    return "\n".join(lines)
