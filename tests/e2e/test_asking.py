"""Asking in the window with a real model: stop, answer now, again, edit, two conversations at once, faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.domain.conversation import AnswerFormat, FormatKind
from gui.chat.answer import AnswerView
from gui.chat.question import QuestionView
from gui.chat.scope_dialog import ScopeDialog
from gui.main_window import MainWindow
from gui.workspace_session import LaunchOptions
from models.conversation import Sampling
from tests.support.window import at_rest, click, endless, grammar, nothing_left_behind, opened, shown, wait

__all__ = ["nothing_left_behind"]

REASONING, ANSWER = "Passage 1 says it.", "Paper boats last **four minutes** [1]."


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "boats"
    folder.mkdir()
    (folder / "paper.txt").write_text("Paper boats last four minutes in still water.\n", encoding="utf-8")
    return folder


@contextmanager
def ready(qtbot: QtBot, tmp_path: Path, model: Path, documents: Path, sampling: Sampling) -> Iterator[MainWindow]:
    """Open a window with a document and a model that writes what `sampling` allows."""
    with opened(qtbot, LaunchOptions(tmp_path / "data", model, sampling=sampling, paths=(documents,))) as window:
        wait(qtbot, lambda: at_rest(window) and "1 document ready" in window.status.text.text())
        yield window


def ask(window: MainWindow, question: str) -> None:
    window.chat.composer.field.setFocus()
    QTest.keyClicks(window.chat.composer.field, question)
    QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)


def last(window: MainWindow) -> AnswerView:
    answer = window.chat.messages.shown[-1]
    assert isinstance(answer, AnswerView)
    return answer


def questions(window: MainWindow) -> list[str]:
    return [widget.text for widget in window.chat.messages.shown if isinstance(widget, QuestionView)]


def test_escape_stops_the_reasoning_and_keeps_what_was_written(
    qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path
) -> None:
    with ready(qtbot, tmp_path, tiny_gpt_oss, documents, endless()) as window:
        ask(window, "How long do paper boats last?")
        wait(qtbot, lambda: "so so" in last(window).reasoning.text.toPlainText())
        assert last(window).reasoning.is_open and last(window).reasoning.answer_now_button.isVisible()
        assert "1 passage from 1 of 1 document" in last(window).context.title
        assert window.chat.composer.stop_button.isVisible() and not window.chat.composer.send_button.isVisible()
        assert window.status.model.text() == "Model in memory"

        QTest.keyClick(window, Qt.Key.Key_Escape)
        wait(qtbot, lambda: window.chat.running_turn() is None)
        assert "Stopped before an answer was written." in shown(last(window))
        assert window.chat.composer.send_button.isVisible()
        assert last(window).regenerate_button.isVisible()

    with opened(qtbot, LaunchOptions(tmp_path / "data")) as again:
        wait(qtbot, lambda: len(again.chat.conversations.model.shown) == 1)
        again.chat.open_conversation(again.chat.conversations.model.shown[0].id)
        wait(qtbot, lambda: len(again.chat.messages.shown) == 2)
        assert last(again).reasoning.text.toPlainText().startswith("so so")
        assert "This answer was stopped before its end." in shown(last(again))


def test_answer_now_ends_the_reasoning(qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path) -> None:
    with ready(qtbot, tmp_path, tiny_gpt_oss, documents, endless()) as window:
        ask(window, "How long do paper boats last?")
        wait(qtbot, lambda: "so so" in last(window).reasoning.text.toPlainText())
        click(last(window).reasoning.answer_now_button)
        wait(qtbot, lambda: last(window).text.isVisible() and "so" in last(window).text.toPlainText())
        assert not last(window).reasoning.is_open and not last(window).reasoning.answer_now_button.isVisible()
        click(window.chat.composer.stop_button)
        wait(qtbot, lambda: window.chat.running_turn() is None)
        assert "Stopped. What was written is kept." in shown(last(window))


def test_copy_ask_again_and_edit(qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path) -> None:
    with ready(qtbot, tmp_path, tiny_gpt_oss, documents, grammar(REASONING, ANSWER)) as window:
        ask(window, "How long do paper boats last?")
        wait(qtbot, lambda: last(window).message is not None)
        click(last(window).copy_button)
        assert QGuiApplication.clipboard().text() == f"{ANSWER}\n\n[1] {documents / 'paper.txt'}, line 1"

        click(last(window).regenerate_button)
        assert last(window).message is None
        wait(qtbot, lambda: last(window).message is not None)
        assert questions(window) == ["How long do paper boats last?"]

        question = window.chat.messages.shown[0]
        assert isinstance(question, QuestionView)
        click(question.edit_button)
        field = window.chat.composer.field
        assert field.toPlainText() == "How long do paper boats last?" and "Editing" in window.chat.composer.note.text()
        field.selectAll()
        QTest.keyClicks(field, "How long in rain?")
        QTest.keyClick(field, Qt.Key.Key_Return)
        wait(qtbot, lambda: questions(window) == ["How long in rain?"] and last(window).message is not None)

        ask(window, "And in still water?")
        wait(qtbot, lambda: len(window.chat.messages.shown) == 4 and last(window).message is not None)
        assert questions(window) == ["How long in rain?", "And in still water?"]
        assert len(window.chat.conversations.model.shown) == 1


def test_an_answer_continues_while_another_conversation_is_shown(
    qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path
) -> None:
    with ready(qtbot, tmp_path, tiny_gpt_oss, documents, endless()) as window:
        ask(window, "First question about boats?")
        wait(qtbot, lambda: "so so" in last(window).reasoning.text.toPlainText())
        first = window.chat.conversation_id
        QTest.keyClicks(window, "n", Qt.KeyboardModifier.ControlModifier)
        assert window.chat.running_turn() is None and window.chat.messages.shown == []

        ask(window, "Second question about boats?")
        wait(qtbot, lambda: "Waiting for another answer" in last(window).progress.text.text())
        second = window.chat.conversation_id or 0

        window.chat.open_conversation(first)
        wait(
            qtbot,
            lambda: window.chat.running_turn() is not None and questions(window) == ["First question about boats?"],
        )
        before = len(last(window).reasoning.text.toPlainText())
        wait(qtbot, lambda: len(last(window).reasoning.text.toPlainText()) > before)
        QTest.keyClick(window, Qt.Key.Key_Escape)
        wait(qtbot, lambda: window.chat.running_turn() is None)

        listed = window.chat.conversations.model
        wait(qtbot, lambda: len(listed.shown) == 2)
        newest = next(summary.id for summary in listed.shown if summary.id != first)
        assert second in (0, newest)
        window.chat.open_conversation(newest)
        wait(qtbot, lambda: bool(window.chat.messages.shown) and "so so" in last(window).reasoning.text.toPlainText())


def test_a_fault_is_shown_in_the_conversation_and_can_be_retried(
    qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path
) -> None:
    mine, aside = tmp_path / "mine.gguf", tmp_path / "aside"
    mine.write_bytes(tiny_gpt_oss.read_bytes())
    with ready(qtbot, tmp_path, mine, documents, grammar(REASONING, ANSWER)) as window:
        mine.rename(aside)
        ask(window, "How long do paper boats last?")
        wait(qtbot, lambda: last(window).retry_button.isVisible())
        assert "mine.gguf" in shown(last(window))
        aside.rename(mine)
        click(last(window).retry_button)
        wait(qtbot, lambda: last(window).message is not None)
        assert questions(window) == ["How long do paper boats last?"]
        assert "four minutes" in last(window).text.toPlainText()


def test_a_conversation_searches_only_the_chosen_documents(
    qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path
) -> None:
    other = tmp_path / "ships"
    other.mkdir()
    (other / "steel.txt").write_text("Steel boats last forty years in salt water.\n", encoding="utf-8")
    with ready(qtbot, tmp_path, tiny_gpt_oss, documents, grammar(REASONING, ANSWER)) as window:
        window.add([other])
        wait(qtbot, lambda: "2 documents ready" in window.status.text.text())
        click(window.chat.composer.scope)
        (dialog,) = window.findChildren(ScopeDialog)
        wait(qtbot, lambda: dialog.model.rowCount() == 2)
        row = next(r for r in range(2) if dialog.model.index(r, 0).data() == "boats")
        dialog.view.setCurrentIndex(dialog.model.index(row, 0))
        QTest.keyClick(dialog.view, Qt.Key.Key_Space)
        click(dialog.accept_button)

        ask(window, "How long do boats last in water?")
        wait(qtbot, lambda: last(window).message is not None)
        assert last(window).context.title == "1 passage from 1 of 1 document"
        window.chat.new_conversation()
        ask(window, "How long do boats last in water?")
        wait(qtbot, lambda: bool(window.chat.messages.shown) and last(window).message is not None)
        assert last(window).context.title == "2 passages from 2 of 2 documents"


def test_an_answer_is_shown_as_a_table(qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path) -> None:
    table_json = '{"rows": [{"Boat": "Paper boats", "Lasts": "four minutes", "passage": 1}]}'
    with ready(qtbot, tmp_path, tiny_gpt_oss, documents, grammar(REASONING, table_json)) as window:
        table = AnswerFormat(FormatKind.TABLE, columns=("Boat", "Lasts"))
        window.chat.composer.options.set_answer_format(table)
        ask(window, "How long do boats last?")
        wait(qtbot, lambda: last(window).message is not None)
        shown_text = last(window).text.toPlainText()
        assert "Boat" in shown_text and "four minutes" in shown_text and "rows" not in shown_text
        assert len(last(window).sources.rows) == 1


def test_a_question_that_no_document_answers(qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path) -> None:
    unanswered = grammar(REASONING, "Your documents do not say who paints the lighthouse.")
    with ready(qtbot, tmp_path, tiny_gpt_oss, documents, unanswered) as window:
        ask(window, "Who paints the lighthouse near the boats?")
        wait(qtbot, lambda: last(window).message is not None)
        assert "Your documents do not seem to answer this." in shown(last(window).verdict)
        click(last(window).verdict.nearest.rows[0])
        wait(qtbot, lambda: "four minutes" in window.documents.document.view.toPlainText())


def test_asking_while_documents_are_indexed(qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, documents: Path) -> None:
    with ready(qtbot, tmp_path, tiny_gpt_oss, documents, grammar(REASONING, ANSWER)) as window:
        many = tmp_path / "many"
        many.mkdir()
        for number in range(200):
            (many / f"{number}.txt").write_text(f"Document {number} about harbours.\n" * 30, encoding="utf-8")
        window.add([many])
        ask(window, "How long do paper boats last?")
        wait(qtbot, lambda: last(window).message is not None)
        assert "four minutes" in last(window).text.toPlainText()
        wait(qtbot, lambda: "201 documents ready" in window.status.text.text())
