"""What differs between two documents, as findings of a survey: worked out by the application, not by a model."""

from __future__ import annotations

from core.chat.compare import Difference, Kind, differences
from core.i18n import tr
from core.survey.reading import cited
from core.survey.values import Finding
from core.values import Citation, DocumentText, Support

SHOWN_CHARS = 300


def changes(old: DocumentText, new: DocumentText) -> tuple[Finding, ...]:
    """Every difference, each with its place in the new document, or in the old one where the new has none."""
    return tuple(_finding(difference, old, new) for difference in differences(old.text, new.text))


def _finding(difference: Difference, old: DocumentText, new: DocumentText) -> Finding:
    before = cited(old, *difference.old, Support.SUPPORTED) if difference.old else None
    after = cited(new, *difference.new, Support.SUPPORTED) if difference.new else None
    place = after or before
    if place is None:
        raise ValueError("a difference stands on one side at least")
    return Finding(_words(difference, place), place, other=before if after else None)


def _words(difference: Difference, place: Citation) -> str:
    text = " ".join(place.quote.split())
    short = text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
    if difference.kind is Kind.ADDED:
        return tr("Added: {text}", text=short)
    if difference.kind is Kind.REMOVED:
        return tr("Removed: {text}", text=short)
    if difference.kind is Kind.MOVED:
        return tr("Moved, unchanged: {text}", text=short)
    return tr("Changed: {words}", words=difference.words)
