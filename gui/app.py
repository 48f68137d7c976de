"""The application around the window: language, style, error hooks, garbage collection, and its end."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QEvent,
    QLibraryInfo,
    QLocale,
    QObject,
    QTimer,
    QtMsgType,
    QTranslator,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QWidget

from core.i18n import current_language, set_language
from core.settings import SettingsStore
from gui.bridge import Bridge
from gui.garbage_collection import GuiThreadCollector
from gui.main_window import MainWindow
from gui.style.app_icon import app_icon
from gui.style.theme import STYLE, STYLE_IS_SET, Theme
from gui.window_context import WindowContext
from gui.window_state import WindowState
from gui.workspace_session import LaunchOptions

log = logging.getLogger(__name__)
qt_log = logging.getLogger("gui.qt")

DELAY_AFTER_PAINT_MS = 5
_LOG_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def run_window(options: LaunchOptions, arguments: Sequence[str] = ()) -> int:
    """Open the window, run until it is closed, and return the exit status."""
    app = QApplication(["papermoor", "-style", STYLE, *arguments])
    app.setProperty(STYLE_IS_SET, True)
    app.setApplicationName("Papermoor")
    app.setDesktopFileName("papermoor")
    app.setWindowIcon(app_icon())
    qInstallMessageHandler(lambda kind, context, text: qt_log.log(_LOG_LEVELS.get(kind, logging.WARNING), "%s", text))
    settings = SettingsStore(options.data_dir / "settings.toml").current
    set_language(settings.language)
    translator = qt_translator(app)
    collector = GuiThreadCollector(app)
    window = make_window(app, options, settings.appearance)
    window.dialogs.reporter.install()
    window.closed.connect(app.quit)
    window.library_opened.connect(window.dialogs.ask_about_encryption)
    window.show()
    FirstPaint(window, window.open_library)
    status = app.exec()
    window.dialogs.reporter.uninstall()
    collector.stop()
    app.removeTranslator(translator)
    if not window.ended_cleanly:
        log.error("a worker did not end; leaving without it")
        logging.shutdown()
        os._exit(status)
    return status


class FirstPaint(QObject):
    """Calls `then` once `window` has been painted: from then on, opening the library competes with the GUI thread."""

    def __init__(self, window: QWidget, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._window = window
        self._then = then
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            QTimer.singleShot(DELAY_AFTER_PAINT_MS, self._window, self._then)
        return False


def make_window(app: QApplication, options: LaunchOptions, appearance: str) -> MainWindow:
    """Create the window for a data directory; the library is opened later, by `MainWindow.open_library`."""
    theme = Theme(app, appearance)
    window = MainWindow(WindowContext(Bridge(app), theme, WindowState(options.data_dir)), options)
    theme.apply_style_sheet()
    return window


def qt_translator(app: QApplication) -> QTranslator:
    """Install Qt's own texts (dialog buttons, context menus) and number formats in the person's language."""
    language = current_language()
    QLocale.setDefault(QLocale(language) if language != "en" else QLocale(QLocale.Language.English))
    translator = QTranslator(app)
    if translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)
    return translator


def unsupported_qt_reason() -> str:
    """Why the installed PySide6 cannot be used; "" if it can. To be checked before a widget is created."""
    import PySide6

    if sys.version_info < (3, 12) and PySide6.__version__.startswith("6.12.0"):
        return (
            "Papermoor cannot run with PySide6 6.12.0 on Python {}.{}: this combination ends the program after a short "
            "while. Install PySide6-Essentials 6.11.3, or use Python 3.12 or later."
        ).format(*sys.version_info[:2])
    return ""
