"""Ranking by keywords over the whole library: which passages and which documents hold the question's terms.

A passage's score has two parts. How well its document fits: each term by how few documents hold it. And how well it
fits within such a document: each term by how few passages hold it, less what the document's part already says
(`SHARED`). Without that, a name that stands all over one document would count twice, and the passage that repeats the
name would win over the one that answers. The rest is BM25 (Robertson & Zaragoza, "The Probabilistic Relevance
Framework", 2009).
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
SATURATION = K1 + 1
SHARED = 0.8
"""How much of a term's document weight is taken off its passage weight. 0.6 to 1 measured the same; 0 is worse."""
LEAST = 0.1
"""Of a term's passage weight, what stays at least."""
NAMED = 4.0
"""Weight of a name of the question that a document is about, times its rarity among subjects: how few documents are
about it. 3 to 6 measured much the same; what counts is that no name counts twice in one document."""
SUBJECT_SHARE = 0.4
ABOUT_POWER = 0.7
"""A document is about a name that stands in its own name, title or beginning, or in this share of its passages; with a
smaller share it is so in part."""
IDENTITY = 0.5
"""Weight of another term in the document's own name, title or beginning."""
DOCUMENT_LENGTH = 0.75
ROWS = 60_000
"""Postings read for one question, the rarest terms first; more common terms are weighed in the candidates alone."""
CONTEXT_ROWS = 20_000
FEW_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class TermWeight:
    """A term of the question: its weight in a passage and in a document, and its rarity among all passages."""

    term: str
    passage: float
    document: float
    rarity: float


@dataclass(frozen=True, slots=True)
class KeywordScores:
    """`ids` are the passages that hold a term, ascending, with their own part of the score, `own`; `documents`, also
    ascending, are those they belong to, with theirs, `shared`: the sum of what each term gives (`by_term`). `best` is
    about what a passage with every term would reach: the scale of both."""

    weights: tuple[TermWeight, ...]
    best: float
    ids: Ids
    own: Numbers
    documents: Ids
    document_scores: Numbers
    place: Ids
    by_term: Mapping[str, Numbers]

    def top(self, connection: Connection, count: int) -> list[int]:
        """The passages with the highest sum of both parts, the best first; of equals, those that stand first."""
        import numpy as np

        total = self.own + self.document_scores[self.place]
        good = np.arange(len(total))
        equals: list[tuple[int, float]] = []
        if len(total) > count:
            least = np.partition(total, -count)[-count]  # sorting all of them would take ten times as long
            good, last = np.flatnonzero(total > least), np.flatnonzero(total == least)
            wanted = count - len(good)
            chosen = tie_order.first(connection, self.ids[last], self.documents[self.place[last]], wanted)
            equals = [(passage_id, float(least)) for passage_id in chosen]
        found = [*zip(self.ids[good].tolist(), total[good].tolist(), strict=True), *equals]
        return [passage_id for passage_id, _ in tie_order.best(connection, found, count)]

    def passage_score_of(self, passage_ids: Ids) -> Numbers:
        return _looked_up(self.ids, self.own, passage_ids)

    def document_score_of(self, document_ids: Ids) -> Numbers:
        return _looked_up(self.documents, self.document_scores, document_ids)

    def terms_of(self, document_id: int) -> dict[str, float]:
        """What each term gives to a document."""
        import numpy as np

        wanted = np.array([document_id], np.int64)
        given = {term: float(_looked_up(self.documents, part, wanted)[0]) for term, part in self.by_term.items()}
        return {term: score for term, score in given.items() if score}


def _looked_up(keys: Ids, values: Numbers, wanted: Ids) -> Numbers:
    """The value of each wanted key, 0 where there is none; `keys` ascend."""
    import numpy as np

    if not len(keys):
        return np.zeros(len(wanted))
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0.0)


def rarity(total: float, holding: float) -> float:
    """BM25's inverse document frequency, in the form that is never negative."""
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5))


def rank_by_keywords(
    postings: PostingReader, question: SearchQuestion, shape: LibraryShape, among: Collection[int] | None = None
) -> KeywordScores:
    """Scores of the passages that hold terms of `question`; only of documents in `among`, if given."""
    counts = {term: postings.count(term) for term in question.content}
    rows: dict[str, Ids] = {}
    left = ROWS
    for term, count in sorted(counts.items(), key=lambda item: item[1]):
        if count and (count <= left or not rows):
            rows[term] = postings.passages_with(term)
            left -= count
    contexts = {term: _context(postings, term) for term in (*question.content, *question.aliases)}
    table = _Table(shape, among, [*rows.values(), *(ids for ids in contexts.values() if len(ids) <= FEW_ROWS)])
    weights = tuple(
        table.add(term, counts[term], rows.get(term), is_name=term in question.names) for term in question.content
    )
    for term, found in contexts.items():
        table.add_identity(term, found, is_name=term in question.names or term in question.aliases)
    best = SATURATION * sum(weight.passage + weight.document for weight in weights)
    return KeywordScores(
        weights,
        best,
        table.ids,
        table.passage_scores,
        table.documents,
        table.document_scores(),
        table.place,
        table.by_term,
    )


def _context(postings: PostingReader, term: str) -> Ids:
    """Passages of the documents that have `term` in their name, title or beginning; none if it is common."""
    import numpy as np

    if not 0 < postings.count(term, CONTEXT_COLUMN) <= CONTEXT_ROWS:
        return np.empty(0, np.int64)
    return postings.passages_with(term, CONTEXT_COLUMN)


class _Table:
    """Scores under construction, for all passages of `postings_read` whose documents are `among` the wanted ones."""

    def __init__(self, shape: LibraryShape, among: Collection[int] | None, postings_read: list[Ids]) -> None:
        import numpy as np

        self._shape = shape
        self._among = None if among is None else np.fromiter(among, np.int64)
        self.ids = self._within(_distinct(postings_read, len(shape.owners)))
        self.documents = _distinct([shape.owners[self.ids]], len(shape.sizes))
        self.place = np.searchsorted(self.documents, shape.owners[self.ids])
        self._sizes = np.maximum(shape.sizes[self.documents], 1.0)
        self.passage_scores: Numbers = np.zeros(len(self.ids))
        self.by_term: dict[str, Numbers] = {}
        self._about: dict[str, Numbers] = {}

    def document_scores(self) -> Numbers:
        import numpy as np

        return np.sum(list(self.by_term.values()), axis=0) if self.by_term else np.zeros(len(self.documents))

    def _within(self, ids: Ids) -> Ids:
        import numpy as np

        return ids if self._among is None else ids[np.isin(self._shape.owners[ids], self._among)]

    def add(self, term: str, count: int, rows: Ids | None, *, is_name: bool) -> TermWeight:
        """Count one term in, which `count` passages hold; returns its weights. Rarity is that in the whole library."""
        shape = self._shape
        held_by = len(_distinct([shape.owners[rows]], len(shape.sizes))) if rows is not None else _spread(count, shape)
        document = rarity(shape.document_count, held_by)
        in_passages = rarity(shape.passage_count, count)
        passage = max(in_passages - SHARED * document, LEAST * in_passages)
        if rows is not None:
            self._add_rows(term, self._within(rows), passage, document, is_name)
        return TermWeight(term, passage, document, in_passages)

    def add_identity(self, term: str, context: Ids, *, is_name: bool) -> None:
        """Count a term in that stands in the name, title or beginning of the documents of these passages."""
        import numpy as np

        nothing: Numbers = np.zeros(len(self.documents))
        owners = _distinct([self._shape.owners[context]], len(self._shape.sizes))
        evidence = np.isin(self.documents, owners).astype(float)
        weight, subjects = IDENTITY, float(len(owners))
        if is_name:
            evidence = np.maximum(evidence, self._about.get(term, nothing))
            weight, subjects = NAMED, math.fsum(evidence[evidence > 0].tolist())  # whatever the order of the ids
        if subjects:
            given = weight * rarity(self._shape.document_count, subjects) * evidence
            self.by_term[term] = self.by_term.get(term, nothing) + given

    def _add_rows(self, term: str, rows: Ids, passage: float, document: float, is_name: bool) -> None:
        import numpy as np

        at = np.searchsorted(self.ids, rows)
        self.passage_scores[at] += passage
        held = np.bincount(self.place[at], minlength=len(self.documents)).astype(float)
        relative = self._sizes / max(self._shape.mean_size, 1e-9)
        frequency = held / (1 - DOCUMENT_LENGTH + DOCUMENT_LENGTH * relative)
        self.by_term[term] = document * SATURATION * frequency / (frequency + K1)
        if is_name:
            self._about[term] = np.minimum(1.0, (held / self._sizes / SUBJECT_SHARE) ** ABOUT_POWER)


def _distinct(some: Iterable[Ids], bound: int) -> Ids:
    """All of these numbers below `bound`, each once, ascending: by marking them, which is faster than sorting them."""
    import numpy as np

    marked = np.zeros(bound, bool)
    for numbers in some:
        marked[numbers] = True
    return np.flatnonzero(marked)


def _spread(count: int, shape: LibraryShape) -> int:
    """How many documents hold a term whose postings were not read, if chance spread it."""
    documents = max(1, shape.document_count)
    return round(documents * (1 - math.exp(-count / documents))) if count else 0
