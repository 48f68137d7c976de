"""Measures of a search against gold locations: spans, pages, documents, and questions without an answer."""

from __future__ import annotations

import math

import pytest

from core.evaluation import measures
from core.evaluation.gold_locations import GoldLocation
from core.evaluation.measures import (
    FoundSpan,
    covered_share,
    mean_measures,
    measure_question,
    roc_auc,
    truncate_to_budget,
)

HERE = GoldLocation(1, ((100, 200),))


def span(start: int, end: int, *, document: int = 1, page: int | None = None) -> FoundSpan:
    return FoundSpan(document, start, end, page)


def measured(locations: list[GoldLocation], *passages: FoundSpan) -> dict[str, float]:
    return dict(measure_question(locations, passages, dict.fromkeys(measures.CHAR_BUDGETS, passages)).values)


def test_passages_cover_a_location_together_and_overlaps_count_once() -> None:
    assert covered_share(HERE, [span(90, 150), span(120, 160), span(150, 195)]) == pytest.approx(0.95)
    assert covered_share(HERE, [span(100, 200, document=2)]) == 0
    assert covered_share(HERE, [span(0, 50), span(100, 150), span(300, 400)]) == 0.5


def test_any_occurrence_of_the_same_words_counts() -> None:
    assert covered_share(GoldLocation(1, ((0, 10), (100, 110))), [span(100, 130)]) == 1


def test_a_location_counts_as_found_from_nine_tenths_on() -> None:
    assert measured([HERE], span(0, 189))["recall@1"] == 0
    assert measured([HERE], span(0, 190))["recall@1"] == 1


def test_recall_and_rank_are_counted_over_passages_and_locations() -> None:
    locations = [HERE, GoldLocation(1, ((500, 600),))]
    found = measured(locations, span(0, 50), span(100, 200), span(300, 400), span(500, 600))
    assert (found["recall@1"], found["recall@3"], found["recall@5"]) == (0, 0.5, 1)
    assert found["any@3"] == 1
    assert found["mrr"] == 0.5
    best = 1 + 1 / math.log2(3)
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / best)


def test_the_passage_at_the_end_of_the_budget_is_cut() -> None:
    assert truncate_to_budget([span(0, 40), span(100, 200), span(300, 310)], 100) == [span(0, 40), span(100, 160)]


def test_half_of_a_location_counts_as_partly_found() -> None:
    found = measured([HERE], span(100, 150))
    assert (found["recall@3000c"], found["partly@3000c"]) == (0, 1)
    assert found["characters@5"] == 0.5


def test_a_location_with_a_page_only_is_found_by_any_passage_of_the_page() -> None:
    found = measured([GoldLocation(1, (), 4), GoldLocation(1, (), 7)], span(0, 10, page=3), span(50, 60, page=4))
    assert found["page@10"] == 0.5
    assert (found["recall@1"], found["recall@3"]) == (0, 0.5)


def test_the_document_must_be_among_the_first_three_passages() -> None:
    others = [span(0, 10, document=n) for n in (2, 3)]
    assert measured([GoldLocation(1)], *others, span(0, 10)) == {"document@3": 1, "documents@10": 1}
    assert measured([GoldLocation(1)], *others, span(0, 10, document=4), span(0, 10)) == {
        "document@3": 0,
        "documents@10": 1,
    }


def test_roc_auc_is_the_probability_of_the_right_order() -> None:
    assert roc_auc([0.9, 0.8], [0.1, 0.2]) == 1
    assert roc_auc([0.5], [0.5]) == 0.5
    assert roc_auc([0.1], [0.5]) == 0


def test_a_measure_is_averaged_over_the_questions_it_applies_to() -> None:
    measured_questions = [measures.QuestionMeasures({"a": 1.0}), measures.QuestionMeasures({"a": 0.0, "b": 1.0})]
    assert mean_measures(measured_questions) == {"a": 0.5, "b": 1.0}
