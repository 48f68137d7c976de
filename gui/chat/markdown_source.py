"""Markdown as the model writes it, made safe and clickable before it is rendered. Pure text."""

from __future__ import annotations

import re
from collections.abc import Callable

CITE = "cite:"  # scheme of a citation's link

_MARK = re.compile(r"\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\](?!\()|【(\d{1,4})(?:†[^】]{0,80})?】")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_INLINE_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_CONTINUES = re.compile(r"^(\s|[-*+] |\d{1,9}[.)] |\||>)")


def with_links(markdown: str, known: frozenset[int] | None = None) -> str:
    """`markdown` with every citation a link "cite:n" and every image a plain link; code is left as it is.

    Only numbers in `known` become links (all of them for None): others cite nothing, and stay text.
    """

    def change(text: str) -> str:
        return _MARK.sub(lambda mark: _cite(mark, known), _IMAGE.sub(r"[\1](\2)", text))

    return _outside_code(markdown, change)


def frozen_length(markdown: str) -> int:
    """How much of an answer that is still being written can no longer change its look: everything before the last
    blank line that is outside a fence and not followed by more of the same list, table, quote or indented text."""
    at = safe = 0
    fence = ""
    blank = False
    for line in markdown.splitlines(keepends=True):
        if match := _FENCE.match(line):
            if not fence:
                if blank:
                    safe = at
                fence = match.group(1)
            elif match.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            blank = False
        elif not fence:
            if not line.strip():
                blank = line.endswith("\n")
            else:
                if blank and not _CONTINUES.match(line):
                    safe = at
                blank = False
        at += len(line)
    return safe


def _cite(mark: re.Match[str], known: frozenset[int] | None) -> str:
    links = []
    for number in re.findall(r"\d+", mark.group(1) or mark.group(2)):
        shown = rf"\[{int(number)}\]"
        links.append(shown if known is not None and int(number) not in known else f"[{shown}]({CITE}{int(number)})")
    return "".join(links)


def _outside_code(markdown: str, change: Callable[[str], str]) -> str:
    parts: list[str] = []
    fence = ""
    for line in markdown.splitlines(keepends=True):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match.group(1)
            parts.append(line)
        elif fence:
            if match and match.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            parts.append(line)
        else:
            parts.append(_outside_inline_code(line, change))
    return "".join(parts)


def _outside_inline_code(line: str, change: Callable[[str], str]) -> str:
    parts: list[str] = []
    at = 0
    for code in _INLINE_CODE.finditer(line):
        parts.extend((change(line[at : code.start()]), code.group()))
        at = code.end()
    return "".join([*parts, change(line[at:])])
