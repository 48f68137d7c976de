"""Settings: declared once, kept in a file that a person may edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import DECLARATIONS, Settings, SettingsStore


def test_what_is_changed_is_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    SettingsStore(path).change(effort="high", patience="fast")
    assert SettingsStore(path).current == Settings(effort="high", patience="fast")


def test_a_value_that_does_not_fit_falls_back_to_its_default(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('effort = "extreme"\npatience = "endless"\nlanguage = 3\nmemory_gib = 24\n', encoding="utf-8")
    assert SettingsStore(path).current == Settings(memory_gib=24)


@pytest.mark.parametrize("content", [b"not = = toml", b"\xff\xfe", b""])
def test_a_damaged_file_gives_the_defaults_and_is_mended_by_the_next_change(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    store = SettingsStore(path)
    assert store.current == Settings()
    store.change(appearance="dark")
    assert SettingsStore(path).current.appearance == "dark"


def test_comments_and_foreign_keys_of_the_person_stay(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("# mine\nfuture = 1\n", encoding="utf-8")
    SettingsStore(path).change(answer_tokens=128)
    assert path.read_text(encoding="utf-8").startswith("# mine\nfuture = 1\n")


def test_a_value_out_of_bounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="answer_tokens"):
        SettingsStore(tmp_path / "settings.toml").change(answer_tokens=0)


def test_every_default_is_within_its_bounds() -> None:
    defaults = Settings()
    assert [key for key, declared in DECLARATIONS.items() if not declared.accepts(getattr(defaults, key))] == []
