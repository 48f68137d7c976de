"""Markdown as the model writes it, made safe and clickable before it is rendered. Pure text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.domain.conversation import CheckedSentence
from core.domain.documents import Support

CITE = "cite:"  # scheme of a citation's link: "cite:4", or "cite:4:weak" where a check has doubts
SIGNS = {Support.WEAK: "?", Support.NOT_FOUND: "!"}  # stand behind the number, so that no colour is needed to see them

_MARK_OR_IMAGE = re.compile(
    r"!\[(?P<words>[^\]]*)\]\((?P<address>[^)\s]*)[^)]*\)"
    r"|\[(?P<numbers>\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\](?!\()|【(?P<trained>\d{1,4})(?:†[^】]{0,80})?】"
)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_INLINE_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_CONTINUES = re.compile(r"^(\s|[-*+] |\d{1,9}[.)] |\||>)")


def with_links(
    markdown: str, known: frozenset[int] | None = None, checked: Sequence[CheckedSentence] = (), offset: int = 0
) -> str:
    """`markdown` with every citation a link "cite:n" and every image a plain link; code is left as it is.

    Only numbers in `known` become links (all of them for None): others cite nothing, and stay text. A mark within a
    sentence of `checked` that is not fully supported carries a sign; `markdown` begins at `offset` of the text that
    the sentences count from.
    """
    parts: list[str] = []
    for at, text, is_code in _pieces(markdown):
        parts.append(text if is_code else _linked(text, known, checked, offset + at))
    return "".join(parts)


def cited(address: str) -> tuple[int, Support] | None:
    """The number a link of a citation names, and what the check found there; None for any other link."""
    if not address.startswith(CITE):
        return None
    number, _, found = address.removeprefix(CITE).partition(":")
    if not number.isdigit():
        return None
    return int(number), next((support for support in SIGNS if support.value == found), Support.UNCHECKED)


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


def _linked(text: str, known: frozenset[int] | None, checked: Sequence[CheckedSentence], offset: int) -> str:
    def change(match: re.Match[str]) -> str:
        if match["address"] is not None:
            return f"[{match['words']}]({match['address']})"
        return _cite(match, known, _support_at(offset + match.start(), checked))

    return _MARK_OR_IMAGE.sub(change, text)


def _support_at(position: int, checked: Sequence[CheckedSentence]) -> Support:
    found = [one.support for one in checked if one.start <= position < one.end]
    return found[0] if found else Support.UNCHECKED


def _cite(mark: re.Match[str], known: frozenset[int] | None, support: Support) -> str:
    links = []
    sign, found = SIGNS.get(support, ""), f":{support.value}" if support in SIGNS else ""
    for number in re.findall(r"\d+", mark["numbers"] or mark["trained"]):
        if known is not None and int(number) not in known:
            links.append(rf"\[{int(number)}\]")
        else:
            links.append(rf"[\[{int(number)}{sign}\]]({CITE}{int(number)}{found})")
    return "".join(links)


def _pieces(markdown: str) -> Iterator[tuple[int, str, bool]]:
    """The text in its order, each piece with where it begins and whether it is code."""
    fence = ""
    at = 0
    for line in markdown.splitlines(keepends=True):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match.group(1)
            yield at, line, True
        elif fence:
            if match and match.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            yield at, line, True
        else:
            yield from _pieces_of_line(line, at)
        at += len(line)


def _pieces_of_line(line: str, start: int) -> Iterator[tuple[int, str, bool]]:
    at = 0
    for code in _INLINE_CODE.finditer(line):
        yield start + at, line[at : code.start()], False
        yield start + code.start(), code.group(), True
        at = code.end()
    yield start + at, line[at:], False
