"""Opening and closing the window: it is shown at once; what prevents the opening is explained, with a way on."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import make_window
from gui.workspace_session import LaunchOptions
from tests.support.window import click, opened, shown, wait


def test_the_window_is_usable_before_the_library_is_open(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    window = make_window(qapp, LaunchOptions(tmp_path / "data"), "light")
    window.show()
    assert window.isVisible() and window.workspace is None
    assert "Drop a folder here" in shown(window.documents)
    window.add([tmp_path])
    window.open_library()
    assert window.status.text.text() == "Opening the library…"
    wait(qtbot, lambda: window.workspace is not None)
    wait(qtbot, lambda: window.library is not None and window.library.tree.folders == 1)
    window.close()
    window.deleteLater()


def test_a_second_copy_says_so_and_can_try_again(qtbot: QtBot, tmp_path: Path) -> None:
    with (
        opened(qtbot, LaunchOptions(tmp_path / "data")) as first,
        opened(qtbot, LaunchOptions(tmp_path / "data")) as second,
    ):
        assert "Papermoor is already open" in shown(second.fault_page)
        assert str(tmp_path / "data") in shown(second.fault_page)
        first.close()
        click(second.fault_page.again)
        wait(qtbot, lambda: second.workspace is not None)
        assert second.pages.currentWidget() is second.splitter


def test_a_data_folder_that_cannot_be_made_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with opened(qtbot, LaunchOptions(tmp_path / "file" / "data")) as window:
        words = shown(window.fault_page)
        assert "The data folder cannot be used" in words and "--data-dir" in words
        click(window.fault_page.quit)
        assert not window.isVisible()


def test_closing_while_the_library_opens_closes_it(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    window = make_window(qapp, LaunchOptions(tmp_path / "data"), "light")
    window.show()
    window.open_library()
    window.close()
    assert window.ended_cleanly
    window.deleteLater()
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as again:
        assert again.workspace is not None


def test_closing_while_documents_are_indexed_stops_the_job(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}.txt").write_text(f"Document number {number} about harbours.\n" * 40, encoding="utf-8")
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        window.add([folder])
        wait(qtbot, lambda: window.library is not None and (window.library.indexing or window.library.tree).total > 0)
        window.close()
        assert window.ended_cleanly
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as again:
        wait(qtbot, lambda: "300 documents ready" in again.status.text.text())
