"""Measures of a search against known places: spans, pages, documents, and questions without an answer."""

from __future__ import annotations

import math

import pytest

from core.evaluation import measures
from core.evaluation.gold_locations import GoldLocation
from core.evaluation.measures import (
    PassageSpan,
    covered_share,
    mean_measures,
    measure_question,
    roc_auc,
    truncate_to_budget,
)

HERE = GoldLocation(1, ((100, 200),))


def span(start: int, end: int, *, document: int = 1, page: int | None = None) -> PassageSpan:
    return PassageSpan(document, start, end, page)


def measured(places: list[GoldLocation], *passages: PassageSpan) -> dict[str, float]:
    return dict(measure_question(places, passages, dict.fromkeys(measures.CHAR_BUDGETS, passages)).values)


def test_passages_cover_a_place_together_and_what_overlaps_counts_once() -> None:
    assert covered_share(HERE, [span(90, 150), span(120, 160), span(150, 195)]) == pytest.approx(0.95)
    assert covered_share(HERE, [span(100, 200, document=2)]) == 0
    assert covered_share(HERE, [span(0, 50), span(100, 150), span(300, 400)]) == 0.5


def test_of_places_with_the_same_words_any_will_do() -> None:
    assert covered_share(GoldLocation(1, ((0, 10), (100, 110))), [span(100, 130)]) == 1


def test_a_place_is_found_from_nine_tenths_on() -> None:
    assert measured([HERE], span(0, 189))["recall@1"] == 0
    assert measured([HERE], span(0, 190))["recall@1"] == 1


def test_recall_counts_passages_and_places() -> None:
    places = [HERE, GoldLocation(1, ((500, 600),))]
    found = measured(places, span(0, 50), span(100, 200), span(300, 400), span(500, 600))
    assert (found["recall@1"], found["recall@3"], found["recall@5"]) == (0, 0.5, 1)
    assert found["any@3"] == 1
    assert found["mrr"] == 0.5
    best = 1 + 1 / math.log2(3)
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / best)


def test_a_budget_cuts_the_passage_at_which_it_ends() -> None:
    assert truncate_to_budget([span(0, 40), span(100, 200), span(300, 310)], 100) == [span(0, 40), span(100, 160)]


def test_half_of_a_long_place_is_found_partly() -> None:
    found = measured([HERE], span(100, 150))
    assert (found["recall@3000c"], found["partly@3000c"]) == (0, 1)
    assert found["characters@5"] == 0.5


def test_a_place_of_which_the_page_is_known_is_found_by_any_passage_of_the_page() -> None:
    found = measured([GoldLocation(1, (), 4), GoldLocation(1, (), 7)], span(0, 10, page=3), span(50, 60, page=4))
    assert found["page@10"] == 0.5
    assert (found["recall@1"], found["recall@3"]) == (0, 0.5)


def test_a_document_counts_among_the_first_three_passages_only() -> None:
    others = [span(0, 10, document=n) for n in (2, 3)]
    assert measured([GoldLocation(1)], *others, span(0, 10)) == {"document@3": 1, "documents@10": 1}
    assert measured([GoldLocation(1)], *others, span(0, 10, document=4), span(0, 10)) == {
        "document@3": 0,
        "documents@10": 1,
    }


def test_questions_are_told_apart_by_chance_or_not() -> None:
    assert roc_auc([0.9, 0.8], [0.1, 0.2]) == 1
    assert roc_auc([0.5], [0.5]) == 0.5
    assert roc_auc([0.1], [0.5]) == 0


def test_a_measure_is_averaged_over_the_questions_it_applies_to() -> None:
    outcomes = [measures.QuestionMeasures({"a": 1.0}), measures.QuestionMeasures({"a": 0.0, "b": 1.0})]
    assert mean_measures(outcomes) == {"a": 0.5, "b": 1.0}
