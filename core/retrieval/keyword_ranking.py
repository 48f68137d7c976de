"""Ranks passages and documents of the whole library by keywords.

A passage's score has two parts: its document's, where a term weighs by how few documents have it, and its own, where a
term weighs by how few passages have it, less what the document's part already says (`DOCUMENT_WEIGHT_DISCOUNT`).
Without that, a name all over one document would count twice, and the passage that repeats the name would beat the one
that answers. The rest is BM25 (Robertson & Zaragoza, "The Probabilistic Relevance Framework", 2009).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING

from core.retrieval.passage_map import LibraryShape
from core.retrieval.question import SearchQuestion
from core.store import tie_order
from core.store.keywords.postings import CONTEXT_COLUMN
from core.store.keywords.postings_cache import PostingReader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Numbers = NDArray[np.float64]

K1 = 1.2
"""BM25's k1: how soon a repeated term stops adding to a score."""
SATURATION = K1 + 1
"""BM25's factor that makes a term found once in a text of usual length count with its whole weight."""
DOCUMENT_WEIGHT_DISCOUNT = 0.8
"""Share of a term's document weight that is taken off its passage weight. 0.6 to 1 measured the same; 0 is worse."""
LEAST_PASSAGE_WEIGHT = 0.1
"""Share of a term's passage weight that remains after the discount, at least."""
NAME_WEIGHT = 4.0
"""Weight of a name of the question that a document is about, times its rarity among subjects: how few documents are
about it. 3 to 6 measured much the same; what counts is that no name counts twice in one document."""
SUBJECT_SHARE = 0.4
"""A document is about a name in its own name, title or beginning, or in this share of its passages; below that share it
is so in part: its share divided by this one, to the power `ABOUT_POWER`."""
ABOUT_POWER = 0.7
IDENTITY_WEIGHT = 0.5
"""Weight of another term in the document's own name, title or beginning."""
DOCUMENT_LENGTH_NORMALISATION = 0.75
"""BM25's b for documents, whose length is their number of passages."""
MOST_POSTINGS = 60_000
"""Postings read for one question, the rarest terms first; commoner terms are weighed in the candidates alone."""
MOST_CONTEXT_POSTINGS = 20_000
"""A term in the name, title or beginning of documents with more passages than this is not looked up there."""
FEW_POSTINGS = 2_000
"""Documents with a term in their name, title or beginning alone are scored too if they have no more passages than this
together."""


@dataclass(frozen=True, slots=True)
class TermWeight:
    """A term of the question: its weight in a passage and in a document, and its rarity among all passages."""

    term: str
    passage_weight: float
    document_weight: float
    rarity: float


@dataclass(frozen=True, slots=True)
class KeywordScores:
    """Keyword scores. `passage_ids` are the passages that have a term, ascending, with their own `passage_scores`;
    `document_ids`, ascending too, are the documents they belong to, with `document_scores`, the sums over `by_term`;
    `document_index` is the index of each passage's document in `document_ids`. `best` is about what a passage with
    every term would reach: the scale of both."""

    weights: tuple[TermWeight, ...]
    best: float
    passage_ids: Ids
    passage_scores: Numbers
    document_ids: Ids
    document_scores: Numbers
    document_index: Ids
    by_term: Mapping[str, Numbers]

    def top(self, connection: Connection, count: int) -> list[int]:
        """The passages with the highest sum of both parts, best first; equals in the order of their files."""
        import numpy as np

        total = self.passage_scores + self.document_scores[self.document_index]
        better = np.arange(len(total))
        equals: list[tuple[int, float]] = []
        if len(total) > count:
            least = np.partition(total, -count)[-count]  # sorting all of them would take ten times as long
            better, last = np.flatnonzero(total > least), np.flatnonzero(total == least)
            wanted = count - len(better)
            chosen = tie_order.first(
                connection, self.passage_ids[last], self.document_ids[self.document_index[last]], wanted
            )
            equals = [(passage_id, float(least)) for passage_id in chosen]
        found = [*zip(self.passage_ids[better].tolist(), total[better].tolist(), strict=True), *equals]
        return [passage_id for passage_id, _ in tie_order.best(connection, found, count)]

    def passage_score_of(self, passage_ids: Ids) -> Numbers:
        """The own scores of these passages, 0 for those without a term."""
        return _values_at(self.passage_ids, self.passage_scores, passage_ids)

    def document_score_of(self, document_ids: Ids) -> Numbers:
        """The scores of these documents, 0 for those without a term."""
        return _values_at(self.document_ids, self.document_scores, document_ids)

    def terms_of(self, document_id: int) -> dict[str, float]:
        """What each term adds to a document's score."""
        import numpy as np

        wanted = np.array([document_id], np.int64)
        scores = {term: float(_values_at(self.document_ids, part, wanted)[0]) for term, part in self.by_term.items()}
        return {term: score for term, score in scores.items() if score}


def _values_at(keys: Ids, values: Numbers, wanted: Ids) -> Numbers:
    """The value of each wanted key, 0 where there is none; `keys` ascend."""
    import numpy as np

    if not len(keys):
        return np.zeros(len(wanted))
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0.0)


def rarity(total: float, having: float) -> float:
    """BM25's inverse document frequency of a term that `having` of `total` texts have, in the form that is never
    negative."""
    return math.log(1 + (total - having + 0.5) / (having + 0.5))


def rank_by_keywords(
    postings: PostingReader, question: SearchQuestion, shape: LibraryShape, among: Collection[int] | None = None
) -> KeywordScores:
    """Scores of the passages that have terms of `question`; only of documents in `among`, if given."""
    counts = {term: postings.count(term) for term in question.content}
    passages_with: dict[str, Ids] = {}
    left = MOST_POSTINGS
    for term, count in sorted(counts.items(), key=lambda item: item[1]):
        if count and (count <= left or not passages_with):
            passages_with[term] = postings.passages_with(term)
            left -= count
    contexts = {term: _context(postings, term) for term in (*question.content, *question.aliases)}
    few_with_context = [ids for ids in contexts.values() if len(ids) <= FEW_POSTINGS]
    table = _ScoreTable(shape, among, [*passages_with.values(), *few_with_context])
    weights = tuple(
        table.add(term, counts[term], passages_with.get(term), is_name=term in question.names)
        for term in question.content
    )
    for term, found in contexts.items():
        table.add_identity(term, found, is_name=term in question.names or term in question.aliases)
    best = SATURATION * sum(weight.passage_weight + weight.document_weight for weight in weights)
    return KeywordScores(
        weights,
        best,
        table.passage_ids,
        table.passage_scores,
        table.document_ids,
        table.document_scores(),
        table.document_index,
        table.by_term,
    )


def _context(postings: PostingReader, term: str) -> Ids:
    """Passages of the documents that have `term` in their name, title or beginning; none if it is common."""
    import numpy as np

    if not 0 < postings.count(term, CONTEXT_COLUMN) <= MOST_CONTEXT_POSTINGS:
        return np.empty(0, np.int64)
    return postings.passages_with(term, CONTEXT_COLUMN)


class _ScoreTable:
    """Scores under construction, for all passages in `postings_read` whose documents are `among` the wanted ones."""

    def __init__(self, shape: LibraryShape, among: Collection[int] | None, postings_read: list[Ids]) -> None:
        import numpy as np

        self._shape = shape
        self._among = None if among is None else np.fromiter(among, np.int64)
        self.passage_ids = self._within(_distinct(postings_read, len(shape.owners)))
        self.document_ids = _distinct([shape.owners[self.passage_ids]], len(shape.sizes))
        self.document_index = np.searchsorted(self.document_ids, shape.owners[self.passage_ids])
        self._sizes = np.maximum(shape.sizes[self.document_ids], 1.0)
        self.passage_scores: Numbers = np.zeros(len(self.passage_ids))
        self.by_term: dict[str, Numbers] = {}
        self._about: dict[str, Numbers] = {}

    def document_scores(self) -> Numbers:
        import numpy as np

        return np.sum(list(self.by_term.values()), axis=0) if self.by_term else np.zeros(len(self.document_ids))

    def _within(self, ids: Ids) -> Ids:
        import numpy as np

        return ids if self._among is None else ids[np.isin(self._shape.owners[ids], self._among)]

    def add(self, term: str, count: int, passages: Ids | None, *, is_name: bool) -> TermWeight:
        """Add one term, which `count` passages have, and return its weights. Rarity is that in the whole library."""
        shape = self._shape
        if passages is None:
            documents_having = _expected_documents(count, shape)
        else:
            documents_having = len(_distinct([shape.owners[passages]], len(shape.sizes)))
        document_weight = rarity(shape.document_count, documents_having)
        in_passages = rarity(shape.passage_count, count)
        passage_weight = max(
            in_passages - DOCUMENT_WEIGHT_DISCOUNT * document_weight, LEAST_PASSAGE_WEIGHT * in_passages
        )
        if passages is not None:
            self._add_passages(term, self._within(passages), passage_weight, document_weight, is_name)
        return TermWeight(term, passage_weight, document_weight, in_passages)

    def add_identity(self, term: str, context: Ids, *, is_name: bool) -> None:
        """Add a term in the name, title or beginning of the documents of these passages."""
        import numpy as np

        zeros: Numbers = np.zeros(len(self.document_ids))
        owners = _distinct([self._shape.owners[context]], len(self._shape.sizes))
        evidence = np.isin(self.document_ids, owners).astype(float)
        weight, subjects = IDENTITY_WEIGHT, float(len(owners))
        if is_name:
            evidence = np.maximum(evidence, self._about.get(term, zeros))
            weight, subjects = NAME_WEIGHT, math.fsum(evidence[evidence > 0].tolist())  # whatever the order of the ids
        if subjects:
            score = weight * rarity(self._shape.document_count, subjects) * evidence
            self.by_term[term] = self.by_term.get(term, zeros) + score

    def _add_passages(
        self, term: str, passages: Ids, passage_weight: float, document_weight: float, is_name: bool
    ) -> None:
        import numpy as np

        at = np.searchsorted(self.passage_ids, passages)
        self.passage_scores[at] += passage_weight
        counts = np.bincount(self.document_index[at], minlength=len(self.document_ids)).astype(float)
        relative = self._sizes / max(self._shape.mean_size, 1e-9)
        frequency = counts / (1 - DOCUMENT_LENGTH_NORMALISATION + DOCUMENT_LENGTH_NORMALISATION * relative)
        self.by_term[term] = document_weight * SATURATION * frequency / (frequency + K1)
        if is_name:
            self._about[term] = np.minimum(1.0, (counts / self._sizes / SUBJECT_SHARE) ** ABOUT_POWER)


def _distinct(some: Iterable[Ids], bound: int) -> Ids:
    """These numbers below `bound`, each once, ascending. Marking them is faster than sorting."""
    import numpy as np

    marked = np.zeros(bound, bool)
    for numbers in some:
        marked[numbers] = True
    return np.flatnonzero(marked)


def _expected_documents(count: int, shape: LibraryShape) -> int:
    """How many documents have a term whose postings were not read, if chance spread it."""
    documents = max(1, shape.document_count)
    return round(documents * (1 - math.exp(-count / documents))) if count else 0
