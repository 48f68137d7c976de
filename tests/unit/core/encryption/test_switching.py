"""Encryption is turned on and off whole or not at all, wherever the program is ended, and leaves nothing plain."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from core.data_dir import DataDir
from core.domain.faults import Cancelled
from core.encryption.opening import open_library_key
from core.encryption.switching import is_encrypted, turn_off, turn_on
from core.jobs import Job
from core.store import conversion
from models.cancel import CancelToken
from tests.support.encrypted import KEY, WORD, files_with, fill, keychain, new_key, rows_of

ROWS = 3000
WHOLE = (ROWS, 1, ROWS)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "data"
    fill(folder, ROWS)
    return folder


@pytest.fixture(scope="module")
def encrypted(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encrypted") / "data"
    shutil.copytree(plain, folder)
    with closing(DataDir(folder)) as data_dir:
        turn_on(data_dir, new_key(), Job())
    return folder


def opened_key(folder: Path) -> bytes | None:
    """Open as the workspace does."""
    with closing(DataDir(folder)) as data_dir:
        return open_library_key(data_dir, None, keychain(), Job())


def run(mode: str, folder: Path, step: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.support.encrypted", mode, str(folder), str(step)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_encrypted_library_has_everything_and_no_file_shows_any(encrypted: Path) -> None:
    assert files_with(encrypted, WORD.encode(), KEY) == []
    assert rows_of(encrypted / "library.db", KEY) == WHOLE
    assert files_with(encrypted, WORD.encode(), KEY) == []
    assert not (encrypted / "vectors").exists()


def test_decrypted_library_is_as_it_was_before(encrypted: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(encrypted, folder)
    kept = keychain()
    with closing(DataDir(folder)) as data_dir:
        turn_off(data_dir, KEY, kept, Job())
        assert not is_encrypted(data_dir)
    assert rows_of(folder / "library.db", None) == WHOLE
    assert not (folder / "library.key").exists()
    assert kept.kept == {}


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("mode", ["on", "off"])
def test_program_killed_at_any_step_leaves_a_whole_library(
    plain: Path, encrypted: Path, tmp_path: Path, mode: str
) -> None:
    source = plain if mode == "on" else encrypted
    shutil.copytree(source, tmp_path / "whole")
    steps = int(run(mode, tmp_path / "whole", 0).stdout)
    assert steps > 12
    states = []
    for step in range(1, steps + 1, 2 if steps > 40 else 1):
        folder = tmp_path / str(step) / "data"
        shutil.copytree(source, folder)
        killed = run(mode, folder, step)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        key = opened_key(folder)
        states.append(key is not None)
        assert rows_of(folder / "library.db", key) == WHOLE
        if key is not None:
            assert files_with(folder, WORD.encode()) == []
        else:
            assert not (folder / "library.key").exists()
        left = {path.name for path in folder.iterdir()}
        assert not {"library.db.converting", "library.db.replaced"} & left
    assert states == sorted(states, reverse=mode == "off")  # one moment decides
    assert set(states) == {True, False}


@pytest.mark.parametrize("mode", ["on", "off"])
def test_conversion_that_is_stopped_changes_nothing(
    plain: Path, encrypted: Path, tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "STEPS_BETWEEN_CHECKS", 1000)
    folder = tmp_path / "data"
    shutil.copytree(plain if mode == "on" else encrypted, folder)
    cancel = CancelToken()
    job = Job(lambda progress: cancel.cancel(), cancel)
    with closing(DataDir(folder)) as data_dir, pytest.raises(Cancelled):
        turn_on(data_dir, new_key(), job) if mode == "on" else turn_off(data_dir, KEY, keychain(), job)
    assert (opened_key(folder) is None) == (mode == "on")
    assert rows_of(folder / "library.db", None if mode == "on" else KEY) == WHOLE
    assert not (folder / "library.db.converting").exists()


def test_new_library_is_encrypted_from_its_first_byte(tmp_path: Path) -> None:
    with closing(DataDir(tmp_path / "data")) as data_dir:
        turn_on(data_dir, new_key(), Job())
        assert is_encrypted(data_dir)
    assert opened_key(tmp_path / "data") == KEY
    fill_key = rows_of(tmp_path / "data" / "library.db", KEY)
    assert fill_key == (0, 0, 0)
    assert not (tmp_path / "data" / "library.db").read_bytes().startswith(b"SQLite")
