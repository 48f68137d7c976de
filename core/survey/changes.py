"""What changed between two documents, as findings of a survey. Computed from their texts, without a model."""

from __future__ import annotations

from core.domain.documents import Citation, DocumentText, Support
from core.i18n import tr
from core.survey.prompts import citation_at
from core.survey.values import Finding
from core.text.document_diff import Difference, DifferenceKind, differences

MAX_SHOWN_CHARS = 300
MAX_QUOTE_CHARS = 4000


def change_findings(old: DocumentText, new: DocumentText) -> tuple[Finding, ...]:
    """Return a finding for each difference. It cites the new document, or the old one for what was removed."""
    return tuple(_finding(difference, old, new) for difference in differences(old.text, new.text))


def _finding(difference: Difference, old: DocumentText, new: DocumentText) -> Finding:
    before = _citation(old, difference.old)
    after = _citation(new, difference.new)
    citation = after or before
    if citation is None:
        raise ValueError("a difference has a span on one side at least")
    return Finding(_change_text(difference, citation), citation, other=before if after else None)


def _citation(document: DocumentText, span: tuple[int, int] | None) -> Citation | None:
    """Cite the beginning of `span`: a paragraph may be megabytes long, and each finding stores its quotation."""
    if span is None:
        return None
    return citation_at(document, span[0], min(span[1], span[0] + MAX_QUOTE_CHARS), Support.SUPPORTED)


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
