"""The values of the library: folders, documents, passages, search results, citations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.domain.sheet_cells import SheetRows


class DocumentState(StrEnum):
    """WAITING to be parsed, INDEXED, or SKIPPED with a reason."""

    WAITING = "waiting"
    INDEXED = "indexed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder (or a single file) that the person added; `documents` counts its files in the library."""

    id: int
    path: Path
    documents: int


@dataclass(frozen=True, slots=True)
class Document:
    """A file of the library. `reason` is a sentence that says why it was skipped, `problem` the same as a word that
    does not depend on the language (core.parsing.faults); `page_count` is None where a format has no pages."""

    id: int
    folder_id: int
    path: Path
    title: str
    state: DocumentState
    reason: str
    size_bytes: int
    modified_ns: int
    page_count: int | None
    passage_count: int
    problem: str = ""

    @property
    def is_locked(self) -> bool:
        """Whether it was skipped for lack of a password that can be entered."""
        return self.problem in ("encrypted", "wrong_password") and self.path.suffix.casefold() == ".pdf"


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """A term of the question in a passage: its count, its weight in passages, and what it adds to the document's
    score."""

    term: str
    count: int
    weight: float
    document_weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a passage ranks where it does. Its score is the sum of `passage_score` (its own terms), `neighbour_score` (of
    the passages beside it), `embedding_score`, `document_score` (what its document is about and called), `rank_bonus`
    (its ranks in both searches and its place in the document) and `rerank_bonus`. The ranks count from 1, None if that
    search did not find it. `cosine` is None without a vector, `rerank_score` (0 to 1) without a reranking model."""

    passage_score: float
    neighbour_score: float
    embedding_score: float
    document_score: float
    keyword_rank: int | None
    embedding_rank: int | None
    cosine: float | None
    terms: tuple[FoundTerm, ...]
    rerank_bonus: float = 0.0
    rerank_score: float | None = None
    rank_bonus: float = 0.0


@dataclass(frozen=True, slots=True)
class Location:
    """What locates a passage besides its page: the document's `format`, the name of its `sheet`, and the `line` of the
    file in which it begins, from 1 (None where lines are unknown). `turns` are the pages that begin inside it, as
    (offset in the document, sheet name). `rows` are its lines that are rows of a sheet. `headings` are the heading
    paths in effect inside it where there are several, as (offset in the document, path)."""

    format: str = ""
    sheet: str = ""
    line: int | None = None
    turns: tuple[tuple[int, str], ...] = ()
    rows: tuple[SheetRows, ...] = ()
    headings: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A ranked piece of a document. `start` and `end` are offsets into the document's text, and `text ==
    document_text[start:end]`; `page` is 0-based, None where the format has no pages; `section` is the heading path,
    joined by " › ". A higher `score` is better and comparable within one search only. `why` explains the rank of the
    best piece in it, if asked for. `recognised` if some of it was read from a picture by OCR."""

    rank: int
    score: float
    document_id: int
    path: Path
    title: str
    page: int | None
    section: str
    start: int
    end: int
    text: str
    why: Explanation | None = None
    recognised: bool = False
    location: Location = Location()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The outcome of a search in `documents_searched` indexed documents. `semantic` is False if only keywords were
    used, without an embedding model. `answerability`, 0 to 1: how likely the passages answer the question, comparable
    between questions (core.retrieval.answerable)."""

    query: str
    passages: tuple[Passage, ...]
    documents_searched: int
    semantic: bool
    answerability: float = 1.0


@dataclass(frozen=True, slots=True)
class Skipped:
    """What is not searched, or not all of it, and why; `document_id` where it is a document of the library."""

    path: Path
    reason: str
    document_id: int | None = None


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The outcome of one indexing run. `documents` counts the indexed documents of the given folders afterwards.
    `scanned` are those with pages read by OCR, `noted` those that are searched though not completely or not in their
    current state."""

    documents: int
    indexed: int
    unchanged: int
    removed: int
    skipped: tuple[Skipped, ...]
    passages: int
    seconds: float
    scanned: tuple[Skipped, ...] = ()
    noted: tuple[Skipped, ...] = ()


class Support(StrEnum):
    """What the citation check found for a cited sentence."""

    SUPPORTED = "supported"
    WEAK = "weak"
    NOT_FOUND = "not_found"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered source of an answer: `number` as cited in the answer, the place it points to, and the words there.
    `document_id` is None once the document has left the library; path and quote stay. `recognised` as in `Passage`."""

    number: int
    document_id: int | None
    path: Path
    title: str
    page: int | None
    section: str
    start: int
    end: int
    quote: str
    support: Support
    recognised: bool = False
    location: Location = Location()


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document's text with what is needed to locate a range in it: `pages` are the start offsets of its pages (empty
    where a format has none), `page_labels` their names if they have any, `recognised` the pages read by OCR, `rows` the
    lines that are rows of sheets, `pictured` the ranges of other text read by OCR, `headings` the heading path in
    effect at each offset."""

    document: Document
    text: str
    pages: tuple[int, ...]
    recognised: tuple[int, ...] = ()
    format: str = ""
    page_labels: tuple[str, ...] = ()
    rows: tuple[SheetRows, ...] = ()
    pictured: tuple[tuple[int, int], ...] = ()
    headings: tuple[tuple[int, str], ...] = ()
