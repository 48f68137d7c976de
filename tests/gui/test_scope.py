"""The scope of a conversation, chosen with check boxes; documents mentioned with an "@"; the options of a question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.domain.conversation import WHOLE_LIBRARY, FormatKind, LatencyBudget, Scope
from gui.chat.answer_format_dialog import AnswerFormatDialog
from gui.chat.scope_dialog import ScopeDialog
from gui.main_window import MainWindow
from gui.workspace_session import LaunchOptions
from tests.support.window import at_rest, click, opened, shown, wait


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    for name in ("contracts/lease 2021.md", "contracts/lease-2024.md", "letters/bank.txt", "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"About {name}.\n", encoding="utf-8")
    return folder


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, papers: Path) -> Iterator[MainWindow]:
    with opened(qtbot, LaunchOptions(tmp_path / "data", paths=(papers,))) as window:
        wait(qtbot, lambda: at_rest(window) and "4 documents ready" in window.status.text.text())
        yield window


def open_dialog(qtbot: QtBot, window: MainWindow) -> ScopeDialog:
    """Open the dialog with its button and wait until it is filled."""
    click(window.chat.composer.scope)
    wait(qtbot, lambda: bool(window.findChildren(ScopeDialog)))
    dialog = window.findChildren(ScopeDialog)[-1]
    wait(qtbot, lambda: dialog.model.rowCount() > 0)
    return dialog


def tick(dialog: ScopeDialog, *names: str) -> None:
    """Press Space on the row that the path of `names` leads to from the root."""
    index = dialog.model.index(0, 0)
    for name in names:
        dialog.view.expand(index)
        rows = range(dialog.model.rowCount(index))
        index = next(dialog.model.index(r, 0, index) for r in rows if dialog.model.index(r, 0, index).data() == name)
    dialog.view.setCurrentIndex(index)
    QTest.keyClick(dialog.view, Qt.Key.Key_Space)


def state(dialog: ScopeDialog, path: Path) -> Qt.CheckState:
    return dialog.model.check_state(path)


def format_dialog(window: MainWindow) -> AnswerFormatDialog:
    """The dialog that is open."""
    (dialog,) = (dialog for dialog in window.findChildren(AnswerFormatDialog) if dialog.isVisible())
    return dialog


def accept(dialog: ScopeDialog) -> None:
    click(dialog.accept_button)


def test_a_folder_is_chosen_without_one_of_its_documents(qtbot: QtBot, window: MainWindow, papers: Path) -> None:
    dialog = open_dialog(qtbot, window)
    assert "All documents are searched." in shown(dialog)
    tick(dialog)
    assert state(dialog, papers / "letters" / "bank.txt") is Qt.CheckState.Checked and "4 documents" in shown(dialog)
    tick(dialog, "contracts", "lease 2021.md")
    assert state(dialog, papers / "contracts") is Qt.CheckState.PartiallyChecked and "3 documents" in shown(dialog)
    accept(dialog)
    expected = (papers / "contracts" / "lease-2024.md", papers / "letters", papers / "notes.txt")
    assert window.chat.footer.scope == Scope(expected)
    assert window.chat.composer.scope.text().strip() == "3 chosen"


def test_a_folder_in_full_and_back_to_the_whole_library(qtbot: QtBot, window: MainWindow, papers: Path) -> None:
    dialog = open_dialog(qtbot, window)
    assert not dialog.whole.isEnabled()
    tick(dialog, "contracts")
    click(dialog.whole)
    accept(dialog)
    assert window.chat.footer.scope == Scope((papers / "contracts",), whole=True)
    assert window.chat.composer.scope.text().strip() == "contracts, in full"
    again = open_dialog(qtbot, window)
    assert again.whole.isChecked() and state(again, papers / "contracts") is Qt.CheckState.Checked
    click(again.all_button)
    accept(again)
    assert window.chat.footer.scope == WHOLE_LIBRARY


def test_only_documents_can_be_chosen_while_a_filter_is_set(qtbot: QtBot, window: MainWindow, papers: Path) -> None:
    dialog = open_dialog(qtbot, window)
    QTest.keyClicks(dialog.filter, "lease")
    wait(qtbot, lambda: dialog.model.filtered)
    root = dialog.model.index(0, 0)
    assert dialog.model.rowCount(root) == 1  # the folder of contracts
    assert not dialog.model.flags(root) & Qt.ItemFlag.ItemIsUserCheckable
    tick(dialog, "contracts", "lease-2024.md")
    accept(dialog)
    assert window.chat.footer.scope == Scope((papers / "contracts" / "lease-2024.md",))


def test_the_scope_is_stored_with_its_conversation(qtbot: QtBot, window: MainWindow, papers: Path) -> None:
    workspace = window.workspace
    assert workspace is not None
    first, second = workspace.conversations.create("one"), workspace.conversations.create("two")
    window.chat.open_conversation(first)
    wait(qtbot, lambda: at_rest(window))
    dialog = open_dialog(qtbot, window)
    tick(dialog, "letters")
    accept(dialog)
    window.chat.open_conversation(second)
    wait(qtbot, lambda: at_rest(window))
    assert window.chat.footer.scope == WHOLE_LIBRARY
    window.chat.open_conversation(first)
    wait(qtbot, lambda: window.chat.footer.scope == Scope((papers / "letters",)))


def test_a_document_is_mentioned_with_an_at(qtbot: QtBot, window: MainWindow) -> None:
    field = window.chat.composer.field
    field.setFocus()
    QTest.keyClicks(field, "Compare @lea")
    wait(qtbot, lambda: field.suggesting and field.mention_list.count() == 2)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.suggesting and field.toPlainText() == "Compare @lea"
    QTest.keyClicks(field, "s")
    wait(qtbot, lambda: field.suggesting)
    names = [field.mention_list.item(row).text() for row in range(2)]
    assert sorted(names) == ["lease 2021.md", "lease-2024.md"]
    if names[0] != "lease 2021.md":
        QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert field.toPlainText() == 'Compare @"lease 2021.md" ' and field.hasFocus() and not field.suggesting
    QTest.keyClicks(field, "with @note")
    wait(qtbot, lambda: field.suggesting)
    item = field.mention_list.visualItemRect(field.mention_list.item(0))
    QTest.mouseClick(field.mention_list.viewport(), Qt.MouseButton.LeftButton, pos=item.center() + QPoint(1, 0))
    assert field.toPlainText() == 'Compare @"lease 2021.md" with @notes.txt '


def test_the_latency_budget_and_the_format_of_the_answer(qtbot: QtBot, window: MainWindow) -> None:
    options = window.chat.composer.options
    options.latency_budget_actions["thorough"].trigger()
    options.format_actions["table"].trigger()
    table = format_dialog(window)
    assert not table.accept_button.isEnabled()
    QTest.keyClicks(table.columns, "Contract, Rent, ,Rent")
    click(table.accept_button)
    assert options.answer_format.columns == ("Contract", "Rent") and options.text().strip() == "Thorough · Table"
    options.format_actions["json"].trigger()
    json_schema = format_dialog(window)
    json_schema.schema.setPlainText("{")
    click(json_schema.accept_button)
    assert "This is not JSON: look at line 1." in shown(json_schema)
    assert options.format_actions["table"].isChecked() and not options.format_actions["json"].isChecked()
    json_schema.schema.setPlainText('{"type": "object"}')
    click(json_schema.accept_button)
    asked = window.chat.footer.ask_options
    assert asked.latency_budget is LatencyBudget.THOROUGH and asked.answer_format.kind is FormatKind.JSON
    assert asked.answer_format.schema == '{"type": "object"}'
    window.chat.new_conversation()
    assert options.answer_format.kind is FormatKind.TEXT and options.latency_budget is LatencyBudget.BALANCED
