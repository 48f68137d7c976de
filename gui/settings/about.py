"""The About box: the version, what Papermoor promises, and where its data is kept."""

from __future__ import annotations

import platform
from pathlib import Path

import PySide6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from core.i18n import tr
from gui.style.elements import ElidedLabel, column, label, push_button
from gui.style.sheet import SPACE


class AboutDialog(QDialog):
    """Emits `reveal` when the data directory is to be shown in the file manager."""

    reveal = Signal(object)  # Path

    def __init__(self, version: str, data_dir: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("About Papermoor"))
        self.setMinimumWidth(440)
        layout = column(self, 3 * SPACE, SPACE)
        layout.addWidget(label("Papermoor", "display"))
        layout.addWidget(label(tr("Version {version}", version=version), "muted"))
        layout.addSpacing(SPACE)
        for text in (
            tr("Chat with gpt-oss-20b about your own documents, on your own computer."),
            tr("Papermoor sends nothing anywhere. It goes online only to download a model that you ask for."),
            tr("Licensed under the Apache License 2.0."),
        ):
            layout.addWidget(label(text, wrap=True))
        layout.addSpacing(SPACE)
        layout.addWidget(label(tr("Your library and conversations are kept in"), "small"))
        layout.addWidget(ElidedLabel(str(data_dir)))
        layout.addWidget(
            push_button(tr("Show in folder"), lambda: self.reveal.emit(data_dir), "link"), 0, Qt.AlignmentFlag.AlignLeft
        )
        layout.addWidget(
            label(f"Python {platform.python_version()} · PySide6 {PySide6.__version__} (Qt, LGPL 3)", "small")
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addSpacing(SPACE)
        layout.addWidget(buttons)
