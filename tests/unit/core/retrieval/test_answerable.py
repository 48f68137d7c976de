"""How likely the passages found answer the question: shares of its content, its names, the nearest vector."""

from __future__ import annotations

from core.retrieval.answerable import answerability
from core.retrieval.keyword_ranking import TermWeight
from core.retrieval.question import read_question

QUESTION = read_question("Who founded Zilliz in Shanghai?")
WEIGHTS = [TermWeight(term, 1.0, 1.0, 1.0) for term in QUESTION.content]
ALL = frozenset(QUESTION.content)


def estimate(*passages: frozenset[str], cosine: float | None = None) -> float:
    return answerability(QUESTION, WEIGHTS, passages, cosine)


def test_a_passage_with_everything_is_an_answer_for_sure() -> None:
    assert estimate(ALL) == 1.0
    assert estimate(ALL, cosine=1.0) == 1.0


def test_without_passages_or_terms_the_estimate_is_0() -> None:
    assert estimate() == 0.0
    assert answerability(read_question(""), [], [ALL], None) == 0.0


def test_a_missing_name_lowers_the_estimate_more_than_another_word() -> None:
    assert estimate(ALL - {"zilliz"}) < estimate(ALL - {"found"}) < 1.0


def test_the_estimate_is_higher_if_the_best_passage_comes_first() -> None:
    assert estimate(ALL, frozenset()) > estimate(frozenset(), ALL) > estimate(frozenset(), frozenset())


def test_a_high_cosine_raises_the_estimate() -> None:
    assert estimate(frozenset(), cosine=0.8) > estimate(frozenset(), cosine=0.2)
