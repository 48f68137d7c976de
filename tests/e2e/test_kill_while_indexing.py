"""Killed at random moments, the library still becomes what a fresh index of the folder gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.killing import assert_converges, kill_often

KILLS = int(os.environ.get("PAPERMOOR_KILLS", "6"))  # tests/bench/bench_kill.py does two hundred


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.timeout(600)
def test_a_killed_library_converges_to_a_fresh_one(tmp_path: Path, minilm_gguf: Path) -> None:
    for _, data_dir, folder in kill_often(KILLS, tmp_path, minilm_gguf, seed=KILLS):
        assert_converges(tmp_path, data_dir, folder, minilm_gguf)
