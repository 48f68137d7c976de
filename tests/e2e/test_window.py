"""The whole way through the window, on real parts: drop a folder, ask, click the citation, see the passage."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.chat.answer import AnswerView
from gui.workspace_session import LaunchOptions
from tests.support.window import click, drop, grammar, nothing_left_behind, opened, shown, wait

__all__ = ["nothing_left_behind"]

MOORING = """# Mooring

## Where does the boat lie?

The boat lies at berth 42 of the old harbour, behind the customs house.

## Who may open the lock?

Only the harbour master, Ines Duarte, may open the lock after sunset.
"""
QUESTION = "Who may open the lock after sunset?"
ANSWER = "Only the harbour master, Ines Duarte, may open the lock after sunset [1]."


def test_drop_a_folder_ask_click_the_citation_see_the_passage(
    qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, minilm_gguf: Path
) -> None:
    documents = tmp_path / "harbour"
    documents.mkdir()
    (documents / "mooring.md").write_text(MOORING, encoding="utf-8")
    (documents / "paper.txt").write_text("Paper boats last four minutes in still water.\n", encoding="utf-8")
    options = LaunchOptions(
        tmp_path / "data", tiny_gpt_oss, minilm_gguf, sampling=grammar("The lock is spoken of in passage 1.", ANSWER)
    )
    with opened(qtbot, options) as window:
        assert "Drop a folder here" in shown(window.documents)

        drop(window, [documents])
        wait(qtbot, lambda: "2 documents ready" in window.status.text.text())

        field = window.chat.composer.field
        QTest.keyClicks(field, QUESTION)
        QTest.keyClick(field, Qt.Key.Key_Return)
        wait(qtbot, lambda: bool(window.chat.messages.findChildren(AnswerView)))
        answer = window.chat.messages.findChildren(AnswerView)[0]
        wait(qtbot, lambda: answer.message is not None)

        assert answer.text.toPlainText().strip() == ANSWER
        assert "of 2 documents" in answer.context.title
        assert answer.reasoning.text.toPlainText() == "The lock is spoken of in passage 1."
        assert not answer.reasoning.is_open
        (source,) = answer.sources.rows
        assert "The passage says this." in source.accessibleName()

        click(source)
        wait(qtbot, lambda: bool(window.documents.document.view.highlighted_text()))
        assert "Ines Duarte, may open the lock after sunset" in window.documents.document.view.highlighted_text()
        assert window.documents.document.view.passage_is_visible()
        assert "Where does the boat lie?" in window.documents.document.view.toPlainText()
        assert window.documents.document.title.text() == "Mooring"

    with opened(qtbot, options) as again:
        wait(qtbot, lambda: [one.title for one in again.chat.conversations.model.shown] == [QUESTION])
