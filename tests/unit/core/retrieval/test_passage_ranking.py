"""Fusion of keyword and embedding scores, and what neighbours add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple

import pytest

from core.retrieval.keyword_ranking import TermWeight
from core.retrieval.passage_ranking import Candidate, RankedPassage, best_window_weight, passage_score, rank
from core.store.documents.passages import PassageSpan

PATHS = {1: b"/b.txt", 2: b"/a.txt"}


def passage(id: int, *, document: int = 1, ordinal: int | None = None) -> PassageSpan:
    ordinal = id if ordinal is None else ordinal
    return PassageSpan(id, document, ordinal, ordinal * 100, ordinal * 100 + 90, None, "")


def candidate(
    id: int,
    passage_score: float = 0,
    document_score: float = 0,
    cosine: float | None = None,
    document: int = 1,
    ordinal: int | None = None,
) -> Candidate:
    return Candidate(passage(id, document=document, ordinal=ordinal), passage_score, document_score, cosine)


def ranked(
    *candidates: Candidate, embedding_weight: float = 1.0, refined: Mapping[int, float] | None = None
) -> list[RankedPassage]:
    def refine(some: Sequence[PassageSpan]) -> Mapping[int, float]:
        return {p.id: (refined or {})[p.id] for p in some if p.id in (refined or {})}

    return rank(candidates, 10.0, paths=PATHS, refine=refine, refined=10, embedding_weight=embedding_weight)


def ids(found: Sequence[RankedPassage]) -> list[int]:
    return [r.passage.id for r in found]


def test_embeddings_decide_where_keywords_find_little() -> None:
    assert ids(ranked(candidate(1, passage_score=1.5, cosine=0.1), candidate(5, passage_score=0.0, cosine=0.7))) == [
        5,
        1,
    ]


def test_keywords_decide_where_they_cover_the_question() -> None:
    assert ids(ranked(candidate(1, passage_score=9.0, cosine=0.1), candidate(5, passage_score=2.0, cosine=0.7))) == [
        1,
        5,
    ]


def test_an_embedding_model_that_does_not_know_the_language_changes_nothing() -> None:
    assert ids(
        ranked(
            candidate(1, passage_score=1.0, cosine=0.1),
            candidate(5, passage_score=0.9, cosine=0.9),
            embedding_weight=0.0,
        )
    ) == [1, 5]


def test_without_vectors_keywords_decide() -> None:
    assert ids(
        ranked(candidate(1, passage_score=1.0), candidate(5, passage_score=2.0), candidate(9, passage_score=1.5))
    ) == [5, 9, 1]


def test_a_passage_without_a_vector_counts_as_the_mean() -> None:
    assert ids(ranked(candidate(1, cosine=0.6), candidate(5), candidate(9, cosine=0.2))) == [1, 5, 9]
    assert ids(ranked(candidate(1, cosine=0.6), candidate(5, passage_score=4.0), candidate(9, cosine=0.3))) == [5, 1, 9]


def test_the_passage_after_a_good_one_gains() -> None:
    found = ranked(candidate(1, passage_score=6.0), candidate(2, passage_score=1.0), candidate(8, passage_score=1.5))
    assert ids(found) == [1, 2, 8]


def test_the_passage_beside_one_with_a_high_cosine_gains() -> None:
    found = ranked(candidate(1, cosine=0.8), candidate(2, cosine=0.3), candidate(8, cosine=0.4))
    assert ids(found) == [1, 2, 8]
    assert found[0].parts.embedding_score == pytest.approx(
        0.8 / 0.3 * ranked(candidate(2, cosine=0.3))[0].parts.embedding_score
    )


def test_the_document_score_counts_for_its_passages() -> None:
    assert ids(
        ranked(candidate(1, passage_score=2.0), candidate(5, passage_score=1.0, document_score=3.0, document=2))
    ) == [5, 1]


def test_the_score_read_from_the_text_decides() -> None:
    assert ids(ranked(candidate(1, passage_score=3.0), candidate(5, passage_score=2.0), refined={1: 1.0, 5: 4.0})) == [
        5,
        1,
    ]


def test_equals_are_in_the_order_of_their_files() -> None:
    equals = [candidate(1, passage_score=1.0, ordinal=5), candidate(5, passage_score=1.0, document=2)]
    assert ids(ranked(*equals)) == ids(ranked(*reversed(equals))) == [5, 1]


def test_equals_in_one_file_are_in_the_order_of_the_text() -> None:
    assert ids(
        ranked(candidate(9, passage_score=1.0), candidate(1, passage_score=1.0), candidate(5, passage_score=1.0))
    ) == [1, 5, 9]


def test_what_one_search_is_sure_of_is_not_lost_to_what_the_other_hardly_found() -> None:
    by_keywords, by_both = candidate(1, passage_score=3.0, cosine=0.30), candidate(3, passage_score=2.0, cosine=0.39)
    assert ids(ranked(by_keywords, by_both)) == [1, 3]  # by the scores, the first is a little better
    between = [candidate(5 + 2 * n, cosine=0.31 + n / 100) for n in range(8)]  # but not among the first by vectors
    found = ranked(by_keywords, by_both, *between)
    assert ids(found)[:2] == [3, 1]
    assert found[0].score == pytest.approx(sum(astuple(found[0].parts)))


def test_repeated_terms_saturate_and_long_texts_count_less() -> None:
    weights = [TermWeight("a", 2.0, 1.0, 2.0), TermWeight("b", 1.0, 1.0, 1.0)]
    once = passage_score(["a", "x", "b"], frozenset(), weights, 420)
    assert once < passage_score(["a", "a", "b"], frozenset(), weights, 420) < 2 * once
    assert passage_score(["a", "x", "b"], frozenset(), weights, 2000) < once
    assert passage_score(["x"], frozenset({"a"}), weights, 420) > passage_score(["x"], frozenset(), weights, 420) == 0


def test_terms_close_together_count_together() -> None:
    weights = {"a": 2.0, "b": 1.0}
    assert best_window_weight([(0, "a"), (2, "b")], weights) == 3.0
    assert best_window_weight([(0, "a"), (31, "b")], weights) == 2.0
    assert best_window_weight([], weights) == 0.0
