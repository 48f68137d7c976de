"""The list of conversations: reopened, renamed, searched, deleted with undo, the same after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from core.domain.conversation import ChatMessage
from core.domain.documents import Citation, Support
from core.workspace import Workspace
from gui.chat.answer import AnswerView
from gui.chat.question import QuestionView
from gui.main_window import MainWindow
from gui.workspace_session import LaunchOptions
from models.conversation import Effort
from tests.support.window import at_rest, click, opened, shown, wait


def store_conversations(data_dir: Path, *questions: str) -> None:
    """Store a conversation for each question."""
    workspace = Workspace.open(data_dir)
    try:
        for question in questions:
            conversation_id = workspace.conversations.create()
            source = Citation(
                1, None, Path("/gone/lease.md"), "Lease", 2, "Rent", 5, 20, "The rent is 420", Support.WEAK
            )
            workspace.conversations.append(conversation_id, ChatMessage(0, "user", question, sources=(source,)))
            workspace.conversations.append(
                conversation_id,
                ChatMessage(0, "assistant", f"About *{question}* [1].", "Let me see.", (source,), effort=Effort.LOW),
            )
    finally:
        workspace.close()


def titles(window: MainWindow) -> list[str]:
    return [summary.title for summary in window.chat.conversations.model.shown]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    store_conversations(tmp_path / "data", "the rent", "the notice period", "the insurance")
    return tmp_path / "data"


def open_row(qtbot: QtBot, window: MainWindow, row: int) -> None:
    view = window.chat.conversations.view
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.model().index(row, 0)).center()
    )
    wait(qtbot, lambda: at_rest(window) and bool(window.chat.messages.shown))


def test_conversations_are_listed_newest_first_and_reopened_as_stored(qtbot: QtBot, data_dir: Path) -> None:
    with opened(qtbot, LaunchOptions(data_dir)) as window:
        wait(qtbot, lambda: titles(window) == ["the insurance", "the notice period", "the rent"])
        open_row(qtbot, window, 2)
        question, answer = window.chat.messages.shown
        assert isinstance(question, QuestionView) and question.view.toPlainText() == "the rent"
        assert isinstance(answer, AnswerView) and answer.text.toPlainText() == "About the rent [1]."
        assert answer.reasoning.toggle.text() == "Reasoning" and not answer.reasoning.is_open
        (source,) = answer.sources.rows
        assert "page 3" in source.accessibleName() and "only in part" in source.accessibleName()
        assert window.chat.header.title.text() == "the rent"

        click(source)
        wait(qtbot, lambda: window.documents.document.view.highlighted_text() == "The rent is 420")
        assert "no longer in Papermoor" in shown(window.documents.document)


def test_a_conversation_is_renamed_in_place_with_f2(qtbot: QtBot, data_dir: Path) -> None:
    with opened(qtbot, LaunchOptions(data_dir)) as window:
        wait(qtbot, lambda: len(titles(window)) == 3)
        open_row(qtbot, window, 0)
        QTest.keyClick(window, Qt.Key.Key_F2)
        view = window.chat.conversations.view
        editor = next(field for field in view.findChildren(QLineEdit) if field.isVisible())
        editor.selectAll()
        QTest.keyClicks(editor, "Fire and water")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        wait(qtbot, lambda: titles(window)[0] == "Fire and water")
        assert window.chat.header.title.text() == "Fire and water"
    with opened(qtbot, LaunchOptions(data_dir)) as again:
        wait(qtbot, lambda: len(titles(again)) == 3 and titles(again)[0] == "Fire and water")


def test_a_conversation_is_deleted_with_the_delete_key_and_restored(qtbot: QtBot, data_dir: Path) -> None:
    with opened(qtbot, LaunchOptions(data_dir)) as window:
        wait(qtbot, lambda: len(titles(window)) == 3)
        open_row(qtbot, window, 1)
        QTest.keyClick(window.chat.conversations.view, Qt.Key.Key_Delete)
        wait(qtbot, lambda: titles(window) == ["the insurance", "the rent"])
        assert "“the notice period” was deleted." in shown(window.undo)
        assert window.chat.conversation_id == 0 and "Ask about your documents" in shown(window.chat)
        click(window.undo.action)
        wait(qtbot, lambda: len(titles(window)) == 3 and window.chat.header.title.text() == "the notice period")


def test_a_deleted_conversation_is_gone_after_a_restart(qtbot: QtBot, data_dir: Path) -> None:
    with opened(qtbot, LaunchOptions(data_dir)) as window:
        wait(qtbot, lambda: len(titles(window)) == 3)
        open_row(qtbot, window, 0)
        window.chat.conversations.delete_current()
        wait(qtbot, lambda: len(titles(window)) == 2)
    with opened(qtbot, LaunchOptions(data_dir)) as again:
        wait(qtbot, lambda: titles(again) == ["the notice period", "the rent"])


def test_conversations_are_found_by_their_titles(qtbot: QtBot, data_dir: Path) -> None:
    with opened(qtbot, LaunchOptions(data_dir)) as window:
        wait(qtbot, lambda: len(titles(window)) == 3)
        QTest.keyClicks(window.chat.conversations.search_field, "NOTICE the")
        assert titles(window) == ["the notice period"]
        window.chat.conversations.search_field.clear()
        assert len(titles(window)) == 3


def test_a_long_conversation_shows_only_its_recent_messages_at_first(qtbot: QtBot, tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "data")
    conversation_id = workspace.conversations.create("Long")
    for turn in range(100):
        workspace.conversations.append(conversation_id, ChatMessage(0, "user", f"question {turn}"))
        workspace.conversations.append(conversation_id, ChatMessage(0, "assistant", f"answer {turn}"))
    workspace.close()
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        wait(qtbot, lambda: titles(window) == ["Long"])
        open_row(qtbot, window, 0)
        messages = window.chat.messages
        assert len(messages.shown) == 30
        last = messages.shown[-1]
        assert isinstance(last, AnswerView) and last.text.toPlainText() == "answer 99"
        messages.verticalScrollBar().setValue(0)
        click(messages.earlier_button)
        assert len(messages.shown) == 60
        first = messages.shown[0]
        assert isinstance(first, QuestionView) and first.text == "question 70"
