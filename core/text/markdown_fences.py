"""Code fences of Markdown: the lines that open and close a code block (CommonMark 0.31, section 4.5)."""

from __future__ import annotations

import re

FENCE = re.compile(r"^ {0,3}(?P<delimiter>`{3,}|~{3,})(?P<info>.*)$", re.MULTILINE)
"""A line that may open or close a code block: three or more backticks or tildes, and what follows them."""


def fence_after(fence: str, match: re.Match[str]) -> str:
    """Return the delimiter of the code block that is open after the line `match` of `FENCE`, "" if none is. `fence` is
    the one that is open before it."""
    if not fence:
        return match["delimiter"]
    closes = match["delimiter"].startswith(fence) and not match["info"].strip()
    return "" if closes else fence
