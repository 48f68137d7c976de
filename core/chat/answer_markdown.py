"""Prepares an answer's Markdown for display: citation marks and images become links; finds the part that is final."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from core.domain.conversation import CheckedSentence
from core.domain.documents import Support
from core.text.markdown_code import code_spans
from core.text.markdown_fences import FENCE, fence_after

CITATION_SCHEME = "cite:"
"""A citation links to "cite:4", or to "cite:4:weak" where the check found weak support."""
SUPPORT_SIGNS = {Support.WEAK: "?", Support.NOT_FOUND: "!"}
"""Shown after the number, so that doubt is not a matter of colour alone."""

MOST_RENDERED_CHARS, MOST_RENDERED_LINES, MOST_CELLS = 60_000, 1500, 300
"""Of Markdown that is laid out at once, and of a line of it: more would stop the window. The times of Qt 6.11 grow with
the square of a table's columns and a list's items."""
_MARK = re.compile(
    r"\[(?P<numbers>\d{1,4}(?:\s*+[,;]\s*+\d{1,4})*)\](?!\()|【(?P<gpt_oss_number>\d{1,4})(?:†[^】]{0,80})?】"
)
_CONTINUES_BLOCK = re.compile(r"^(\s|[-*+] |\d{1,9}[.)] |\||>)")


def with_citation_links(
    markdown: str,
    known_numbers: frozenset[int] | None = None,
    checked_sentences: Sequence[CheckedSentence] = (),
    offset: int = 0,
) -> str:
    """Turn every citation mark outside code into a link, and every image into a plain link.

    Only numbers in `known_numbers` become links (None: all); others cite nothing and stay text. The marks of a checked
    sentence that is not fully supported get a sign. `offset` is where `markdown` begins in the text that the sentences
    refer to.
    """
    parts: list[str] = []
    for start, text, is_code in _split_at_code(markdown):
        parts.append(text if is_code else _linked(text, known_numbers, checked_sentences, offset + start))
    return "".join(parts)


def parse_citation_link(address: str) -> tuple[int, Support] | None:
    """Return the number and the support that the address of a citation names; None for any other address."""
    if not address.startswith(CITATION_SCHEME):
        return None
    number, _, found = address.removeprefix(CITATION_SCHEME).partition(":")
    if not number.isdigit():
        return None
    return int(number), next((support for support in SUPPORT_SIGNS if support.value == found), Support.UNCHECKED)


def is_renderable(markdown: str) -> bool:
    """Whether `markdown` can be laid out without stopping the window; what cannot is shown as plain text."""
    if len(markdown) > MOST_RENDERED_CHARS or markdown.count("\n") > MOST_RENDERED_LINES:
        return False
    return markdown.count("|") <= MOST_CELLS or max(line.count("|") for line in markdown.split("\n")) <= MOST_CELLS


def stable_length(markdown: str) -> int:
    """How many characters of an unfinished answer render the same whatever follows: those up to the last blank line
    that is outside a code fence and not followed by more of the same list, table, quote or indented text."""
    length = 0
    after_blank = False
    for start, line, is_code in _lines(markdown):
        if not is_code and not line.strip():
            after_blank = line.endswith("\n")
            continue
        if after_blank and (is_code or not _CONTINUES_BLOCK.match(line)):
            length = start
        after_blank = False
    return length


def _linked(text: str, known: frozenset[int] | None, checked: Sequence[CheckedSentence], offset: int) -> str:
    parts: list[str] = []
    end = 0

    def replacement(match: re.Match[str]) -> str:
        return _citation_links(match, known, _support_at(offset + end + match.start(), checked))

    for start, stop, alternative, address in _images(text):
        parts += (_MARK.sub(replacement, text[end:start]), f"[{alternative}]({address})")
        end = stop
    return "".join((*parts, _MARK.sub(replacement, text[end:])))


def _images(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield start, end, alternative text and address of each image. A scanner, since a pattern would look for the end
    of each of many images that never end."""
    start, bracket = text.find("!["), -1
    while start >= 0:
        if bracket < start + 2:
            bracket = text.find("]", start + 2)
        end = text.find(")", bracket + 2)
        if bracket < 0 or end < 0:
            return
        if text.startswith("(", bracket + 1):
            words = text[bracket + 2 : end]
            yield start, end + 1, text[start + 2 : bracket], re.split(r"\s", words, maxsplit=1)[0]
            start = text.find("![", end + 1)
        else:
            start = text.find("![", start + 2)


def _support_at(position: int, checked: Sequence[CheckedSentence]) -> Support:
    """The support of the sentence at `position`; the sentences are in order."""
    at = bisect_right(checked, position, key=lambda one: one.start) - 1
    return checked[at].support if at >= 0 and position < checked[at].end else Support.UNCHECKED


def _citation_links(mark: re.Match[str], known: frozenset[int] | None, support: Support) -> str:
    links = []
    sign, suffix = SUPPORT_SIGNS.get(support, ""), f":{support.value}" if support in SUPPORT_SIGNS else ""
    for number in map(int, re.findall(r"\d+", mark["numbers"] or mark["gpt_oss_number"])):
        if known is not None and number not in known:
            links.append(rf"\[{number}\]")
        else:
            links.append(rf"[\[{number}{sign}\]]({CITATION_SCHEME}{number}{suffix})")
    return "".join(links)


def _split_at_code(markdown: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the text in pieces: offset, text, whether it is code."""
    for start, line, is_code in _lines(markdown):
        if is_code:
            yield start, line, True
        else:
            yield from _split_at_inline_code(line, start)


def _split_at_inline_code(line: str, start: int) -> Iterator[tuple[int, str, bool]]:
    end = 0
    for opening, closed, _ in code_spans(line):
        yield start + end, line[end:opening], False
        yield start + opening, line[opening:closed], True
        end = closed
    yield start + end, line[end:], False


def _lines(markdown: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each line with its offset, and whether it is a code fence or within one."""
    fence = ""
    start = 0
    for line in markdown.splitlines(keepends=True):
        match = FENCE.match(line)
        yield start, line, bool(match or fence)
        fence = fence_after(fence, match) if match else fence
        start += len(line)
