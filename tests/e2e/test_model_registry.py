"""Model files of a data directory: adopted where they are, opened when needed, each as the kind it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.faults import ModelFault
from core.engines.model_registry import ModelState
from core.jobs import Job
from core.workspace import Workspace

PASSAGES = ["The valve closes in winter.", "Bread is baked at night."]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path / "data")
    yield workspace
    workspace.close()


def test_a_reranking_model_is_adopted_and_scores_passages(workspace: Workspace, ranker: Path) -> None:
    assert workspace.engines.reranker() is None
    assert workspace.model_registry.adopt(ranker) == "reranker"
    reranker = workspace.engines.reranker()
    assert reranker is not None and workspace.engines.reranker() is reranker, "it is opened once"
    scores = reranker.scores("When does the valve close?", PASSAGES)
    assert len(scores) == 2 and all(0 <= score <= 1 for score in scores)
    assert workspace.model_registry.embedder().state is ModelState.ABSENT, "and is nothing else"


def test_a_search_uses_the_chosen_reranking_model(workspace: Workspace, ranker: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for number, text in enumerate(PASSAGES):
        (tmp_path / "notes" / f"{number}.txt").write_text(text)
    workspace.library.index([tmp_path / "notes"], Job())

    def reranked() -> list[bool]:
        found = workspace.retriever.search("When does the valve close?", explain=True, rerank=True)
        return [passage.why is not None and passage.why.rerank_score is not None for passage in found.passages]

    assert reranked() and not any(reranked()), "there is none yet"
    workspace.model_registry.adopt(ranker)
    assert reranked() and all(reranked())
    workspace.settings.change(reranker="")
    assert not any(reranked()), "and it can be given up"


def test_the_choice_is_kept_and_a_missing_file_is_a_fault(tmp_path: Path, ranker: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(ranker.read_bytes())
    workspace = Workspace.open(tmp_path / "data")
    workspace.model_registry.adopt(mine)
    workspace.close()
    workspace = Workspace.open(tmp_path / "data")
    try:
        assert workspace.model_registry.reranker().path == mine
        mine.unlink()
        assert workspace.model_registry.reranker().state is ModelState.FAULTY
        assert workspace.engines.reranker() is None, "searching goes on without"
    finally:
        workspace.close()


def test_every_file_is_adopted_as_the_kind_it_is(
    workspace: Workspace, ranker: Path, minilm_gguf: Path, tiny_gpt_oss: Path
) -> None:
    assert [workspace.model_registry.adopt(path) for path in (ranker, minilm_gguf, tiny_gpt_oss)] == [
        "reranker",
        "embedder",
        "chat",
    ]
    states = [status().state for status in (workspace.model_registry.reranker, workspace.model_registry.embedder)]
    assert states == [ModelState.READY, ModelState.READY]
    plan = workspace.engines.chat_plan()
    workspace.settings.change(reranker="")
    assert workspace.engines.chat_plan().estimated_bytes < plan.estimated_bytes, "each model in memory is counted"


def test_a_file_of_another_kind_is_refused_with_a_reason(workspace: Workspace, minilm_gguf: Path) -> None:
    workspace.settings.change(reranker=str(minilm_gguf))
    fault = workspace.model_registry.reranker().fault
    assert isinstance(fault, ModelFault) and "no reranking model" in str(fault)
