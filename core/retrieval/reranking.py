"""The ranking model's part: it judges the best passages beside the question, for as long as a question may wait.

Its judgement is added to the score within bounds, never put in its place: a passage whose words put it ahead by more
than `WEIGHT` stays ahead whatever the model says, and a model that says the same of all changes nothing.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from core.retrieval.passage_ranking import Ranked
from models.cancel import CancelToken
from models.faults import Cancelled, Fault

log = logging.getLogger(__name__)

BUDGET_S = 3.0
MOST = 24
LEAST = 6
"""Passages; to judge fewer is not worth the wait."""
GROUP = 4
"""Judged at once; between groups the time is looked at."""
WEIGHT = 0.2
"""What the surest "yes" is above the surest "no"; a passage with all terms of the question scores about 1. Measured
with stand-ins for a model on six sets: one that speaks at random costs up to 6 points of recall at this weight, up to
21 at 0.5; one that knows the answer gains about the same at both, but on one set 11 points instead of 26."""
EASING = 1.1
"""After a question for which the model was too slow, it is taken to be faster by this: one busy moment is forgotten."""


class PassageReranker(Protocol):
    """What is needed of a ranking model (`models.reranker.Reranker`)."""

    def scores(self, question: str, passages: Sequence[str], cancel: CancelToken | None = None) -> Sequence[float]: ...


class Reranking:
    """Any thread. `judge` gives the ranking model, None while there is none."""

    def __init__(
        self, judge: Callable[[], PassageReranker | None], clock_s: Callable[[], float] = time.perf_counter
    ) -> None:
        self._judge = judge
        self._clock_s = clock_s
        self._faulty: PassageReranker | None = None
        self._speed: tuple[PassageReranker, float] | None = None  # characters a second, and whose

    def judged(
        self, question: str, texts: Callable[[int], Sequence[str]], cancel: CancelToken | None = None
    ) -> list[float]:
        """How likely the first of the texts answer `question`, 0 to 1, of as many as there is time for; none without
        a ranking model, with one that is too slow here or fails, or once `cancel` is set: whoever asked finds out for
        himself. `texts` gives the first so many passages' texts; it is called only if they are going to be judged."""
        began_s = self._clock_s()
        judge = self._judge()
        if judge is None or judge is self._faulty:
            return []
        try:
            return self._within_budget(judge, question, texts(MOST), began_s + BUDGET_S, cancel or CancelToken())
        except Cancelled:
            return []
        except (Fault, RuntimeError, ValueError, OSError) as error:
            log.warning("the ranking model fails and is not asked again: %s", type(error).__name__)
            self._faulty = judge
            return []

    def _within_budget(
        self, judge: PassageReranker, question: str, texts: Sequence[str], end_s: float, cancel: CancelToken
    ) -> list[float]:
        found: list[float] = []
        while len(found) < len(texts):
            speed = self._speed[1] if self._speed is not None and self._speed[0] is judge else None
            ahead = texts[len(found) : max(len(found) + GROUP, LEAST)]
            began_s = self._clock_s()
            if began_s + (_length(question, ahead) / speed if speed else 0.0) > end_s:
                break
            group = ahead[: GROUP if speed else 1]
            scores = judge.scores(question, group, cancel)
            if len(scores) != len(group) or not all(map(math.isfinite, scores)):
                raise ValueError("no judgement")
            found += (min(1.0, max(0.0, score)) for score in scores)
            now = _length(question, group) / max(self._clock_s() - began_s, 1e-6)
            self._speed = judge, now if speed is None else (speed + now) / 2
        if len(found) >= min(LEAST, len(texts)):
            return found
        if self._speed is not None and self._speed[0] is judge:
            self._speed = judge, self._speed[1] * EASING
        return []


def reranked(ranked: Sequence[Ranked], judged: Sequence[float]) -> list[Ranked]:
    """All of `ranked`, in their new order. `judged` is about the first of them; the others count as the usual one of
    those does."""
    if not judged:
        return list(ranked)
    usual = sum(judged) / len(judged)
    found = [
        replace(
            one,
            score=one.score + WEIGHT * (judgement - usual),
            parts=replace(one.parts, judgement=WEIGHT * (judgement - usual)),
            judged=judgement,
        )
        for one, judgement in zip(ranked, judged, strict=False)
    ]
    return sorted([*found, *ranked[len(found) :]], key=lambda one: -one.score)


def _length(question: str, texts: Sequence[str]) -> int:
    """Characters the model reads: the question stands beside every text."""
    return sum(len(question) + len(text) for text in texts) or 1
