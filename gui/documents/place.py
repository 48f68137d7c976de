"""A place in a document that can be opened: from a search result, a citation or the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.documents import Citation, Document, Location, Passage


@dataclass(frozen=True, slots=True)
class PassageTarget:
    """`start`/`end` are offsets into the extracted text; `quote` is what stood there, to notice a changed document.
    `start == end` means the whole document, from its beginning."""

    document_id: int | None
    path: Path
    title: str
    page: int | None = None
    section: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""
    spot: Location = Location()


@dataclass(frozen=True, slots=True)
class PassageTargets:
    """Places that belong together (the results of a search, the sources of an answer), and the one to show."""

    items: tuple[PassageTarget, ...]
    at: int = 0

    @property
    def current(self) -> PassageTarget:
        return self.items[self.at]

    def stepped(self, by: int) -> PassageTargets:
        return PassageTargets(self.items, (self.at + by) % len(self.items))


def of_passages(passages: Sequence[Passage], at: int = 0) -> PassageTargets:
    return PassageTargets(
        tuple(
            PassageTarget(p.document_id, p.path, p.title, p.page, p.section, p.start, p.end, p.text, p.spot)
            for p in passages
        ),
        at,
    )


def of_citations(citations: Sequence[Citation], at: int = 0) -> PassageTargets:
    return PassageTargets(
        tuple(
            PassageTarget(c.document_id, c.path, c.title, c.page, c.section, c.start, c.end, c.quote, c.spot)
            for c in citations
        ),
        at,
    )


def of_document(document: Document) -> PassageTargets:
    return PassageTargets((PassageTarget(document.id, document.path, document.title),))


def shown_title(path: Path, title: str) -> str:
    """What a document is called on screen: its title if it says more than the file's name."""
    return title if title.strip() else path.name
