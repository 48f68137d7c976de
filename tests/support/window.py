"""A real window in a test, and what a person does with it: click, drop, wait, read what is shown."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.logging import _QtMessageCapture
from pytestqt.qtbot import QtBot

from gui.app import make_window
from gui.main_window import MainWindow
from gui.models.dialog import ModelsDialog
from gui.workspace_session import LaunchOptions
from models.conversation import Sampling
from tests.support.speech import speech

WAIT_MS = 120_000  # at most, for a machine that is busy with other things
WORKER_THREADS = ("chat", "close", "download", "index", "search", "store", "watch")
QT_NOISE = ("This plugin does not support propagateSizeHints()",)  # of the offscreen platform


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication, qtlog: _QtMessageCapture) -> Iterator[None]:
    """Fail a test that leaves a visible window, a worker thread or a warning of Qt behind. As in the application,
    garbage is collected on the GUI thread only: on a worker, Qt objects would be destroyed there."""
    gc.disable()
    try:
        yield
    finally:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.enable()
        gc.collect()
    assert [record.message for record in qtlog.records if record.message.strip() not in QT_NOISE] == []
    assert [thread.name for thread in threading.enumerate() if thread.name in WORKER_THREADS] == []
    assert [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()] == []


@contextmanager
def opened(qtbot: QtBot, options: LaunchOptions) -> Iterator[MainWindow]:
    """The window as `papermoor` opens it, with its library open and nothing running; closed at the end."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    window = make_window(app, options, "light")
    window.show()
    window.open_library()
    qtbot.waitUntil(
        lambda: window.workspace is not None or window.pages.currentWidget() is window.fault_page, timeout=WAIT_MS
    )
    if window.workspace is not None:
        qtbot.waitUntil(lambda: at_rest(window), timeout=WAIT_MS)
    try:
        yield window
    finally:
        window.close()
        clean = window.ended_cleanly
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert clean, "the window left something running"


def at_rest(window: MainWindow) -> bool:
    """Whether nothing runs: no index job, and no other operation but those in the background."""
    return window.library is not None and window.library.indexing is None and not window.bridge.busy


def grammar(analysis: str, final: str) -> Sampling:
    """Sampling by which the tiny model writes this reasoning and this answer, in harmony's own tokens."""
    return Sampling(temperature=0.0, grammar=speech(analysis, final))


def endless() -> Sampling:
    """Sampling by which the tiny model reasons until it is stopped."""
    root = '<[200005]> "analysis" <[200008]> more'
    return Sampling(temperature=0.0, grammar=f'root ::= {root}\nmore ::= "so " more')


def drop(window: QWidget, paths: Sequence[Path]) -> None:
    """Drag `paths` over the window and drop them."""
    drag_over(window, paths)
    mime = _mime(paths)
    event = QDropEvent(
        QPointF(120, 200), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, event)


def drag_over(window: QWidget, paths: Sequence[Path]) -> None:
    """Drag `paths` over the window without dropping them."""
    mime = _mime(paths)
    event = QDragEnterEvent(
        QPoint(120, 200), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, event)


def click(widget: QWidget) -> None:
    assert widget.isVisible() and widget.isEnabled(), f"{widget.accessibleName()} cannot be clicked"
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def shown(widget: QWidget) -> str:
    """The text of all visible labels in `widget`, a line each."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text())


def wait(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)


def _mime(paths: Sequence[Path]) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def models_dialog(window: MainWindow) -> ModelsDialog:
    """The models dialog, which has been opened before."""
    dialog = window.dialogs.models_dialog
    assert dialog is not None
    return dialog
