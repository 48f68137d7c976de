"""After kills at random moments the library still converges to what a fresh index of the folder holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from gguf import PoolingType

from tests.support.gguf_models import minilm_folder, write_minilm
from tests.support.killing import assert_converges, kill_often

KILLS = int(os.environ.get("PAPERMOOR_KILLS", "4"))  # tests/bench/bench_kill.py does two hundred


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.timeout(600)
def test_a_killed_library_converges_to_a_fresh_one(tmp_path: Path, minilm_gguf: Path) -> None:
    other = tmp_path / "other.gguf"
    write_minilm(minilm_folder(), other, pooling=PoolingType.CLS)
    for _, site in kill_often(KILLS, tmp_path, (minilm_gguf, other), seed=KILLS):
        assert_converges(tmp_path, site)
