"""Completes a document's name while it is typed after an "@". `core.chat.mentions` reads finished mentions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.store.documents.scopes import Suggestion

# An "@" at the start of a word, up to the cursor. After an opening quote, the name may have spaces.
_UNFINISHED_MENTION = re.compile(r'(?:^|(?<=[\s(\[{«“„"\']))@("[^"\n]{0,100}|[^\s"@]{0,100})$')


def typed_mention(before_cursor: str) -> str | None:
    """Return what has been typed of a name, without "@" and quote; None if no mention is being typed."""
    match = _UNFINISHED_MENTION.search(before_cursor)
    return match[1].removeprefix('"') if match else None


def without_typed_mention(before_cursor: str) -> str:
    """Return the text before the mention that is being typed."""
    match = _UNFINISHED_MENTION.search(before_cursor)
    return before_cursor[: match.start()] if match else before_cursor


def suggestion_labels(suggestions: Sequence[Suggestion]) -> list[str]:
    """Return the label of each suggestion: its name, and its folder if another one has the same name."""
    names = [suggestion.name for suggestion in suggestions]
    return [
        suggestion.name if names.count(suggestion.name) == 1 else f"{suggestion.name} · {suggestion.folder.name}"
        for suggestion in suggestions
    ]
