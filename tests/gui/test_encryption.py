"""The window of an encrypted library: unlocking it, and turning encryption on and off at the next start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import keyring
import pytest
from pytestqt.qtbot import QtBot

from core.data_dir import DataDir
from core.encryption import control, key_file
from core.encryption.switching import turn_on
from core.encryption.unlocking import make_key
from core.jobs import Job
from core.store.driver import is_plain
from gui.main_window import MainWindow
from gui.settings.encryption import EncryptionDialog
from gui.settings.passphrases import LibraryPassphraseDialog
from gui.workspace_session import LaunchOptions
from tests.support.encrypted import DictKeychain, fill
from tests.support.keychains import MemoryBackend
from tests.support.window import click, opened, shown, wait

PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def no_keychain_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(key_file, "SCRYPT_N", 2**10)
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryBackend())
    yield
    keyring.set_keyring(before)


def encryption_dialog(qtbot: QtBot, window: MainWindow) -> EncryptionDialog:
    window.dialogs.encryption_dialog = None
    window.dialogs.show_encryption()
    wait(qtbot, lambda: window.dialogs.encryption_dialog is not None)
    dialog = window.dialogs.encryption_dialog
    assert dialog is not None
    return dialog


def next_dialog(qtbot: QtBot, window: MainWindow, before: EncryptionDialog) -> EncryptionDialog:
    wait(qtbot, lambda: window.dialogs.encryption_dialog is not before)
    dialog = window.dialogs.encryption_dialog
    assert dialog is not None
    return dialog


def test_a_locked_library_asks_until_the_passphrase_is_right(qtbot: QtBot, tmp_path: Path) -> None:
    fill(tmp_path / "data", 10)
    with closing(DataDir(tmp_path / "data")) as data_dir:
        turn_on(data_dir, make_key(PASSPHRASE, DictKeychain()), Job())
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        assert "The library is locked" in shown(window.fault_page)
        first = window.dialogs.unlock_dialog
        assert first is not None and not first.ok.isEnabled()
        first.passphrase.setText("wrong horse")
        click(first.ok)
        wait(qtbot, lambda: window.dialogs.unlock_dialog is not first)
        second = window.dialogs.unlock_dialog
        assert second is not None and "does not open" in shown(second)
        second.reject()
        assert window.workspace is None
        click(window.fault_page.again)
        wait(qtbot, lambda: window.dialogs.unlock_dialog is not second)
        third = window.dialogs.unlock_dialog
        assert third is not None
        third.passphrase.setText(PASSPHRASE)
        click(third.ok)
        wait(qtbot, lambda: window.workspace is not None)
        assert window.pages.currentWidget() is window.splitter


def test_encryption_is_turned_on_and_off_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    options = LaunchOptions(tmp_path / "data")
    with opened(qtbot, options) as window:
        dialog = encryption_dialog(qtbot, window)
        assert "is not encrypted" in dialog.state.text()
        click(dialog.keychain)
        dialog = next_dialog(qtbot, window, dialog)
        assert "started again" in dialog.state.text()
        dialog.reject()
    assert is_plain(tmp_path / "data" / "library.db")
    with opened(qtbot, options) as window:
        dialog = encryption_dialog(qtbot, window)
        assert dialog.state.text() == "The library is encrypted."
        click(dialog.off)
        dialog = next_dialog(qtbot, window, dialog)
        click(dialog.unchanged)
        dialog = next_dialog(qtbot, window, dialog)
        click(dialog.off)
        dialog = next_dialog(qtbot, window, dialog)
        dialog.reject()
        assert not is_plain(tmp_path / "data" / "library.db")
    with opened(qtbot, options):
        assert is_plain(tmp_path / "data" / "library.db")


def test_a_new_passphrase_is_typed_twice(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        dialog = LibraryPassphraseDialog(window, new=True)
        for first, second, fits in (("short", "short", False), (PASSPHRASE, "", False), (PASSPHRASE, PASSPHRASE, True)):
            dialog.passphrase.setText(first)
            dialog.again.setText(second)
            assert dialog.ok.isEnabled() == fits
        dialog.close()


def test_a_disk_without_encryption_is_asked_about_once(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[bool | None] = [None, True, False]
    monkeypatch.setattr(control, "disk_is_encrypted", lambda folder: answers.pop(0))
    asked: list[object] = []
    monkeypatch.setattr("gui.message_boxes.ask_about_encryption", lambda *arguments: asked.append(arguments))
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        for _ in range(3):
            left = len(answers)
            window.dialogs.ask_about_encryption()
            wait(qtbot, lambda left=left: len(answers) == left - 1 and not window.bridge.busy)  # type: ignore[misc]
        wait(qtbot, lambda: window.workspace is not None and window.workspace.settings.current.encryption_asked)
        window.dialogs.ask_about_encryption()
        assert len(asked) == 1 and answers == []
