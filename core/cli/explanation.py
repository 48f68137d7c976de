"""Explains in words why a passage ranks where it does."""

from __future__ import annotations

from core.domain.documents import Explanation, FoundTerm, Passage
from core.i18n import tr

MAX_TERMS = 12


def explanation_lines(passage: Passage) -> list[str]:
    """Return the lines of the explanation; none for a passage without one."""
    why = passage.why
    if why is None:
        return []
    lines = [_score_line(passage.score, why)]
    if why.rerank_score is not None:
        lines.append(_rerank_line(why.rerank_score, why.rerank_bonus))
    lines.append(_rank_line(why))
    if why.terms:
        lines.append(_terms_line(why.terms))
    return lines


def _score_line(score: float, why: Explanation) -> str:
    return tr(
        "score {score}: words {words} + words beside it {neighbours} + meaning {meaning} + document {document}"
        " + standing {standing}",
        score=f"{score:.3f}",
        words=f"{why.passage_score:.3f}",
        neighbours=f"{why.neighbour_score:.3f}",
        meaning=f"{why.embedding_score:.3f}",
        document=f"{why.document_score:.3f}",
        standing=f"{why.rank_bonus:.3f}",
    )


def _rerank_line(rerank_score: float, rerank_bonus: float) -> str:
    return tr(
        "judged by the ranking model: {judged}, adds {added} to the score",
        judged=f"{rerank_score:.3f}",
        added=f"{rerank_bonus:+.3f}",
    )


def _rank_line(why: Explanation) -> str:
    keywords = tr("by keywords: place {n}", n=why.keyword_rank) if why.keyword_rank else tr("not found by keywords")
    embedding = tr("by meaning: place {n}", n=why.embedding_rank) if why.embedding_rank else tr("not found by meaning")
    similarity = "" if why.cosine is None else ", " + tr("similarity {cosine}", cosine=f"{why.cosine:.3f}")
    return f"{keywords}; {embedding}{similarity}"


def _terms_line(terms: tuple[FoundTerm, ...]) -> str:
    """List terms as `term 2x1.37 +0.120`: occurrences in the passage, weight, and the score its document has from
    it."""
    shown = [
        " ".join(
            [
                one.term,
                *([f"{one.count}x{one.weight:.2f}"] if one.count else []),
                *([f"+{one.document_weight:.3f}"] if one.document_weight else []),
            ]
        )
        for one in terms[:MAX_TERMS]
    ]
    return tr("terms (count x weight, + by document): {terms}", terms=", ".join(shown))
