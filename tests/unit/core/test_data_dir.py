"""The data directory is private whoever made it, and its files are not written through links."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from core.data_dir import DataDir
from core.domain.durations import time_left
from core.domain.text_files import write_text_file
from core.i18n import set_language

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes and links as POSIX has them")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_existing_directory_and_its_logs_are_closed_to_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "logs").mkdir(parents=True)
    (data / "logs" / "papermoor.log").write_text("old\n")
    (data / "settings.toml").write_text("")
    for path in (data, data / "logs", data / "logs" / "papermoor.log", data / "settings.toml"):
        path.chmod(0o755)
    opened = DataDir(data)
    opened.start_log()
    opened.close()
    assert mode(data) == 0o700 and mode(data / "logs" / "papermoor.log") & 0o077 == 0
    assert mode(data / "settings.toml") & 0o077 == 0


def test_a_new_log_is_private(tmp_path: Path) -> None:
    import logging

    opened = DataDir(tmp_path / "data")
    opened.start_log()
    logging.getLogger("core").warning("begun")
    opened.close()
    assert mode(tmp_path / "data" / "logs" / "papermoor.log") == 0o600


def test_trying_to_write_follows_no_link(tmp_path: Path) -> None:
    data, victim = tmp_path / "data", tmp_path / "victim.txt"
    data.mkdir()
    victim.write_text("untouched")
    (data / ".writable").symlink_to(victim)
    DataDir(data).close()
    assert victim.read_text() == "untouched"


def test_an_export_replaces_a_link_and_leaves_its_target(tmp_path: Path) -> None:
    victim, export = tmp_path / "victim.txt", tmp_path / "export.csv"
    victim.write_text("untouched")
    export.symlink_to(victim)
    write_text_file(export, "new")
    assert (victim.read_text(), export.read_text(), export.is_symlink()) == ("untouched", "new", False)
    with pytest.raises(OSError):
        write_text_file(tmp_path / "missing" / "export.csv", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.csv", "victim.txt"]


def test_time_left_is_said_in_units_that_people_use() -> None:
    set_language("en")
    seconds = (None, 3, 47, 600, 7200, 5 * 86400.0, 1_750_706 * 100.0, float("nan"))
    assert list(map(time_left, seconds)) == [
        "", "a few seconds left", "45 seconds left", "10 minutes left", "2 hours left", "5 days left", "", "",
    ]  # fmt: skip
