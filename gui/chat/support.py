"""What the application found when it checked a citation, in words."""

from __future__ import annotations

from core.i18n import tr
from core.values import Support


def support_words(support: Support) -> str:
    """In a sentence; empty where nothing was checked."""
    if support is Support.SUPPORTED:
        return tr("The passage says this.")
    if support is Support.WEAK:
        return tr("The passage says this only in part: look at it.")
    if support is Support.NOT_FOUND:
        return tr("This was not found in the passage: check it.")
    return ""


def support_mark(support: Support) -> str:
    """In a word or two, to stand beside a source."""
    if support is Support.SUPPORTED:
        return tr("Confirmed")
    if support is Support.WEAK:
        return tr("In part")
    if support is Support.NOT_FOUND:
        return tr("Not found")
    return ""
