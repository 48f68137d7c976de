"""Documents in the window: drop, search, open, filter, remove. On the real library, without any model."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from gguf import PoolingType
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from core.domain.documents import DocumentState, IndexReport
from gui.app import make_window
from gui.documents.password import PasswordDialog
from gui.documents.results import SNIPPET
from gui.documents.skipped import SkippedDialog
from gui.main_window import MainWindow
from gui.workspace_session import LaunchOptions
from tests.support.documents import write_encrypted_pdf, write_ods, write_pptx
from tests.support.gguf_models import minilm_folder, write_minilm
from tests.support.pictures import two_languages, write_scanned_folder
from tests.support.window import at_rest, click, drag_over, drop, models_dialog, opened, shown, wait

LEASE = """# Lease of the boathouse

## Notice period

Either side may end the lease with three months' notice.

## Rent

The rent is 420 euros a month, due on the first working day.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    contracts = tmp_path / "contracts"
    (contracts / "old").mkdir(parents=True)
    (contracts / "lease.md").write_text(LEASE, encoding="utf-8")
    (contracts / "old" / "Insurance 2019.txt").write_text("The insurance covers fire and water.\n", encoding="utf-8")
    (contracts / "broken.pdf").write_bytes(b"%PDF-1.7 but nothing more")
    return contracts


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as made:
        yield made


@pytest.fixture
def filled(qtbot: QtBot, window: MainWindow, folder: Path) -> MainWindow:
    drop(window, [folder])
    wait(qtbot, lambda: at_rest(window) and "2 documents ready" in window.status.text.text())
    return window


def rows(window: MainWindow) -> list[str]:
    """Name and state of each row of the tree that is not in a collapsed folder."""
    model, view = window.documents.library.model, window.documents.library.view
    found: list[str] = []

    def walk(parent: QModelIndex) -> None:
        for row in range(model.rowCount(parent)):
            index = model.index(row, 0, parent)
            found.append(f"{index.data()}: {index.siblingAtColumn(1).data()}")
            if view.isExpanded(index):
                walk(index)

    walk(QModelIndex())
    return found


def search(qtbot: QtBot, window: MainWindow, words: str) -> None:
    QTest.keyClicks(window, "f", Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(window.documents.search, words)
    results = window.documents.results
    wait(qtbot, lambda: results.result is not None and results.result.search_result.query == words)


def test_an_empty_library_says_what_to_do_and_blocks_nothing(window: MainWindow) -> None:
    words = shown(window.documents)
    assert "Drop a folder here" in words
    assert {button.text() for button in window.documents.welcome.findChildren(QPushButton)} == {
        "Add a folder…",
        "Try it on the user guide",
    }
    assert window.status.text.text() == "No documents yet"
    assert window.documents.search.isEnabled() and window.chat.composer.field.isEnabled()


def test_what_can_be_dropped_is_announced_by_the_overlay(window: MainWindow, folder: Path) -> None:
    drag_over(window, [folder])
    assert window.drop_overlay.isVisible() and window.drop_overlay.caption == "Drop to add “contracts”"
    drag_over(window, [folder / "model.gguf"])
    window.drop_overlay.hide()
    drag_over(window, [folder / "model.gguf"])
    assert window.drop_overlay.caption == "Drop to use this model"
    window.drop_overlay.hide()


def test_a_dropped_folder_is_shown_with_the_state_of_each_document(filled: MainWindow) -> None:
    filled.documents.library.view.expandAll()
    shown_rows = rows(filled)
    assert shown_rows[:3] == ["contracts: 2 ready, 1 skipped", "old: 1 document", "Insurance 2019.txt: Ready"]
    assert shown_rows[3].startswith("broken.pdf: Skipped: ") and shown_rows[4] == "lease.md: Ready"
    assert filled.documents.library.total_label.text() == "3 documents"


def test_search_highlights_the_words_and_opens_the_passage(qtbot: QtBot, filled: MainWindow) -> None:
    search(qtbot, filled, "notice of the lease")
    results = filled.documents.results
    assert "in 2 documents searched" in results.summary.text()
    first = results.view.model().index(0, 0)
    snippet = first.data(SNIPPET)
    assert {snippet.text[a:b] for a, b in snippet.highlights} >= {"lease", "notice"}
    assert "Lease of the boathouse" in first.data(Qt.ItemDataRole.AccessibleTextRole)

    QTest.keyClick(filled.documents.search, Qt.Key.Key_Down)
    assert results.view.hasFocus()
    QTest.keyClick(results.view, Qt.Key.Key_Return)
    view = filled.documents.document.view
    wait(qtbot, lambda: "three months' notice" in view.highlighted_text())
    assert view.passage_is_visible()
    assert filled.documents.document.title.text() == "Lease of the boathouse"
    assert filled.documents.document.page.text() == "lines 1–9"

    QTest.keyClick(filled, Qt.Key.Key_Escape)
    assert filled.documents.stack.currentWidget() is results and results.view.hasFocus()
    QTest.keyClick(filled, Qt.Key.Key_Escape)
    assert filled.documents.stack.currentWidget() is filled.documents.library


def test_slides_are_called_slides(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    slides = [("Start", ["Hello " * 200]), ("Middle", ["Then " * 200]), ("Zebra", ["Herds"])]
    drop(window, [write_pptx(tmp_path / "talk.pptx", slides)])
    wait(qtbot, lambda: at_rest(window) and "1 document ready" in window.status.text.text())
    search(qtbot, window, "zebra herds")
    results, document = window.documents.results, window.documents.document
    assert "slide" in results.view.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    QTest.keyClick(window.documents.search, Qt.Key.Key_Down)
    QTest.keyClick(results.view, Qt.Key.Key_Return)
    wait(qtbot, lambda: "Herds" in document.view.highlighted_text())
    assert document.page.text().startswith("slide ") and document.page.text().endswith(" of 3")
    document.view.grab()  # the rules between the slides


def test_the_cells_of_a_passage_in_a_sheet_are_named(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    rows = [[f"item {number}", "nothing of note, but at length", str(number)] for number in range(1, 60)]
    rows[30][1] = "an agouti"
    drop(window, [write_ods(tmp_path / "costs.ods", {"Costs": rows, "Other": [["more", "words"] * 300]})])
    wait(qtbot, lambda: at_rest(window) and "1 document ready" in window.status.text.text())
    search(qtbot, window, "agouti")
    results, document = window.documents.results, window.documents.document
    assert "sheet Costs, A" in results.view.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    QTest.keyClick(window.documents.search, Qt.Key.Key_Down)
    QTest.keyClick(results.view, Qt.Key.Key_Return)
    wait(qtbot, lambda: "an agouti" in document.view.highlighted_text() and document.view.passage_is_visible())
    assert re.fullmatch(r"sheet Costs, A\d+:C\d+", document.page.text())
    bar = document.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    wait(qtbot, lambda: document.page.text() == "sheet Other")


def test_search_says_that_nothing_was_found_and_that_only_words_were_searched(qtbot: QtBot, filled: MainWindow) -> None:
    search(qtbot, filled, "zebra crossing")
    words = shown(filled.documents.results)
    assert "Nothing was found for “zebra crossing”" in words
    assert "Found by the words themselves." in words
    click(filled.documents.results.get_search_model)
    wait(qtbot, lambda: "Search model" in shown(models_dialog(filled)))
    assert "Search by meaning needs a small model" in shown(models_dialog(filled))
    models_dialog(filled).close()


def test_the_tree_can_be_filtered_by_name_and_by_state(qtbot: QtBot, filled: MainWindow) -> None:
    library = filled.documents.library
    QTest.keyClicks(library.name_filter, "insur")
    wait(qtbot, lambda: library.total_label.text() == "1 of 3 documents")
    assert rows(filled)[0] == "contracts: 1 document"
    library.name_filter.clear()
    library.filter_by_state(DocumentState.SKIPPED)
    wait(qtbot, lambda: len(rows(filled)) == 2 and rows(filled)[1].startswith("broken.pdf: Skipped"))


def test_a_document_opens_from_the_tree_with_return(qtbot: QtBot, filled: MainWindow) -> None:
    library = filled.documents.library
    library.view.expandAll()
    node = next(n for n in library.model.tree.roots[0].children if n.name == "lease.md")
    library.view.setCurrentIndex(library.model.index_of(node))
    QTest.keyClick(library.view, Qt.Key.Key_Return)
    wait(qtbot, lambda: "420 euros" in filled.documents.document.view.toPlainText())
    assert filled.documents.document.view.highlighted_text() == ""
    menu = library.row_menu(node)
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Open here",
        "Open in its application",
        "Show in folder",
        "Index again",
        "Remove from Papermoor…",
    ]
    menu.deleteLater()


def test_skipped_files_are_listed_with_their_reason(qtbot: QtBot, filled: MainWindow, folder: Path) -> None:
    assert filled.status.skipped.text() == "1 skipped"
    click(filled.status.skipped)
    wait(qtbot, lambda: bool(filled.findChildren(SkippedDialog)))
    (dialog,) = filled.findChildren(SkippedDialog)
    row = [dialog.view.model().index(0, column).data() for column in range(3)]
    assert row[0] == "broken.pdf" and row[1] and row[2] == str(folder)
    dialog.close()


def test_a_skipped_file_can_be_tried_again(qtbot: QtBot, filled: MainWindow) -> None:
    reports: list[IndexReport] = []
    assert filled.library is not None
    filled.library.indexed.connect(reports.append)
    click(filled.status.skipped)
    wait(qtbot, lambda: bool(filled.findChildren(SkippedDialog)))
    (dialog,) = filled.findChildren(SkippedDialog)
    with qtbot.waitSignal(filled.library.indexing_changed, timeout=30_000):
        click(next(button for button in dialog.findChildren(QPushButton) if button.text() == "Try again"))
    wait(qtbot, lambda: at_rest(filled) and len(reports) == 1)
    assert [skip.path.name for skip in reports[0].skipped] == ["broken.pdf"]


def test_an_encrypted_document_is_unlocked_with_its_password(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    locked = write_encrypted_pdf(tmp_path / "locked.pdf", "sesame")
    drop(window, [locked])
    wait(qtbot, lambda: at_rest(window) and window.status.skipped.text() == "1 skipped")
    library = window.documents.library
    wait(qtbot, lambda: library.model.rowCount() == 1)
    index = library.model.index(0, 0)
    library.view.setCurrentIndex(index)
    library.view.activated.emit(index)
    (dialog,) = window.findChildren(PasswordDialog)
    QTest.keyClicks(dialog.password, "sesame")
    QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    wait(qtbot, lambda: at_rest(window) and "1 document ready" in window.status.text.text())


def test_removing_a_folder_asks_first_and_can_be_undone(qtbot: QtBot, filled: MainWindow, folder: Path) -> None:
    library = filled.documents.library
    library.view.setFocus()
    library.view.setCurrentIndex(library.model.index(0, 0))
    QTest.keyClick(library.view, Qt.Key.Key_Delete)
    (box,) = filled.findChildren(QMessageBox)
    assert "Remove “contracts” from Papermoor?" in box.text()
    click(next(button for button in box.buttons() if button.text() == "Remove"))
    wait(qtbot, lambda: filled.undo.isVisible() and "Drop a folder here" in shown(filled.documents))
    assert (folder / "lease.md").exists()

    click(filled.undo.action)
    wait(qtbot, lambda: at_rest(filled) and "2 documents ready" in filled.status.text.text())


def test_a_change_on_the_disk_is_found_with_f5(qtbot: QtBot, filled: MainWindow, folder: Path) -> None:
    (folder / "new.txt").write_text("A new document about geraniums.\n", encoding="utf-8")
    QTest.keyClick(filled, Qt.Key.Key_F5)
    wait(qtbot, lambda: at_rest(filled) and "3 documents ready" in filled.status.text.text())
    search(qtbot, filled, "geraniums")
    found = filled.documents.results.result
    assert found is not None and [passage.path.name for passage in found.search_result.passages] == ["new.txt"]


def test_a_change_on_the_disk_is_noticed_by_itself(qtbot: QtBot, filled: MainWindow, folder: Path) -> None:
    (folder / "old" / "new.txt").write_text("A new document about geraniums.\n", encoding="utf-8")
    wait(qtbot, lambda: at_rest(filled) and "3 documents ready" in filled.status.text.text())
    shutil.rmtree(folder / "old")
    wait(qtbot, lambda: at_rest(filled) and "1 document ready" in filled.status.text.text())


def test_following_changes_can_be_switched_off_and_rules_changed(
    qtbot: QtBot, filled: MainWindow, folder: Path
) -> None:
    assert filled.workspace is not None
    filled.dialogs.change_settings({"watch": False, "ignore": "old/"})
    wait(qtbot, lambda: at_rest(filled) and "1 document ready" in filled.status.text.text())
    assert filled.library is not None and not filled.library.watching
    filled.dialogs.change_settings({"watch": True, "ignore": ""})
    wait(qtbot, lambda: at_rest(filled) and "2 documents ready" in filled.status.text.text())
    assert filled.library.watching


def test_another_search_model_asks_before_it_prepares_everything_anew(
    qtbot: QtBot, filled: MainWindow, minilm_gguf: Path, tmp_path: Path
) -> None:
    def stored() -> str:
        assert filled.workspace is not None
        return Path(filled.workspace.settings.current.embedder).name

    other = tmp_path / "other.gguf"
    write_minilm(minilm_folder(), other, pooling=PoolingType.CLS)
    drop(filled, [minilm_gguf])
    wait(qtbot, lambda: at_rest(filled) and stored() == minilm_gguf.name)
    for answer, chosen in (("Keep the old model", minilm_gguf.name), ("Prepare them", other.name)):
        drop(filled, [other])
        wait(qtbot, lambda: bool(filled.findChildren(QMessageBox)))
        (box,) = filled.findChildren(QMessageBox)
        assert "2 passages have to be prepared anew (about a minute)" in box.informativeText()
        assert stored() == minilm_gguf.name
        click(next(button for button in box.buttons() if button.text() == answer))
        wait(qtbot, lambda: at_rest(filled) and not filled.findChildren(QMessageBox))
        assert stored() == chosen


def test_other_languages_ask_before_scanned_pages_are_read_again(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(two_languages(tmp_path)))

    def is_read_in(languages: str) -> bool:
        assert window.workspace is not None
        with window.workspace.database.read() as connection:
            rows = connection.execute("SELECT DISTINCT recognised_in FROM documents WHERE recognised").fetchall()
        return rows == [(languages,)]

    window.dialogs.change_settings({"recognition_languages": "eng"})
    drop(window, [write_scanned_folder(tmp_path)])
    wait(qtbot, lambda: at_rest(window) and "3 documents ready" in window.status.text.text())
    for languages, answer, expected in (("enm", "Keep them", "eng"), ("enm+eng", "Read them again", "enm+eng")):
        window.dialogs.change_settings({"recognition_languages": languages})
        wait(qtbot, lambda: bool(window.findChildren(QMessageBox)))
        (box,) = window.findChildren(QMessageBox)
        assert f"in “{languages}”" in box.text()
        assert "3 pages were read in other languages. Reading them again takes about a minute;" in box.informativeText()
        assert is_read_in("eng")
        click(next(button for button in box.buttons() if button.text() == answer))
        wait(qtbot, partial(is_read_in, expected))
        wait(qtbot, lambda: at_rest(window))


def test_a_missing_folder_is_listed_and_keeps_its_documents(
    qtbot: QtBot, filled: MainWindow, folder: Path, tmp_path: Path
) -> None:
    folder.rename(tmp_path / "elsewhere")
    QTest.keyClick(filled, Qt.Key.Key_F5)
    wait(qtbot, lambda: at_rest(filled) and filled.status.skipped.text() == "2 skipped")
    assert rows(filled)[0].startswith("contracts: Not looked into: It is not there now.")
    assert "2 documents ready" in filled.status.text.text()
    click(filled.status.skipped)
    wait(qtbot, lambda: bool(filled.findChildren(SkippedDialog)))
    (dialog,) = filled.findChildren(SkippedDialog)
    assert [dialog.view.model().index(row, 0).data() for row in range(2)] == ["contracts", "broken.pdf"]
    (tmp_path / "elsewhere").rename(folder)
    click(next(button for button in dialog.findChildren(QPushButton) if button.text() == "Try again"))
    wait(qtbot, lambda: at_rest(filled) and filled.status.skipped.text() == "1 skipped")
    assert rows(filled)[0] == "contracts: 2 ready, 1 skipped"


def test_a_document_that_is_searched_in_part_says_so(qtbot: QtBot, filled: MainWindow, folder: Path) -> None:
    workspace, library = filled.workspace, filled.library
    assert workspace is not None and library is not None
    with workspace.database.write() as connection:  # as after two ends of the program over one of its passages
        connection.execute(
            "INSERT INTO embedding_in_hand (fingerprint, content_hash, alone, suspect, deaths) "
            "SELECT 'f', c.content_hash, 0, 1, 2 FROM chunks c JOIN documents d ON d.id = c.document_id "
            "WHERE d.title = 'Insurance 2019'"
        )
    library.refresh()
    wait(qtbot, lambda: filled.status.skipped.text() == "2 skipped")
    filled.documents.library.view.expandAll()
    assert "Insurance 2019.txt: Ready, in part" in rows(filled)
    node = filled.documents.library.model.tree.node_at(folder / "old" / "Insurance 2019.txt")
    assert node is not None and "ended several times" in filled.documents.library.model.details(node)


def test_indexing_can_be_paused_and_resumed_after_a_restart(qtbot: QtBot, tmp_path: Path, folder: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        window.actions_by_name["pause_indexing"].trigger()
        drop(window, [folder])
        wait(qtbot, lambda: window.status.text.text().startswith("Paused · Reading documents: 0 of 3"))
        assert window.status.pause.text() == "Go on" and window.status.stop.isVisible()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    window = make_window(app, LaunchOptions(tmp_path / "data"), "light")
    try:
        window.show()
        window.open_library()
        wait(qtbot, lambda: window.status.text.text().startswith("Paused · Reading documents: 0 of 3"))
        click(window.status.pause)
        wait(qtbot, lambda: at_rest(window) and "2 documents ready" in window.status.text.text())
        assert not window.status.pause.isVisible()
    finally:
        window.close()
        window.deleteLater()


def test_the_guide_is_added_and_opened_by_f1(qtbot: QtBot, window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_F1)
    wait(qtbot, lambda: "Your first five minutes" in window.documents.document.view.toPlainText())
    wait(qtbot, lambda: at_rest(window))
    assert window.documents.document.title.text() == "Getting started"


def test_documents_and_geometry_are_kept_over_a_restart(qtbot: QtBot, tmp_path: Path, folder: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as first:
        drop(first, [folder])
        wait(qtbot, lambda: at_rest(first) and "2 documents ready" in first.status.text.text())
        first.splitter.setSizes([300, 900])
        width = first.splitter.sizes()[0]
    assert (tmp_path / "data" / "window.ini").is_file()
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as second:
        wait(qtbot, lambda: "2 documents ready" in second.status.text.text())
        room = second.splitter.width() - second.chat.minimumSizeHint().width() - 1  # the screen of the tests is small
        assert second.splitter.sizes()[0] == max(second.documents.minimumWidth(), min(width, room))
