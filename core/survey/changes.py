"""What differs between two documents, as findings of a survey: worked out by the application, not by a model."""

from __future__ import annotations

from core.domain.documents import Citation, DocumentText, Support
from core.i18n import tr
from core.survey.reading import cited
from core.survey.values import Finding
from core.text.document_diff import Difference, DifferenceKind, differences

SHOWN_CHARS = 300
QUOTED_CHARS = 4000


def changes(old: DocumentText, new: DocumentText) -> tuple[Finding, ...]:
    """Every difference, each with its place in the new document, or in the old one where the new has none."""
    return tuple(_finding(difference, old, new) for difference in differences(old.text, new.text))


def _finding(difference: Difference, old: DocumentText, new: DocumentText) -> Finding:
    before = _place(old, difference.old)
    after = _place(new, difference.new)
    place = after or before
    if place is None:
        raise ValueError("a difference stands on one side at least")
    return Finding(_words(difference, place), place, other=before if after else None)


def _place(document: DocumentText, span: tuple[int, int] | None) -> Citation | None:
    """Of a paragraph without end, its beginning: all of it would be stored with every row that quotes it."""
    if span is None:
        return None
    return cited(document, span[0], min(span[1], span[0] + QUOTED_CHARS), Support.SUPPORTED)


def _words(difference: Difference, place: Citation) -> str:
    text = " ".join(place.quote.split())
    short = text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
    if difference.kind is DifferenceKind.ADDED:
        return tr("Added: {text}", text=short)
    if difference.kind is DifferenceKind.REMOVED:
        return tr("Removed: {text}", text=short)
    if difference.kind is DifferenceKind.MOVED:
        return tr("Moved, unchanged: {text}", text=short)
    words = difference.words
    return tr("Changed: {words}", words=words if len(words) <= QUOTED_CHARS else words[:QUOTED_CHARS] + "…")
