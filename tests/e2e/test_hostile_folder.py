"""Hostile files of every format cost themselves alone; tests/bench/bench_hostile.py does this with many thousands."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.documents import DocumentState
from core.jobs import Job
from core.workspace import Workspace
from tests.support.hostile_folder import FORMATS, make_hostile_folder


@pytest.mark.timeout(300)
def test_every_control_document_is_found_beside_hostile_ones(tmp_path: Path) -> None:
    controls = make_hostile_folder(tmp_path / "documents", mutants=4, text_chars=20_000, seed=3)
    workspace = Workspace.open(tmp_path / "data")
    try:
        workspace.library.index([tmp_path / "documents"], Job())
        documents = workspace.library.documents()
        assert len(documents) >= 4 * len(FORMATS) + len(controls)
        assert not [one.path.name for one in documents if one.state is DocumentState.WAITING]
        for name, word in controls.items():
            assert name in [passage.path.name for passage in workspace.retriever.search(word).passages]
    finally:
        workspace.close()
