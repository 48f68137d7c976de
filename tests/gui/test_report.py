"""Unexpected errors are shown once, in a report without any of the person's text."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui.collect import GuiThreadCollector
from gui.report import BugDialog, BugReporter, report_text
from tests.support.window import click, wait

SECRET = "the notice period is three months"


@pytest.fixture
def reporter(qtbot: QtBot) -> Iterator[BugReporter]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made = BugReporter(window)
    made.install()
    yield made
    made.uninstall()
    for dialog in window.findChildren(BugDialog):
        dialog.close()
    window.close()


def raise_secret() -> None:
    raise ValueError(SECRET)


def caught() -> ValueError:
    try:
        raise_secret()
    except ValueError as error:
        return error
    raise AssertionError


def test_a_report_names_places_and_versions_but_no_text() -> None:
    text = report_text(caught())
    assert "ValueError" in text and "raise_secret" in text and "PySide6" in text
    assert SECRET not in text and "three months" not in text


def test_each_kind_is_shown_once_and_can_be_copied(qtbot: QtBot, reporter: BugReporter) -> None:
    window = reporter.parent()
    assert isinstance(window, QWidget)
    for _ in range(3):
        reporter.hear(caught())
    wait(qtbot, lambda: bool(window.findChildren(BugDialog)))
    (dialog,) = window.findChildren(BugDialog)
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy the report")
    click(copy)
    assert "raise_secret" in QGuiApplication.clipboard().text()


def test_an_error_of_any_thread_reaches_the_window(qtbot: QtBot, reporter: BugReporter) -> None:
    window = reporter.parent()
    assert isinstance(window, QWidget)
    thread = threading.Thread(target=raise_secret, name="someone")
    thread.start()
    thread.join()
    sys.excepthook(ValueError, caught(), None)
    wait(qtbot, lambda: len(window.findChildren(BugDialog)) == 2)


def test_garbage_is_collected_by_the_gui_thread_only(qtbot: QtBot) -> None:
    was_enabled = gc.isenabled()
    collector = GuiThreadCollector()
    try:
        assert not gc.isenabled()
        threads: list[str] = []

        def note(phase: str, info: object) -> None:
            if phase == "start":
                threads.append(threading.current_thread().name)

        gc.callbacks.append(note)
        kept = [[number] for number in range(5000)]
        wait(qtbot, lambda: bool(threads))
        gc.callbacks.remove(note)
        assert set(threads) == {"MainThread"} and len(kept) == 5000
    finally:
        collector.stop()
        if not was_enabled:
            gc.disable()
