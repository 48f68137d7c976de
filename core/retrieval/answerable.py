"""How likely it is that the passages found answer the question: the application's own "is it answered here".

Three signs that hold across libraries: the cosine of the nearest passage as it is, the share of the question's content
that the first passage and the best one hold (a rare word weighs more), and whether the things the question names appear
at all. None of them alone tells a question that is on topic and not answered (area under the ROC curve 0.70 to 0.84 on
such questions over an FAQ); their sum does to 0.88. A regression over ten more signs, fitted on other libraries, came
to 0.89; that is about what words and a small embedding model can tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.retrieval.keyword_ranking import TermWeight
from core.retrieval.question import SearchQuestion

NAMES = 0.6
PASSAGES = 5
PASSAGES_FOR_NAMES = 3


def answerability(
    question: SearchQuestion, weights: Sequence[TermWeight], passages: Sequence[frozenset[str]], cosine: float | None
) -> float:
    """From 0 to 1. `passages` are the terms of the passages found, best first; `cosine` is that of the nearest passage,
    None where meaning was not used."""
    total = sum(weight.rarity for weight in weights)
    if not passages or not total:
        return 0.0
    shares = [sum(w.rarity for w in weights if w.term in held) / total for held in passages[:PASSAGES]]
    shown = frozenset[str]().union(*passages[:PASSAGES_FOR_NAMES])
    missing = sum(w.rarity for w in weights if w.term in question.names and w.term not in shown) / total
    score = (shares[0] + max(shares)) / 2 + NAMES * (1 - missing)
    most = 1 + NAMES
    if cosine is not None:
        score, most = score + max(0.0, cosine), most + 1
    return min(1.0, score / most)
