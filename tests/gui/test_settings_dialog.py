"""The settings dialog offers what is declared, keeps what is chosen, and changes the appearance at once."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QSpinBox
from pytestqt.qtbot import QtBot

from core.settings import DECLARATIONS, Settings, SettingsStore
from gui.main_window import MainWindow
from gui.settings.about import AboutDialog
from gui.settings.dialog import SettingsDialog
from gui.style.colours import DARK, LIGHT, Colours, contrast
from gui.workspace_session import LaunchOptions
from tests.support.window import click, opened, shown, wait


def open_settings(window: MainWindow) -> SettingsDialog:
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = window.findChildren(SettingsDialog)
    return dialog


def test_every_declared_setting_is_offered_with_its_help_and_value(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        dialog = open_settings(window)
        offered = {field.name: field for field in dialog.fields}
        assert set(offered) == {name for name, declaration in DECLARATIONS.items() if declaration.label}
        words = shown(dialog)
        for name, field in offered.items():
            assert DECLARATIONS[name].label in words and DECLARATIONS[name].help in words
            assert field.value == getattr(Settings(), name)
            assert field.control.accessibleName() == DECLARATIONS[name].label
        dialog.reject()


def test_what_is_chosen_is_kept_and_dark_is_dark_at_once(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        dialog = open_settings(window)
        controls = {field.name: field.control for field in dialog.fields}
        appearance, longest = controls["appearance"], controls["answer_tokens"]
        assert isinstance(appearance, QComboBox) and isinstance(longest, QSpinBox)
        appearance.setCurrentIndex(appearance.findData("dark"))
        longest.setValue(900)
        click(dialog.findChildren(QDialogButtonBox)[0].button(QDialogButtonBox.StandardButton.Ok))
        wait(qtbot, lambda: QApplication.palette().window().color().name() == DARK.canvas)
        kept = SettingsStore(tmp_path / "data" / "settings.toml").current
        assert (kept.appearance, kept.answer_tokens, kept.language) == ("dark", 900, "")


def test_about_says_the_version_and_where_the_data_lies(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        window.actions_by_name["about"].trigger()
        (dialog,) = window.findChildren(AboutDialog)
        words = shown(dialog)
        assert "Version " in words and str(tmp_path / "data") in words and "Apache" in words
        dialog.reject()


def test_every_text_has_enough_contrast() -> None:
    """WCAG 2.2 AA: 4.5 for text."""
    pairs = [
        ("text", "canvas"), ("text", "surface"), ("text", "raised"), ("text", "accent_soft"), ("text", "danger_soft"),
        ("text", "warning_soft"), ("muted", "canvas"), ("muted", "surface"), ("muted", "raised"), ("link", "canvas"),
        ("link", "surface"), ("link", "accent_soft"), ("on_accent", "accent"), ("on_accent", "accent_hover"),
        ("on_mark", "mark"), ("danger", "surface"), ("danger", "canvas"), ("warning", "canvas"), ("canvas", "text"),
    ]  # fmt: skip
    too_low = [
        (colours.dark, text, behind, round(contrast(getattr(colours, text), getattr(colours, behind)), 2))
        for colours in (LIGHT, DARK)
        for text, behind in pairs
        if contrast(getattr(colours, text), getattr(colours, behind)) < 4.5
    ]
    assert too_low == []


def test_the_muted_text_of_a_question_has_enough_contrast() -> None:
    colours: tuple[Colours, ...] = (LIGHT, DARK)
    assert all(contrast(one.muted, one.accent_soft) >= 4.5 for one in colours)
