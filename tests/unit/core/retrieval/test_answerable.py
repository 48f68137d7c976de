"""Whether the passages found answer the question: shares of its content, its names, the nearest meaning."""

from __future__ import annotations

from core.retrieval.answerable import answerability
from core.retrieval.keyword_ranking import TermWeight
from core.retrieval.question import read_question

QUESTION = read_question("Who founded Zilliz in Shanghai?")
WEIGHTS = [TermWeight(term, 1.0, 1.0, 1.0) for term in QUESTION.content]
ALL = frozenset(QUESTION.content)


def sign(*passages: frozenset[str], cosine: float | None = None) -> float:
    return answerability(QUESTION, WEIGHTS, passages, cosine)


def test_a_passage_with_everything_answers() -> None:
    assert sign(ALL) == 1.0
    assert sign(ALL, cosine=1.0) == 1.0


def test_nothing_found_answers_nothing() -> None:
    assert sign() == 0.0
    assert answerability(read_question(""), [], [ALL], None) == 0.0


def test_a_name_that_is_nowhere_speaks_against_an_answer() -> None:
    assert sign(ALL - {"zilliz"}) < sign(ALL - {"found"}) < 1.0


def test_it_counts_that_the_best_passage_is_the_first() -> None:
    assert sign(ALL, frozenset()) > sign(frozenset(), ALL) > sign(frozenset(), frozenset())


def test_what_is_near_in_meaning_speaks_for_an_answer() -> None:
    assert sign(frozenset(), cosine=0.8) > sign(frozenset(), cosine=0.2)
