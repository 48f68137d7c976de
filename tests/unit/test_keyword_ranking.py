"""The first passages by keywords are chosen as sorting all of them would choose them."""

from __future__ import annotations

import numpy as np
import pytest

from core.retrieval.keyword_ranking import KeywordScores


@pytest.mark.parametrize("count", [1, 7, 60, 300, 400])
def test_the_best_come_first_and_of_equals_the_older_ones(count: int) -> None:
    random_ = np.random.default_rng(count)
    own = random_.integers(0, 5, 300).astype(float)  # many are equal
    shared = np.array([0.0, 2.0])
    place = random_.integers(0, 2, 300)
    ids = np.sort(random_.choice(10_000, 300, replace=False))
    scores = KeywordScores((), 1.0, ids, own, np.array([1, 2]), shared, place, {})
    total = own + shared[place]
    expected = sorted(zip((-total).tolist(), ids.tolist(), strict=True))[:count]
    assert scores.top(count).tolist() == [passage_id for _, passage_id in expected]
