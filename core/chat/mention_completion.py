"""Completes a document's name while it is typed after an "@". `core.chat.mentions` reads finished mentions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.store.documents.scopes import Suggestion

# An "@" at the start of a word, up to the cursor. After an opening quote, the name may have spaces.
_LONGEST = 102  # characters of a mention with its sign and its quotation mark
_UNFINISHED_MENTION = re.compile(r'(?:^|(?<=[\s(\[{«“„"\']))@("[^"\n]{0,100}|[^\s"@]{0,100})$')


def typed_mention(before_cursor: str) -> str | None:
    """Return what has been typed of a name, without "@" and quote; None if no mention is being typed."""
    match = _unfinished_mention(before_cursor)
    return match[1].removeprefix('"') if match else None


def without_typed_mention(before_cursor: str) -> str:
    """Return the text before the mention that is being typed."""
    match = _unfinished_mention(before_cursor)
    return before_cursor[: match.start()] if match else before_cursor


def _unfinished_mention(before_cursor: str) -> re.Match[str] | None:
    """Look at the end alone, since this is called with every key."""
    return _UNFINISHED_MENTION.search(before_cursor, max(0, len(before_cursor) - _LONGEST))


def suggestion_labels(suggestions: Sequence[Suggestion]) -> list[str]:
    """Return the label of each suggestion: its name, and its folder if another one has the same name."""
    names = [suggestion.name for suggestion in suggestions]
    return [
        suggestion.name if names.count(suggestion.name) == 1 else f"{suggestion.name} · {suggestion.folder.name}"
        for suggestion in suggestions
    ]
