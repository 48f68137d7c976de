"""Ranking by keywords over the whole library: which passages and which documents hold the question's terms.

A passage's score has two parts. How well its document fits: each term by how few documents hold it. And how well it
fits within such a document: each term by how few passages hold it, less what the document's part already says
(`SHARED`). Without that, a name that stands all over one document would count twice, and the passage that repeats the
name would win over the one that answers. The rest is BM25 (Robertson & Zaragoza, "The Probabilistic Relevance
Framework", 2009).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING

from core.retrieval.passage_map import LibraryShape
from core.retrieval.question import Question
from core.store import postings

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
ABOUT = 4.0
ABOUT_POWER = 0.7
"""Weight of a name of the question by the share of a document's passages that hold it: what the document is about. Its
rarity is counted in such shares, too: a company that many documents mention is still the subject of few."""
IDENTITY = 0.5
NAMED_IDENTITY = 2.0
"""Weight of a term, and of a name, in the document's own name, title or beginning."""
DOCUMENT_LENGTH = 0.75

SUBJECT_SHARE = 0.4
NAMED = 4.0
CALLED = 1.0
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
    ascending, are those they belong to, with theirs, `shared`. `best` is about what a passage with every term would
    reach: the scale of both."""

    weights: tuple[TermWeight, ...]
    best: float
    ids: Ids
    own: Numbers
    documents: Ids
    shared: Numbers
    place: Ids

    def top(self, count: int) -> Ids:
        """The passages with the highest sum of both parts, the best first; of equals, the older ones."""
        import numpy as np

        total = self.own + self.shared[self.place]
        return self.ids[np.argsort(-total, kind="stable")[:count]]

    def own_of(self, passage_ids: Ids) -> Numbers:
        return _looked_up(self.ids, self.own, passage_ids)

    def shared_of(self, document_ids: Ids) -> Numbers:
        return _looked_up(self.documents, self.shared, document_ids)


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
    connection: Connection, question: Question, shape: LibraryShape, among: Collection[int] | None = None
) -> KeywordScores:
    """Scores of the passages that hold terms of `question`; only of documents in `among`, if given."""
    counts = {term: postings.count_holding(connection, term) for term in question.content}
    rows: dict[str, Ids] = {}
    left = ROWS
    for term, count in sorted(counts.items(), key=lambda item: item[1]):
        if count and (count <= left or not rows):
            rows[term] = postings.holding(connection, term)
            left -= count
    contexts = {term: _context(connection, term) for term in (*question.content, *question.aliases)}
    table = _Table(shape, among, [*rows.values(), *(ids for ids in contexts.values() if len(ids) <= FEW_ROWS)])
    weights = tuple(
        table.add(term, counts[term], rows.get(term), is_name=term in question.names) for term in question.content
    )
    for term, found in contexts.items():
        table.add_identity(term, found, is_name=term in question.names or term in question.aliases)
    best = SATURATION * sum(weight.passage + weight.document for weight in weights)
    return KeywordScores(weights, best, table.ids, table.own, table.documents, table.shared, table.place)


def _context(connection: Connection, term: str) -> Ids:
    """Passages of the documents that have `term` in their name, title or beginning; none if it is common."""
    import numpy as np

    if not 0 < postings.count_holding(connection, term, postings.CONTEXT_COLUMN) <= CONTEXT_ROWS:
        return np.empty(0, np.int64)
    return postings.holding(connection, term, postings.CONTEXT_COLUMN)


class _Table:
    """Scores under construction, for all passages of `postings_read` whose documents are `among` the wanted ones."""

    def __init__(self, shape: LibraryShape, among: Collection[int] | None, postings_read: list[Ids]) -> None:
        import numpy as np

        self._shape = shape
        self._among = None if among is None else np.fromiter(among, np.int64)
        ids = np.unique(np.concatenate(postings_read)) if postings_read else np.empty(0, np.int64)
        self.ids = self._within(ids)
        self.documents, self.place = np.unique(shape.owners[self.ids], return_inverse=True)
        self._sizes = np.maximum(shape.sizes[self.documents], 1.0)
        self.own: Numbers = np.zeros(len(self.ids))
        self.shared: Numbers = np.zeros(len(self.documents))
        self._about: dict[str, Numbers] = {}

    def _within(self, ids: Ids) -> Ids:
        import numpy as np

        return ids if self._among is None else ids[np.isin(self._shape.owners[ids], self._among)]

    def add(self, term: str, count: int, rows: Ids | None, *, is_name: bool) -> TermWeight:
        """Count one term in, which `count` passages hold; returns its weights. Rarity is that in the whole library."""
        import numpy as np

        shape = self._shape
        held_by = len(np.unique(shape.owners[rows])) if rows is not None else _spread(count, shape)
        document = rarity(shape.document_count, held_by)
        in_passages = rarity(shape.passage_count, count)
        passage = max(in_passages - SHARED * document, LEAST * in_passages)
        if rows is not None:
            self._add_rows(term, self._within(rows), passage, document, is_name)
        return TermWeight(term, passage, document, in_passages)

    def add_identity(self, term: str, context: Ids, *, is_name: bool) -> None:
        """Count a term in that stands in the name, title or beginning of the documents of these passages."""
        import numpy as np

        about = self._about.pop(term, None)
        called = np.isin(self.documents, np.unique(self._shape.owners[context])) if len(context) else None
        n = self._shape.document_count
        if is_name:
            e = np.zeros(len(self.documents)) if called is None else called * CALLED
            if about is not None:
                e = np.maximum(e, about)
            if e.any():
                self.shared += NAMED * rarity(n, float(e.sum())) * e
        elif called is not None:
            self.shared += IDENTITY * rarity(n, float(len(np.unique(self._shape.owners[context])))) * called

    def _add_rows(self, term: str, rows: Ids, passage: float, document: float, is_name: bool) -> None:
        import numpy as np

        at = np.searchsorted(self.ids, rows)
        self.own[at] += passage
        held = np.bincount(self.place[at], minlength=len(self.documents)).astype(float)
        relative = self._sizes / max(self._shape.mean_size, 1e-9)
        frequency = held / (1 - DOCUMENT_LENGTH + DOCUMENT_LENGTH * relative)
        self.shared += document * SATURATION * frequency / (frequency + K1)
        if is_name:
            share = held / self._sizes
            about = np.minimum(1.0, (share / SUBJECT_SHARE) ** ABOUT_POWER)
            self._about[term] = about


def _spread(count: int, shape: LibraryShape) -> int:
    """How many documents hold a term whose postings were not read, if chance spread it."""
    documents = max(1, shape.document_count)
    return round(documents * (1 - math.exp(-count / documents))) if count else 0
