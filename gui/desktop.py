"""Opens files, folders and web pages in the desktop's own applications."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

from core.i18n import tr


def open_file(path: Path) -> None:
    """Open `path` in the application the system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def reveal(path: Path) -> None:
    """Show `path` in the system's file manager, selected where the system can do that."""
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", str(path)])
    elif sys.platform == "darwin":
        subprocess.Popen(["open", "-R", str(path)])
    else:
        folder = path if path.is_dir() else path.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def ask_to_open_link(address: QUrl, parent: QWidget) -> QMessageBox:
    """Ask before a link of an answer is opened in the browser, and show its address. Only http and https are opened."""
    box = QMessageBox(
        QMessageBox.Icon.Question,
        tr("Open a web page?"),
        tr("This link leads out of Papermoor, to the web. Open it in your browser?"),
        QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel,
        parent,
    )
    box.setInformativeText(address.toDisplayString())
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def answered(result: int) -> None:
        if result == QMessageBox.StandardButton.Open.value and address.scheme() in ("http", "https"):
            QDesktopServices.openUrl(address)

    box.finished.connect(answered)
    box.open()
    return box
