"""Unexpected errors are shown once, in a report without text of documents or conversations."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui.bug_report import BugDialog, BugReporter, report_text
from tests.support.window import click, wait

SECRET = "the notice period is three months"


@pytest.fixture
def reporter(qtbot: QtBot) -> Iterator[BugReporter]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    reporter = BugReporter(window)
    reporter.install()
    yield reporter
    reporter.uninstall()
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


def test_a_report_names_the_error_the_functions_and_versions_but_no_text() -> None:
    text = report_text(caught())
    assert "ValueError" in text and "raise_secret" in text and "PySide6" in text
    assert SECRET not in text and "three months" not in text


def test_the_same_error_is_shown_once_and_its_report_can_be_copied(qtbot: QtBot, reporter: BugReporter) -> None:
    window = reporter.parent()
    assert isinstance(window, QWidget)
    for _ in range(3):
        reporter.report(caught())
    wait(qtbot, lambda: bool(window.findChildren(BugDialog)))
    (dialog,) = window.findChildren(BugDialog)
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy the report")
    click(copy)
    assert "raise_secret" in QGuiApplication.clipboard().text()


def test_an_error_in_any_thread_is_shown_in_the_window(qtbot: QtBot, reporter: BugReporter) -> None:
    window = reporter.parent()
    assert isinstance(window, QWidget)
    thread = threading.Thread(target=raise_secret, name="someone")
    thread.start()
    thread.join()
    sys.excepthook(ValueError, caught(), None)
    wait(qtbot, lambda: len(window.findChildren(BugDialog)) == 2)
