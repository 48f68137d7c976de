"""Estimates how likely the passages found answer the question.

Three signals hold across libraries: the cosine of the nearest passage, the share of the question's content that the
first passage and the best one have (a rare word weighs more), and whether the things the question names appear at all.
None of them alone recognises an unanswered question on the topic (area under the ROC curve 0.70 to 0.84 on such
questions over an FAQ); their sum reaches 0.88. A regression over ten more signals, fitted on other libraries, reached
0.89.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.retrieval.keyword_ranking import TermWeight
from core.retrieval.question import SearchQuestion

NAMES_WEIGHT = 0.6
"""Weight of the question's names, where the shares of its content and the cosine weigh 1 each."""
PASSAGES_WEIGHED = 5
"""How many passages, best first, are looked at for the highest share of the content."""
PASSAGES_FOR_NAMES = 3
"""How many passages, best first, are looked at for the names."""


def answerability(
    question: SearchQuestion, weights: Sequence[TermWeight], passages: Sequence[frozenset[str]], cosine: float | None
) -> float:
    """The estimate, 0 to 1. `passages` are the terms of the passages found, best first; `cosine` is that of the nearest
    passage, None if vectors were not used."""
    total = sum(weight.rarity for weight in weights)
    if not passages or not total:
        return 0.0
    shares = [sum(w.rarity for w in weights if w.term in has) / total for has in passages[:PASSAGES_WEIGHED]]
    shown = frozenset[str]().union(*passages[:PASSAGES_FOR_NAMES])
    missing = sum(w.rarity for w in weights if w.term in question.names and w.term not in shown) / total
    score = (shares[0] + max(shares)) / 2 + NAMES_WEIGHT * (1 - missing)
    most = 1 + NAMES_WEIGHT
    if cosine is not None:
        score, most = score + max(0.0, cosine), most + 1
    return min(1.0, score / most)
