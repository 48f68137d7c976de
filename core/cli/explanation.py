"""In words, why a passage ranks where it does."""

from __future__ import annotations

from core.domain.documents import Explanation, FoundTerm, Passage
from core.i18n import tr

MAX_TERMS = 12


def explanation_lines(passage: Passage) -> list[str]:
    """Nothing for a passage that does not say why."""
    why = passage.why
    if why is None:
        return []
    judged = [] if why.rerank_score is None else [_rerank_line(why.rerank_score, why.rerank_bonus)]
    return [_score_line(passage.score, why), *judged, _rank_line(why), *([_terms_line(why.terms)] if why.terms else [])]


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


def _rerank_line(judged: float, added: float) -> str:
    return tr(
        "judged by the ranking model: {judged}, adds {added} to the score",
        judged=f"{judged:.3f}",
        added=f"{added:+.3f}",
    )


def _rank_line(why: Explanation) -> str:
    by_words = tr("by keywords: place {n}", n=why.keyword_rank) if why.keyword_rank else tr("not found by keywords")
    by_meaning = tr("by meaning: place {n}", n=why.embedding_rank) if why.embedding_rank else tr("not found by meaning")
    similar = "" if why.cosine is None else ", " + tr("similarity {cosine}", cosine=f"{why.cosine:.3f}")
    return f"{by_words}; {by_meaning}{similar}"


def _terms_line(terms: tuple[FoundTerm, ...]) -> str:
    """Each as `term 2x1.37 +0.120`: how often it stands there, its weight, what it gives as a part of the document."""
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
