"""The titles of conversations in the list: how they are shown and searched."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.conversation import ConversationSummary
from core.i18n import tr


def display_title(summary: ConversationSummary) -> str:
    return summary.title or tr("New conversation")


def search_titles(summaries: Iterable[ConversationSummary], text: str) -> list[ConversationSummary]:
    """Return the conversations whose title contains every word of `text`, in any case and order."""
    words = text.casefold().split()
    return [summary for summary in summaries if all(word in display_title(summary).casefold() for word in words)]
