"""Every control can be reached without a mouse and has a name for screen readers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from gui.workspace_session import LaunchOptions
from tests.support.window import opened, wait


def test_every_control_that_takes_the_focus_has_a_name(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        window.library.add_guide()  # type: ignore[union-attr]  # the library is open
        wait(qtbot, lambda: window.documents.stack.currentWidget() is window.documents.library)
        nameless = [
            f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
            for widget in window.findChildren(QWidget)
            if widget.isVisible()
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and not isinstance(widget, QScrollBar)
            and not widget.objectName().startswith("qt_")
            and not widget.accessibleName()
            and not (isinstance(widget, QAbstractButton) and widget.text())
        ]
        assert nameless == []


def test_no_two_actions_share_a_key(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        keys = Counter(
            action.shortcut().toString()
            for action in window.actions_by_name.values()
            if not action.shortcut().isEmpty()
        )
        assert [key for key, count in keys.items() if count > 1] == []
        assert {"Ctrl+O", "Ctrl+N", "Ctrl+F", "Ctrl+L", "Ctrl+,", "F1", "F2", "Esc", "Ctrl+Q"} <= set(keys)


def test_shortcuts_focus_the_search_and_the_question(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        QTest.keyClicks(window, "f", Qt.KeyboardModifier.ControlModifier)
        assert window.documents.search.hasFocus()
        QTest.keyClicks(window, "l", Qt.KeyboardModifier.ControlModifier)
        assert window.chat.composer.field.hasFocus()


def test_tab_reaches_every_part_of_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        window.documents.search.setFocus()
        seen: list[QWidget] = []
        for _ in range(60):
            focused = QApplication.focusWidget()
            if focused is None or focused in seen:
                break
            seen.append(focused)
            QTest.keyClick(focused, Qt.Key.Key_Tab)
        for wanted in (
            window.documents.search,
            window.documents.welcome.add,
            window.documents.welcome.guide,
            window.chat.conversations.search_field,
            window.chat.composer.field,
            window.chat.model_card.download,
            window.status.model,
        ):
            assert wanted in seen, wanted.accessibleName()


def test_a_narrow_window_hides_the_conversations_and_keeps_the_rest_in_reach(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        window.resize(800, 500)
        wait(qtbot, lambda: not window.chat.conversations.isVisible())
        assert window.width() == 800 and window.chat.composer.field.isVisible() and window.documents.search.isVisible()
        assert window.chat.messages.horizontalScrollBar().maximum() == 0
        window.resize(1200, 780)
        wait(qtbot, lambda: window.chat.conversations.isVisible())
