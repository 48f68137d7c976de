"""Reranking: within bounds, within its time, and dispensable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
import pytest

from core.chat.context import ContextGatherer
from core.chunking.chunker import cut_document
from core.cli.explanation import explanation_lines
from core.domain.conversation import WHOLE_LIBRARY, LatencyBudget
from core.parsing.process.pool import ParserPool
from core.retrieval.passage_ranking import RankedPassage
from core.retrieval.reranking import BUDGET_S, LEAST_PASSAGES, MOST_PASSAGES, RERANK_WEIGHT, Reranking, reranked
from core.retrieval.retriever import Retriever
from core.store.documents.passages import PassageSpan
from core.store.documents.scopes import Scopes
from core.store.documents.sections import Sections
from models.cancel import CancelToken
from models.reranker import Reranker, RerankerSpec
from tests.support import gguf_models
from tests.support.libraries import OpenLibrary, open_library

TEXTS = [f"Paragraph {n} names the Red Harbour." for n in range(40)]


@dataclass
class TimedReranker:
    """A reranking model that takes `passage_s` for each passage on a clock of its own."""

    passage_s: float
    score_of: Callable[[str], float] = lambda text: 0.5
    now_s: float = 0.0
    group_sizes: list[int] = field(default_factory=list)

    def scores(self, question: str, passages: Sequence[str], cancel: CancelToken | None = None) -> list[float]:
        self.group_sizes.append(len(passages))
        self.now_s += self.passage_s * len(passages)
        return [self.score_of(text) for text in passages]

    def rerank(self, reranking: Reranking, cancel: CancelToken | None = None) -> list[float]:
        return reranking.rerank_scores("Which harbour?", lambda n: TEXTS[:n], cancel)


def reranking_by(model: TimedReranker) -> Reranking:
    return Reranking(lambda: model, lambda: model.now_s)


def test_a_quick_model_scores_as_many_as_it_may() -> None:
    model = TimedReranker(0.01)
    assert len(model.rerank(reranking_by(model))) == MOST_PASSAGES
    assert sum(model.group_sizes) == MOST_PASSAGES


def test_a_slower_model_scores_as_many_as_there_is_time_for() -> None:
    model = TimedReranker(0.3)
    reranking = reranking_by(model)
    for _ in range(3):
        began_s = model.now_s
        assert LEAST_PASSAGES <= len(model.rerank(reranking)) < MOST_PASSAGES
        assert model.now_s - began_s <= BUDGET_S


def test_a_model_too_slow_is_tried_once_and_then_costs_nothing() -> None:
    model = TimedReranker(2.0)
    reranking = reranking_by(model)
    assert model.rerank(reranking) == []
    assert model.rerank(reranking) == []
    assert model.group_sizes == [1]


def test_one_busy_moment_is_forgotten() -> None:
    model = TimedReranker(2.0)
    reranking = reranking_by(model)
    model.rerank(reranking)
    model.passage_s = 0.01
    assert any(model.rerank(reranking) for _ in range(20))


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_model_that_fails_is_logged_once_and_not_used_again(score: float, caplog: pytest.LogCaptureFixture) -> None:
    model = TimedReranker(0.01, lambda text: score)
    reranking = reranking_by(model)
    with caplog.at_level(logging.WARNING):
        assert model.rerank(reranking) == model.rerank(reranking) == []
    assert (len(caplog.records), model.group_sizes) == (1, [1])


def test_a_stopped_question_does_not_wait_for_the_model_and_the_next_one_uses_it_again(
    opened: OpenLibrary, reranker: Reranker
) -> None:
    retriever = Retriever(opened.database, opened.vectors, lambda: None, lambda: reranker)
    stopped = CancelToken()
    stopped.cancel()
    plain = retriever.search("Which harbour is open?", explain=True)
    assert retriever.search("Which harbour is open?", explain=True, rerank=True, cancel=stopped) == plain
    again = retriever.search("Which harbour is open?", explain=True, rerank=True)
    assert all(p.why is not None and p.why.rerank_score is not None for p in again.passages)


def ranked(id: int, score: float) -> RankedPassage:
    return RankedPassage(PassageSpan(id, id, 0, 0, 90, None, ""), score, score)


def ids(found: Sequence[RankedPassage]) -> list[int]:
    return [one.passage.id for one in found]


def test_the_rerank_score_decides_between_passages_with_similar_scores() -> None:
    assert ids(reranked([ranked(1, 0.9), ranked(2, 0.85), ranked(3, 0.8)], [0.0, 0.1, 1.0])) == [3, 1, 2]


def test_the_rerank_score_cannot_overturn_a_clear_lead() -> None:
    assert ids(reranked([ranked(1, 1.0), ranked(2, 0.99 - RERANK_WEIGHT)], [0.0, 1.0])) == [1, 2]


def test_a_model_with_one_score_for_all_changes_nothing() -> None:
    before = [ranked(1, 0.9), ranked(2, 0.9), ranked(3, 0.2)]
    assert [(one.passage.id, one.score) for one in reranked(before, [0.75, 0.75])] == [(1, 0.9), (2, 0.9), (3, 0.2)]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLibrary]:
    folder = tmp_path_factory.mktemp("files")
    for n in range(8):
        (folder / f"{n}.txt").write_text(f"The harbour of town {n} is open in summer, and has {n + 2} cranes.")
    with (
        ParserPool(workers=1, cutter=cut_document) as pool,
        open_library(tmp_path_factory.mktemp("data"), pool) as library,
    ):
        library.index(folder)
        yield library


@pytest.fixture
def reranker(tmp_path: Path) -> Iterator[Reranker]:
    """A real reranking model but for its classifier, which is random."""
    path = tmp_path / "reranker.gguf"
    classifier = np.random.default_rng(5).normal(size=(1, 384)).astype(np.float32)
    folder = gguf_models.minilm_folder()
    gguf_models.write_minilm(folder, path, pooling=gguf.PoolingType.RANK, added={"cls.output.weight": classifier})
    opened = Reranker.open(path, threads=1, spec=RerankerSpec("test", 512))
    yield opened
    opened.close()


def test_a_search_uses_the_reranking_model_only_if_told_to(opened: OpenLibrary, reranker: Reranker) -> None:
    retriever = Retriever(opened.database, opened.vectors, lambda: None, lambda: reranker)
    plain = retriever.search("Which harbour is open?", explain=True)
    assert all(p.why is not None and p.why.rerank_score is None for p in plain.passages)
    found = retriever.search("Which harbour is open?", explain=True, rerank=True)
    assert {p.path for p in found.passages} == {p.path for p in plain.passages}
    assert [p.score for p in found.passages] == sorted((p.score for p in found.passages), reverse=True)
    for passage in found.passages:
        why = passage.why
        assert why is not None
        (expected,) = reranker.scores("Which harbour is open?", [passage.text])
        assert why.rerank_score == pytest.approx(expected, abs=0.02)
        parts = (
            why.passage_score,
            why.neighbour_score,
            why.embedding_score,
            why.document_score,
            why.rerank_bonus,
            why.rank_bonus,
        )
        assert sum(parts) == pytest.approx(passage.score)
        assert f"{why.rerank_score:.3f}" in "\n".join(explanation_lines(passage))
    assert len({round(p.why.rerank_bonus, 4) for p in found.passages if p.why is not None}) > 1


def test_a_closed_reranking_model_costs_only_the_reranking(opened: OpenLibrary, reranker: Reranker) -> None:
    retriever = Retriever(opened.database, opened.vectors, lambda: None, lambda: reranker)
    reranker.close()
    found = retriever.search("Which harbour is open?", rerank=True)
    assert found == retriever.search("Which harbour is open?")


def test_a_question_in_a_conversation_reranks_only_the_documents_it_mentions(opened: OpenLibrary) -> None:
    model = TimedReranker(0.0)
    retriever = Retriever(opened.database, opened.vectors, lambda: None, lambda: model)
    gathering = ContextGatherer(Scopes(opened.database), Sections(opened.database), retriever)
    found = gathering.gather(
        "Is the harbour open in @3.txt or @5.txt?", [], WHOLE_LIBRARY, LatencyBudget.BALANCED, None
    )
    assert {p.path.name for p in found.passages} == {"3.txt", "5.txt"}
    assert sum(model.group_sizes) == 2


def test_a_question_across_documents_is_answered_from_several(tmp_path: Path) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    clause = (
        "Arbitration, clause {n}: disputes of arbitration kind {n} go to arbitration before panel {n}. " + "x{n} " * 90
    )
    (folder / "acme.md").write_text("\n\n".join(f"# Part {n}\n\n" + clause.format(n=n) for n in range(12)))
    for name in ("globex", "initech"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nThe parties of {name} agree on arbitration in Oslo.")
    with ParserPool(workers=1, cutter=cut_document) as pool, open_library(tmp_path / "data", pool) as library:
        library.index(folder)
        search = Retriever(library.database, library.vectors, lambda: None).search
        across = search("Which contracts mention arbitration?", limit=3)
        assert {p.path.stem for p in across.passages} == {"acme", "globex", "initech"}
        named = search("arbitration", limit=3, spread=True)
        assert {p.path.stem for p in named.passages} == {"acme", "globex", "initech"}
        assert len({p.path.stem for p in search("arbitration clause panel", limit=3).passages}) < 3
