"""What changed between two documents, as findings of a survey. Computed from their texts, without a model."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.documents import Citation, DocumentText, Support
from core.domain.locations import locations_in
from core.i18n import tr
from core.survey.prompts import citation_at
from core.survey.values import Finding
from core.text.document_diff import Difference, DifferenceKind, differences

MAX_SHOWN_CHARS = 300
MAX_QUOTE_CHARS = 4000


def change_findings(old: DocumentText, new: DocumentText) -> tuple[Finding, ...]:
    """Return a finding for each difference. It cites the new document, or the old one for what was removed."""
    found = differences(old.text, new.text)
    before = _citations(old, [difference.old for difference in found])
    after = _citations(new, [difference.new for difference in found])
    return tuple(map(_finding, found, before, after))


def _finding(difference: Difference, before: Citation | None, after: Citation | None) -> Finding:
    citation = after or before
    if citation is None:
        raise ValueError("a difference has a span on one side at least")
    return Finding(_change_text(difference, citation), citation, other=before if after else None)


def _citations(document: DocumentText, spans: Sequence[tuple[int, int] | None]) -> list[Citation | None]:
    """Cite the beginning of each span: a paragraph may be megabytes long, and each finding stores its quotation."""
    cut = [(start, min(end, start + MAX_QUOTE_CHARS)) for start, end in filter(None, spans)]
    locations = iter(zip(cut, locations_in(document, cut), strict=True))
    citations: list[Citation | None] = []
    for span in spans:
        if span is None:
            citations.append(None)
        else:
            (start, end), location = next(locations)
            citations.append(citation_at(document, start, end, Support.SUPPORTED, location=location))
    return citations


def _change_text(difference: Difference, citation: Citation) -> str:
    text = " ".join(citation.quote.split())
    short = text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + "…"
    if difference.kind is DifferenceKind.ADDED:
        return tr("Added: {text}", text=short)
    if difference.kind is DifferenceKind.REMOVED:
        return tr("Removed: {text}", text=short)
    if difference.kind is DifferenceKind.MOVED:
        return tr("Moved, unchanged: {text}", text=short)
    words = difference.words
    return tr("Changed: {words}", words=words if len(words) <= MAX_QUOTE_CHARS else words[:MAX_QUOTE_CHARS] + "…")
