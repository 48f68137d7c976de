"""The values that cross core's borders: documents, passages, sources. Frozen; never dicts or rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.domain.sheet_cells import SheetRows


class DocumentState(StrEnum):
    """WAITING to be read, INDEXED, or SKIPPED with a reason in words."""

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
    """A file of the library. `reason` says why it was skipped, `problem` does so in a word that is the same in every
    language (core.parsing.faults); `page_count` is None where a format has no pages."""

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
        """Whether it was skipped for want of a password that can be given."""
        return self.problem in ("encrypted", "wrong_password") and self.path.suffix.casefold() == ".pdf"


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """A term of the question in a passage: how often it stands there, its weight in passages, and what it gives to the
    score as a part of the passage's document."""

    term: str
    count: int
    weight: float
    document_weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a passage ranks where it does: its score is the sum of `words` (its own terms), `neighbours` (those beside
    it), `meaning`, `document` (what its document is about and called), `standing` (its place among the passages found,
    and in its document) and `judgement` (the ranking model's). The ranks are those in the two searches, from 1; None if
    they did not find it. `cosine` is None where there is no vector, `judged`, 0 to 1, where the ranking model was not
    asked."""

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
    """What a document's format adds to a page number, for telling where a passage is (locations.py): the `format`, the
    name of its `sheet`, the `line` of the file in which it begins, from 1; None where lines are not known. `turns` are
    the pages that begin within it: where in the document, and the sheet's name. `rows` are its lines that are rows of a
    sheet. `headings` are those it stands under where they are several: from where in the document on, and the path."""

    format: str = ""
    sheet: str = ""
    line: int | None = None
    turns: tuple[tuple[int, str], ...] = ()
    rows: tuple[SheetRows, ...] = ()
    headings: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A ranked piece of a document. `start`/`end` are offsets into the document's extracted text and
    `text == document_text[start:end]`; `page` is 0-based and None where the format has no pages; `section` is the
    heading path, joined by " › "; a higher `score` is better, comparable within one search only. `why` is given where a
    search was asked to explain itself: it is about the piece in it that was found. `recognised` if some of it was
    read from a picture (OCR)."""

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
    """What a search gave and over how much: `documents_searched` indexed documents; `meaning` is False when only
    keywords were used (no embedding model yet). `answered` tells, from 0 to 1, how likely the passages answer the
    question; comparable between questions (core.retrieval.answerable)."""

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
    """The outcome of one indexing run. `documents` counts the indexed documents of the given folders afterwards;
    `scanned` are those of them whose pages, or some, were pictures and were read by text recognition, `noted` those
    that are searched, though not all of them or not as they are now."""

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
    """What the application found when it compared a cited sentence with the passage it cites."""

    SUPPORTED = "supported"
    WEAK = "weak"
    NOT_FOUND = "not_found"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered source of an answer: `number` as it stands in the answer's text, where it points, and the words there.
    `document_id` is None once the document has left the library; path and quote stay. `recognised` as of a passage."""

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
    """A document's extracted text with what is needed to show a place in it: `pages` are the start offsets of its
    pages (empty where a format has none), `page_labels` their names where they have any, `recognised` the pages whose
    text was read from a picture (OCR), `rows` the lines that are rows of sheets, `pictured` the stretches that were
    read from pictures among other text, `headings` from where on which path of headings holds."""

    document: Document
    text: str
    pages: tuple[int, ...]
    recognised: tuple[int, ...] = ()
    format: str = ""
    page_labels: tuple[str, ...] = ()
    rows: tuple[SheetRows, ...] = ()
    pictured: tuple[tuple[int, int], ...] = ()
    headings: tuple[tuple[int, str], ...] = ()
