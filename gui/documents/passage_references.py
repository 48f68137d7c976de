"""References to passages, as the document view opens them: from a search result, a citation or the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.documents import Citation, Document, Location, Passage


@dataclass(frozen=True, slots=True)
class PassageReference:
    """A passage of a document, or the whole document if `start == end`. `document_id` is None if it has left the
    library. `start` and `end` are offsets into the extracted text, `page` is 0-based; `quote` is the text that was
    there, by which a change of the document is noticed."""

    document_id: int | None
    path: Path
    title: str
    page: int | None = None
    section: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""
    location: Location = Location()


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """References to step through (the results of a search, the sources of an answer); that at `index` is shown."""

    items: tuple[PassageReference, ...]
    index: int = 0

    @property
    def current(self) -> PassageReference:
        return self.items[self.index]

    def stepped(self, by: int) -> ReferenceList:
        """The same references with the one `by` places further on current, from the start again after the last."""
        return ReferenceList(self.items, (self.index + by) % len(self.items))


def references_to_passages(passages: Sequence[Passage], index: int = 0) -> ReferenceList:
    return ReferenceList(
        tuple(
            PassageReference(p.document_id, p.path, p.title, p.page, p.section, p.start, p.end, p.text, p.location)
            for p in passages
        ),
        index,
    )


def references_to_citations(citations: Sequence[Citation], index: int = 0) -> ReferenceList:
    return ReferenceList(
        tuple(
            PassageReference(c.document_id, c.path, c.title, c.page, c.section, c.start, c.end, c.quote, c.location)
            for c in citations
        ),
        index,
    )


def reference_to_document(document: Document) -> ReferenceList:
    return ReferenceList((PassageReference(document.id, document.path, document.title),))


def document_title(path: Path, title: str) -> str:
    """What a document is called on screen: its title, or the file name if it has none."""
    return title if title.strip() else path.name
