"""Where in a question a document's name is being typed after an "@". Pure text; `core.chat.mentions` reads it later."""

from __future__ import annotations

import re

# An "@" at the start of a word; with a quote the name may hold spaces.
_BEGUN = re.compile(r'(?:^|(?<=[\s(\[{«“„"\']))@("[^"\n]{0,100}|[^\s"@]{0,100})$')


def mention_begun(before_cursor: str) -> str | None:
    """What has been typed of a name, without its "@" and quote; None where no mention is being typed."""
    match = _BEGUN.search(before_cursor)
    return match[1].removeprefix('"') if match else None


def without_mention(before_cursor: str) -> str:
    """The text before the mention that is being typed."""
    match = _BEGUN.search(before_cursor)
    return before_cursor[: match.start()] if match else before_cursor
