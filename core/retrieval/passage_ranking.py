"""Ranking of the candidates: their texts read, keywords and meaning fused, neighbours taken into account.

Keywords count on an absolute scale, as a share of what a passage with every term would reach, and cosines as they are:
that keeps apart a question whose words stand in the documents from one that is put in other words. The better the
keywords cover the question, the less meaning counts. Normalising both per question, or fusing ranks, loses that, and
measured worse than keywords alone wherever names and numbers decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.retrieval.keyword_ranking import K1, SATURATION, TermWeight
from core.store.postings import StoredPassage

USUAL_LENGTH = 420
"""Characters; the length at which a passage is neither favoured nor disfavoured."""
LENGTH = 0.5
SECTION = 1.0
"""A term in the heading path counts as often as this."""
WINDOW = 20
"""Terms; what stands closer together than this belongs together."""
CLOSENESS = 0.4
MEANING_ALONE = 1.4
"""Weight of a cosine where no keyword is found, and, below, where one passage has them all."""
MEANING_LEAST = 0.3
BEFORE = 0.3
"""How much of the previous passage's score may stand in for a passage's own ("it was developed by ..."), and of the
next one's."""
AFTER = 0.2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage to rank. `own` and `shared` are its and its document's keyword scores; `cosine` is None where there is
    no vector yet: such a one counts as the usual one does."""

    passage: StoredPassage
    own: float
    shared: float
    cosine: float | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a score is the sum of: the passage's own terms, those beside it, its meaning, its document, and what the
    ranking model's judgement adds. Words and document are shares of what a passage with every term would reach."""

    words: float = 0.0
    neighbours: float = 0.0
    meaning: float = 0.0
    document: float = 0.0
    judgement: float = 0.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its final score; `own` is what its words and its meaning give. `cosine` as in `Candidate`;
    `judged` is the ranking model's word, 0 to 1, None where it was not asked."""

    passage: StoredPassage
    score: float
    own: float
    parts: Parts = Parts()
    cosine: float | None = None
    judged: float | None = None


def own_score(found: Sequence[str], section: frozenset[str], weights: Sequence[TermWeight], length: int) -> float:
    """How well a text fits by itself: BM25 over its terms, and how many of them stand close together."""
    by_term = {weight.term: weight.passage for weight in weights}
    counts = Counter(term for term in found if term in by_term)
    slope = K1 * (1 - LENGTH + LENGTH * length / USUAL_LENGTH)
    score = 0.0
    for term, weight in by_term.items():
        frequency = counts[term] + (SECTION if term in section else 0.0)
        score += weight * SATURATION * frequency / (frequency + slope)
    return score + CLOSENESS * closest(found, by_term)


def closest(found: Sequence[str], weights: Mapping[str, float]) -> float:
    """The highest sum of weights of different terms within `WINDOW` terms of the text."""
    places = [(place, term) for place, term in enumerate(found) if term in weights]
    inside: Counter[str] = Counter()
    first, current, best = 0, 0.0, 0.0
    for place, term in places:
        inside[term] += 1
        if inside[term] == 1:
            current += weights[term]
        while place - places[first][0] >= WINDOW:
            left = places[first][1]
            inside[left] -= 1
            if not inside[left]:
                current -= weights[left]
            first += 1
        best = max(best, current)
    return best


def rank(
    candidates: Sequence[Candidate],
    best: float,
    *,
    paths: Mapping[int, bytes],
    refine: Callable[[Sequence[StoredPassage]], Mapping[int, float]],
    refined: int,
    trust: float = 1.0,
) -> list[Ranked]:
    """All candidates, ranked. Those that rank among the first `refined` by what is known have their own score taken
    from `refine`, which reads their texts. Equals stand in the order of `paths` (by document id): ids would tell which
    file was read first. `trust` says how far the embedding model is at home in the question's
    language, from 0 to 1."""
    scale = max(best, 1e-9)
    first = _fused(candidates, {}, scale, trust)
    places = [(paths.get(c.passage.document_id, b""), c.passage.ordinal) for c in candidates]
    order = sorted(range(len(candidates)), key=lambda i: (-first[i].score, places[i]))
    better = refine([candidates[i].passage for i in order[:refined]])
    final = _fused(candidates, better, scale, trust)
    order.sort(key=lambda i: (-final[i].score, places[i]))
    return [final[i] for i in order]


def _fused(candidates: Sequence[Candidate], better: Mapping[int, float], scale: float, trust: float) -> list[Ranked]:
    """Each candidate with its score, in the order given."""
    own = {(c.passage.document_id, c.passage.ordinal): better.get(c.passage.id, c.own) for c in candidates}
    beside: list[float] = []
    for candidate in candidates:
        document, ordinal = candidate.passage.document_id, candidate.passage.ordinal
        before = BEFORE * own.get((document, ordinal - 1), 0.0)
        after = AFTER * own.get((document, ordinal + 1), 0.0)
        beside.append(max(before, after))
    words = [own[c.passage.document_id, c.passage.ordinal] for c in candidates]
    covered = max((w + b + c.shared for w, b, c in zip(words, beside, candidates, strict=True)), default=0.0) / scale
    weight = trust * (MEANING_ALONE + (MEANING_LEAST - MEANING_ALONE) * min(1.0, covered))
    known = [c.cosine for c in candidates if c.cosine is not None]
    usual = sum(known) / max(1, len(known))
    ranked: list[Ranked] = []
    for candidate, word, next_to_it in zip(candidates, words, beside, strict=True):
        meaning = weight * (candidate.cosine if candidate.cosine is not None else usual)
        parts = Parts(word / scale, next_to_it / scale, meaning, candidate.shared / scale)
        itself = parts.words + parts.neighbours + parts.meaning
        ranked.append(Ranked(candidate.passage, itself + parts.document, itself, parts, candidate.cosine))
    return ranked
