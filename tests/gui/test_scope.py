"""What a conversation looks into: chosen with check boxes, kept with it; documents named with an "@"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.domain.conversation import WHOLE_LIBRARY, FormatKind, LatencyBudget, Scope
from gui.chat.form_dialog import FormDialog
from gui.chat.mentions import mention_begun, without_mention
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
    with opened(qtbot, LaunchOptions(tmp_path / "data", paths=(papers,))) as made:
        wait(qtbot, lambda: at_rest(made) and "4 documents ready" in made.status.text.text())
        yield made


def dialog(qtbot: QtBot, window: MainWindow) -> ScopeDialog:
    """The dialog, opened by its button and filled."""
    click(window.chat.composer.scope)
    wait(qtbot, lambda: bool(window.findChildren(ScopeDialog)))
    found = window.findChildren(ScopeDialog)[-1]
    wait(qtbot, lambda: found.model.rowCount() > 0)
    return found


def tick(made: ScopeDialog, *names: str) -> None:
    """Press Space on a row, named by the way to it."""
    index = made.model.index(0, 0)
    for name in names:
        made.view.expand(index)
        rows = range(made.model.rowCount(index))
        index = next(made.model.index(r, 0, index) for r in rows if made.model.index(r, 0, index).data() == name)
    made.view.setCurrentIndex(index)
    QTest.keyClick(made.view, Qt.Key.Key_Space)


def state(made: ScopeDialog, path: Path) -> Qt.CheckState:
    return made.model.choice.state(path)


def form(window: MainWindow) -> FormDialog:
    (found,) = (made for made in window.findChildren(FormDialog) if made.isVisible())
    return found


def accept(made: ScopeDialog) -> None:
    click(made.accept_button)


def test_a_folder_is_chosen_and_a_document_of_it_left_out(qtbot: QtBot, window: MainWindow, papers: Path) -> None:
    made = dialog(qtbot, window)
    assert "All documents are searched." in shown(made)
    tick(made)
    assert state(made, papers / "letters" / "bank.txt") is Qt.CheckState.Checked and "4 documents" in shown(made)
    tick(made, "contracts", "lease 2021.md")
    assert state(made, papers / "contracts") is Qt.CheckState.PartiallyChecked and "3 documents" in shown(made)
    accept(made)
    expected = (papers / "contracts" / "lease-2024.md", papers / "letters", papers / "notes.txt")
    assert window.chat.foot.scope == Scope(expected)
    assert window.chat.composer.scope.text().strip() == "3 chosen"


def test_one_folder_in_full_and_back_to_everything(qtbot: QtBot, window: MainWindow, papers: Path) -> None:
    made = dialog(qtbot, window)
    assert not made.whole.isEnabled()
    tick(made, "contracts")
    click(made.whole)
    accept(made)
    assert window.chat.foot.scope == Scope((papers / "contracts",), whole=True)
    assert window.chat.composer.scope.text().strip() == "contracts, in full"
    again = dialog(qtbot, window)
    assert again.whole.isChecked() and state(again, papers / "contracts") is Qt.CheckState.Checked
    click(again.all)
    accept(again)
    assert window.chat.foot.scope == WHOLE_LIBRARY


def test_a_filter_leaves_only_documents_to_choose(qtbot: QtBot, window: MainWindow, papers: Path) -> None:
    made = dialog(qtbot, window)
    QTest.keyClicks(made.filter, "lease")
    wait(qtbot, lambda: made.model.filtered)
    root = made.model.index(0, 0)
    assert made.model.rowCount(root) == 1  # the folder of contracts
    assert not made.model.flags(root) & Qt.ItemFlag.ItemIsUserCheckable
    tick(made, "contracts", "lease-2024.md")
    accept(made)
    assert window.chat.foot.scope == Scope((papers / "contracts" / "lease-2024.md",))


def test_the_scope_is_kept_with_its_conversation(qtbot: QtBot, window: MainWindow, papers: Path) -> None:
    workspace = window.workspace
    assert workspace is not None
    first, second = workspace.conversations.create("one"), workspace.conversations.create("two")
    window.chat.open_conversation(first)
    wait(qtbot, lambda: at_rest(window))
    made = dialog(qtbot, window)
    tick(made, "letters")
    accept(made)
    window.chat.open_conversation(second)
    wait(qtbot, lambda: at_rest(window))
    assert window.chat.foot.scope == WHOLE_LIBRARY
    window.chat.open_conversation(first)
    wait(qtbot, lambda: window.chat.foot.scope == Scope((papers / "letters",)))


def test_a_document_is_named_with_an_at(qtbot: QtBot, window: MainWindow) -> None:
    field = window.chat.composer.field
    field.setFocus()
    QTest.keyClicks(field, "Compare @lea")
    wait(qtbot, lambda: field.offering and field.mentions.count() == 2)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.offering and field.toPlainText() == "Compare @lea"
    QTest.keyClicks(field, "s")
    wait(qtbot, lambda: field.offering)
    names = [field.mentions.item(row).text() for row in range(2)]
    assert sorted(names) == ["lease 2021.md", "lease-2024.md"]
    if names[0] != "lease 2021.md":
        QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert field.toPlainText() == 'Compare @"lease 2021.md" ' and field.hasFocus() and not field.offering
    QTest.keyClicks(field, "with @note")
    wait(qtbot, lambda: field.offering)
    item = field.mentions.visualItemRect(field.mentions.item(0))
    QTest.mouseClick(field.mentions.viewport(), Qt.MouseButton.LeftButton, pos=item.center() + QPoint(1, 0))
    assert field.toPlainText() == 'Compare @"lease 2021.md" with @notes.txt '


@pytest.mark.parametrize(
    ("before", "named", "rest"),
    [
        ("@", "", ""),
        ("see @an", "an", "see "),
        ('see @"annual re', "annual re", "see "),
        ("(@an", "an", "("),
        ("anna@example", None, "anna@example"),
        ("@done ", None, "@done "),
        ("no name", None, "no name"),
    ],
)
def test_a_name_begins_with_an_at_at_the_start_of_a_word(before: str, named: str | None, rest: str) -> None:
    assert mention_begun(before) == named and without_mention(before) == rest


def test_how_much_is_read_and_the_form_of_the_answer(qtbot: QtBot, window: MainWindow) -> None:
    options = window.chat.composer.options
    options.patiences["thorough"].trigger()
    options.forms["table"].trigger()
    table = form(window)
    assert not table.accept_button.isEnabled()
    QTest.keyClicks(table.columns, "Contract, Rent, ,Rent")
    click(table.accept_button)
    assert options.answer_format.columns == ("Contract", "Rent") and options.text().strip() == "Thorough · Table"
    options.forms["json"].trigger()
    schema = form(window)
    schema.schema.setPlainText("{")
    click(schema.accept_button)
    assert "This is not JSON: look at line 1." in shown(schema)
    assert options.forms["table"].isChecked() and not options.forms["json"].isChecked()
    schema.schema.setPlainText('{"type": "object"}')
    click(schema.accept_button)
    manner = window.chat.foot.manner
    assert manner.patience is LatencyBudget.THOROUGH and manner.answer_format.kind is FormatKind.JSON
    assert manner.answer_format.schema == '{"type": "object"}'
    window.chat.new_conversation()
    assert options.answer_format.kind is FormatKind.TEXT and options.patience is LatencyBudget.BALANCED
