"""The cores that compute a model, found in folders like Linux's sysfs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from models.machine.cores import performance_cores, usable_cores


def processors(system: Path, *siblings: str) -> None:
    """Create the logical processors 0, 1, ... with these lists of thread siblings."""
    for number, listed in enumerate(siblings):
        folder = system / "system" / "cpu" / f"cpu{number}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{listed}\n")


def hybrid(system: Path) -> None:
    """Create two performance cores of two threads each (0-3) and four efficiency cores (4-7)."""
    processors(system, "0-1", "0-1", "2-3", "2-3", "4", "5", "6", "7")
    for name, listed in (("cpu_core", "0-3\n"), ("cpu_atom", "4-7\n")):
        (system / name).mkdir()
        (system / name / "cpus").write_text(listed)


def test_two_threads_of_a_core_count_once(tmp_path: Path) -> None:
    processors(tmp_path, "0,2", "1,3", "0,2", "1,3")
    assert performance_cores({0, 1, 2, 3}, tmp_path) == 2


def test_efficiency_cores_of_a_hybrid_processor_are_left_out(tmp_path: Path) -> None:
    hybrid(tmp_path)
    assert performance_cores(set(range(8)), tmp_path) == 2


def test_a_program_kept_to_efficiency_cores_uses_them(tmp_path: Path) -> None:
    hybrid(tmp_path)
    assert performance_cores({5, 6}, tmp_path) == 2


def test_only_cores_that_the_program_may_use_count(tmp_path: Path) -> None:
    hybrid(tmp_path)
    assert performance_cores({0, 1, 5}, tmp_path) == 1


def test_without_sysfs_no_cores_are_found(tmp_path: Path) -> None:
    assert performance_cores({0, 1}, tmp_path) == 0


@pytest.mark.parametrize("listed", ["", "many", "1-x", "\0"])
def test_an_unreadable_cpu_list_gives_no_cores(tmp_path: Path, listed: str) -> None:
    processors(tmp_path, listed)
    assert performance_cores({0}, tmp_path) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which processors a process may use")
def test_this_machine_has_a_core() -> None:
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))
