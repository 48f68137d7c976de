"""What one run of the program learns of loads that crashed an earlier run (e2e/test_load_deaths.py does crash it)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.faults import ModelFault
from models.loading.crash_guard import (
    FAST_MODE,
    SAFE_MODE,
    guarded_load,
    needs_safe_mode,
    repeated_crash_fault,
    try_again,
)
from models.loading.crash_log import LoadCrashLog


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return path


def crash(folder: Path, *loads: tuple[Path, str]) -> LoadCrashLog:
    """The log of the run after one that crashed during these loads."""
    crashed = LoadCrashLog(folder)
    for path, load_mode in loads:
        crashed.begin(path, load_mode)
    return LoadCrashLog(folder)


def test_a_load_that_ended_is_no_crash(tmp_path: Path, model: Path) -> None:
    crash_log = LoadCrashLog(tmp_path)
    crash_log.end(crash_log.begin(model, FAST_MODE))
    assert not LoadCrashLog(tmp_path).has_crashed(model, FAST_MODE)


def test_a_crash_is_found_by_the_next_run_for_its_mode_alone(tmp_path: Path, model: Path) -> None:
    crash_log = crash(tmp_path, (model, FAST_MODE))
    assert crash_log.crashed_alone(model, FAST_MODE)
    assert not crash_log.has_crashed(model, SAFE_MODE)
    assert needs_safe_mode(model, crash_log) and repeated_crash_fault(model, crash_log) is None


def test_of_two_loads_at_the_same_time_neither_crashed_alone(tmp_path: Path, model: Path) -> None:
    other = tmp_path / "other.gguf"
    crash_log = crash(tmp_path, (model, FAST_MODE), (other, FAST_MODE))
    for path in (model, other):
        assert crash_log.has_crashed(path, FAST_MODE) and not crash_log.crashed_alone(path, FAST_MODE)


def test_an_exclusive_load_that_ends_is_cleared_of_its_crash(tmp_path: Path, model: Path) -> None:
    crash_log = crash(tmp_path, (model, SAFE_MODE))
    crash_log.end(crash_log.begin(model, SAFE_MODE, exclusive=True))
    assert not crash_log.has_crashed(model, SAFE_MODE)


@pytest.mark.parametrize("survived", [(), (True,), (False, True)])
def test_a_model_that_crashed_in_safe_mode_too_is_tried_in_another_process(
    tmp_path: Path, model: Path, survived: tuple[bool, ...]
) -> None:
    """`survived` are the modes, safe or not, in which that process lives."""
    tried: list[bool] = []

    def survives(path: Path, safe_mode: bool) -> bool:
        tried.append(safe_mode)
        return safe_mode in survived

    crash(tmp_path, (model, FAST_MODE))
    crash_log = crash(tmp_path, (model, SAFE_MODE))
    assert repeated_crash_fault(model, crash_log) is None, "it may have been killed"
    if not survived:
        with pytest.raises(ModelFault, match="model.gguf"), guarded_load(model, crash_log, survives):
            pass
        assert tried == [False, True] and repeated_crash_fault(model, crash_log) is not None
        try_again(model, crash_log)
        assert repeated_crash_fault(model, crash_log) is None and needs_safe_mode(model, crash_log)
        return
    with guarded_load(model, crash_log, survives) as safe_mode:
        assert safe_mode is (False not in survived)


def test_a_changed_file_has_no_crashes(tmp_path: Path, model: Path) -> None:
    crash_log = crash(tmp_path, (model, FAST_MODE))
    os.utime(model, ns=(1, 1))
    assert not crash_log.has_crashed(model, FAST_MODE)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"running": 3}', '{"running": [], "deaths": []}'])
def test_an_unreadable_crash_log_starts_anew(tmp_path: Path, model: Path, content: str) -> None:
    (tmp_path / "model-loads.json").write_text(content)
    assert not LoadCrashLog(tmp_path).has_crashed(model, FAST_MODE)
