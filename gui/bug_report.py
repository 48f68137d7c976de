"""Unexpected errors: logged, then shown once, as a report to copy that holds no text of documents or conversations."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

import PySide6
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QWidget

from core.i18n import tr
from gui.style.elements import column, label, push_button
from gui.style.sheet import SPACE

log = logging.getLogger(__name__)


def report_text(error: BaseException) -> str:
    """The error's type and traceback, with versions. Its message is left out: it may quote a document."""
    import platform
    import traceback

    lines = [
        f"Papermoor, Python {platform.python_version()}, PySide6 {PySide6.__version__}, {platform.platform()}",
    ]
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        lines.extend(
            f"  {_source_path(frame.filename)}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(cause.__traceback__)
        )
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)


class BugReporter(QObject):
    """Takes unexpected errors from any thread, and shows those with the same report once, on the GUI thread."""

    _reported = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._shown: set[str] = set()
        self._reported.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Replace Python's hooks for unhandled errors, which print to a terminal that nobody sees."""
        self._hooks = sys.excepthook, threading.excepthook
        sys.excepthook = self._unhandled
        threading.excepthook = lambda args: self._unhandled(args.exc_type, args.exc_value, args.exc_traceback)

    def uninstall(self) -> None:
        sys.excepthook, threading.excepthook = self._hooks

    def report(self, error: object) -> None:
        """Log `error` and have it shown. Called from any thread."""
        if isinstance(error, BaseException):
            log.error("unexpected\n%s", report_text(error))
            self._reported.emit(error)

    def _unhandled(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
        elif error is not None:
            self.report(error)

    def _show(self, error: BaseException) -> None:
        text = report_text(error)
        if text not in self._shown:
            self._shown.add(text)
            BugDialog(text, self._window).open()


class BugDialog(QDialog):
    """Says that something went wrong, and lets the report be copied."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Something unexpected went wrong"))
        self.setMinimumWidth(520)
        layout = column(self, 3 * SPACE, 2 * SPACE)
        layout.addWidget(label(tr("Something unexpected went wrong"), "title", wrap=True))
        layout.addWidget(
            label(
                tr(
                    "What you were doing did not finish. Your documents and conversations are safe, and you can go on. "
                    "The report below says where it happened; it holds nothing of your documents or conversations."
                ),
                wrap=True,
            )
        )
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(tr("Report"))
        layout.addWidget(self.text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = push_button(tr("Copy the report"), lambda: QGuiApplication.clipboard().setText(text))
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)


def _source_path(path: str) -> str:
    """A source file's path below its package's root: the folders above may name the person."""
    parts = path.replace("\\", "/").split("/")
    for root in ("gui", "core", "models", "site-packages"):
        if root in parts:
            return "/".join(parts[parts.index(root) :])
    return parts[-1]
