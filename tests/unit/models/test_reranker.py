"""A reranker's scores come from its classifier, are in order, and are the same alone and among others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.cancel import CancelToken
from models.faults import Cancelled, ModelFault
from models.gguf.pooling import Pooling
from models.llama.pooled_model import PooledModel
from models.reranker import Reranker, RerankerSpec
from tests.support.reranker_model import CLASSIFIER

QUESTION = "When does the valve close?"
PASSAGES = ["The valve closes in winter.", "Bread is baked at night.", "winter " * 900, "", "The bridge is raised."]


@pytest.fixture(scope="module")
def reranker(ranker: Path) -> Iterator[Reranker]:
    opened = Reranker.open(ranker, threads=1, spec=RerankerSpec("test", 512))
    yield opened
    opened.close()


def test_a_score_is_the_classifiers_output_for_question_and_passage(reranker: Reranker, minilm_gguf: Path) -> None:
    model = PooledModel(minilm_gguf, Pooling.CLS, 512, threads=1)
    try:
        tokens = [model.native.tokenize(text, add_special=False) for text in (QUESTION, PASSAGES[0])]
        pair = [101, *tokens[0], 102, *tokens[1], 102]
        assert model.native.sentence_pair(*tokens) == pair
        (row,) = model.rows([pair], lambda: None)
    finally:
        model.close()
    (score,) = reranker.scores(QUESTION, PASSAGES[:1])
    assert score == pytest.approx(1 / (1 + math.exp(-float(CLASSIFIER[0] @ row))), abs=1e-3)


def test_scores_keep_the_order_and_are_the_same_alone(reranker: Reranker) -> None:
    together = reranker.scores(QUESTION, PASSAGES)
    assert together == pytest.approx([reranker.scores(QUESTION, [passage])[0] for passage in PASSAGES], abs=0.02)
    assert reranker.scores(QUESTION, PASSAGES[::-1]) == pytest.approx(together[::-1], abs=0.02)
    assert all(0 <= score <= 1 for score in together)


def test_a_passage_too_long_is_cut_not_refused(reranker: Reranker) -> None:
    (score,) = reranker.scores("valve " * 2000, ["winter " * 5000])
    assert 0 <= score <= 1


def test_a_template_joins_question_and_passage(ranker: Path) -> None:
    spec = RerankerSpec("test", 512, "Query: {query} Document: {document} Answer:")
    with_template = Reranker.open(ranker, threads=1, spec=spec)
    try:
        one, other = with_template.scores(QUESTION, PASSAGES[:2])
        assert one != other
    finally:
        with_template.close()


def test_no_passages_give_no_scores(reranker: Reranker) -> None:
    assert reranker.scores(QUESTION, []) == []


def test_a_cancel_token_that_is_already_set_raises_cancelled(reranker: Reranker) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        reranker.scores(QUESTION, PASSAGES, cancel)


class NeverChecked(CancelToken):
    """Behaves as if it were cancelled after the last check, while the model computes."""

    def check(self) -> None:
        pass


def test_cancelling_aborts_the_running_computation_and_the_next_one_is_complete(reranker: Reranker) -> None:
    before = reranker.scores(QUESTION, PASSAGES)
    cancel = NeverChecked()
    cancel.cancel()
    with pytest.raises(Cancelled):
        reranker.scores(QUESTION, PASSAGES, cancel)
    assert reranker.scores(QUESTION, PASSAGES) == pytest.approx(before, abs=1e-6)


def test_a_file_without_a_classifier_is_refused(minilm_gguf: Path) -> None:
    with pytest.raises(ModelFault, match="no part that judges"):
        Reranker.open(minilm_gguf)
