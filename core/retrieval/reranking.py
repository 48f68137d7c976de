"""Reranks the best passages with a reranking model, within the time a question may wait.

The rerank score is added within bounds and replaces nothing: a passage ahead by more than `RERANK_WEIGHT` stays ahead
whatever the model says, and a model that gives all passages the same score changes nothing.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from core.retrieval.passage_ranking import RankedPassage
from models.cancel import CancelToken
from models.faults import Cancelled, Fault

log = logging.getLogger(__name__)

BUDGET_S = 3.0
"""How long a question may wait for reranking."""
MOST_PASSAGES = 24
"""Passages that are reranked at most."""
LEAST_PASSAGES = 6
"""Reranking fewer is not worth the wait."""
GROUP_PASSAGES = 4
"""Passages scored at once; the time is checked between groups."""
RERANK_WEIGHT = 0.2
"""Difference between the highest and the lowest rerank score, in units of the ranking score, where a passage with all
terms of the question has about 1. Measured with stand-in models on six sets: random scores cost up to 6 points of
recall at this weight and up to 21 at 0.5; perfect scores gain about the same at both, on one set 11 points instead of
26."""
SPEED_EASING = 1.1
"""Factor by which a model that was too slow for a question is assumed faster at the next: one busy moment is
forgotten."""


class PassageReranker(Protocol):
    """The part of a reranking model used here (`models.reranker.Reranker`)."""

    def scores(self, question: str, passages: Sequence[str], cancel: CancelToken | None = None) -> Sequence[float]: ...


class Reranking:
    """Reranks within a time budget. Any thread. `reranker` gives the model, None while there is none."""

    def __init__(
        self, reranker: Callable[[], PassageReranker | None], clock_s: Callable[[], float] = time.perf_counter
    ) -> None:
        self._reranker = reranker
        self._clock_s = clock_s
        self._faulty: PassageReranker | None = None
        self._speed: tuple[PassageReranker, float] | None = None  # characters a second, and whose

    def rerank_scores(
        self, question: str, texts: Callable[[int], Sequence[str]], cancel: CancelToken | None = None
    ) -> list[float]:
        """How likely the first texts answer `question`, 0 to 1, for as many as there is time for. Empty without a
        model, with one that is too slow or fails, or once `cancel` is set. `texts(n)` returns the first n texts and is
        called only if they will be scored."""
        began_s = self._clock_s()
        reranker = self._reranker()
        if reranker is None or reranker is self._faulty:
            return []
        try:
            return self._within_budget(
                reranker, question, texts(MOST_PASSAGES), began_s + BUDGET_S, cancel or CancelToken()
            )
        except Cancelled:
            return []
        except (Fault, RuntimeError, ValueError, OSError) as error:
            log.warning("the reranking model fails and is not used again: %s", type(error).__name__)
            self._faulty = reranker
            return []

    def _within_budget(
        self, reranker: PassageReranker, question: str, texts: Sequence[str], end_s: float, cancel: CancelToken
    ) -> list[float]:
        """The scores of the first texts until `end_s`; none if there was time for too few."""
        found: list[float] = []
        while len(found) < len(texts):
            speed = self._speed[1] if self._speed is not None and self._speed[0] is reranker else None
            ahead = texts[len(found) : max(len(found) + GROUP_PASSAGES, LEAST_PASSAGES)]
            began_s = self._clock_s()
            if began_s + (_chars_read(question, ahead) / speed if speed else 0.0) > end_s:
                break
            group = ahead[: GROUP_PASSAGES if speed else 1]
            scores = reranker.scores(question, group, cancel)
            if len(scores) != len(group) or not all(map(math.isfinite, scores)):
                raise ValueError("no usable scores")
            found += (min(1.0, max(0.0, score)) for score in scores)
            measured = _chars_read(question, group) / max(self._clock_s() - began_s, 1e-6)
            self._speed = reranker, measured if speed is None else (speed + measured) / 2
        if len(found) >= min(LEAST_PASSAGES, len(texts)):
            return found
        if self._speed is not None and self._speed[0] is reranker:
            self._speed = reranker, self._speed[1] * SPEED_EASING
        return []


def reranked(ranked: Sequence[RankedPassage], rerank_scores: Sequence[float]) -> list[RankedPassage]:
    """All of `ranked` in their new order. `rerank_scores` belong to the first of them; the rest count as their mean."""
    if not rerank_scores:
        return list(ranked)
    mean = sum(rerank_scores) / len(rerank_scores)
    found = [
        replace(
            one,
            score=one.score + RERANK_WEIGHT * (score - mean),
            parts=replace(one.parts, rerank_bonus=RERANK_WEIGHT * (score - mean)),
            rerank_score=score,
        )
        for one, score in zip(ranked, rerank_scores, strict=False)
    ]
    return sorted([*found, *ranked[len(found) :]], key=lambda one: -one.score)


def _chars_read(question: str, texts: Sequence[str]) -> int:
    """Characters the model reads: the question and a text, for every text."""
    return sum(len(question) + len(text) for text in texts) or 1
