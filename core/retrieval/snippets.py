"""Cuts a snippet from each passage found, with the query's words highlighted by the tokenizer that found the
passage."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from core.domain.documents import Passage, SearchResult

SNIPPET_CHARS = 280
LEAD_CHARS = 40
"""Characters shown before the first highlight of a snippet that begins inside its passage."""
SHORT_WORD_CHARS = 4
_WORD = re.compile(r"\S+")
_MARKDOWN = re.compile(r"^ {0,3}#{1,6}\s+|\*\*|^ {0,3}>\s|`", re.MULTILINE)
_WHITESPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """Part of a passage on one line; `highlights` are (start, end) of the query's words in it."""

    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class HighlightedResult:
    """A search result with a snippet for each of its passages, in the same order."""

    search_result: SearchResult
    snippets: tuple[Snippet, ...]


def with_snippets(result: SearchResult) -> HighlightedResult:
    """Add a snippet to each passage. Called on a worker thread: analysing their words takes some milliseconds."""
    query_terms = _query_terms(result.query)
    return HighlightedResult(result, tuple(_snippet(passage, query_terms) for passage in result.passages))


def _snippet(passage: Passage, query_terms: frozenset[str]) -> Snippet:
    text = _WHITESPACE.sub(" ", _without_markup(passage)).strip()
    highlights = _highlights(text, query_terms)
    start = _best_start(text, highlights)
    end = start + SNIPPET_CHARS
    before = "… " if start else ""
    after = " …" if end < len(text) else ""
    shift = len(before) - start
    inside = tuple((a + shift, b + shift) for a, b in highlights if a >= start and b <= end)
    return Snippet(f"{before}{text[start:end]}{after}", inside)


def _without_markup(passage: Passage) -> str:
    """The passage's text; of a Markdown document, without headings', quotes', bold's and code's markup."""
    if passage.path.suffix.casefold() not in (".md", ".markdown"):
        return passage.text
    return _MARKDOWN.sub("", passage.text)


def _query_terms(query: str) -> frozenset[str]:
    """The terms of the query's longer words, or of all where it has none: "is" or "how" would be highlighted often."""
    from core.text.tokenizer import terms  # only once something is searched: the window imports this module earlier

    words = query.split()
    long = [word for word in words if len(word) >= SHORT_WORD_CHARS or not word.isascii() or not word.isalpha()]
    return frozenset(terms(" ".join(long or words)))


def _highlights(text: str, query_terms: frozenset[str]) -> list[tuple[int, int]]:
    """Return (start, end) of each word with a term of the query, without brackets and punctuation around it."""
    from core.text.tokenizer import terms

    found = []
    for match in _WORD.finditer(text):
        word = match.group()
        if query_terms.intersection(terms(word)):
            left = len(word) - len(word.lstrip("([{<\"'“‘«*_`#>-"))
            right = len(word.rstrip(")]}>\"'”’».,;:!?*_`-…"))
            if left < right:
                found.append((match.start() + left, match.start() + right))
    return found


def _best_start(text: str, highlights: list[tuple[int, int]]) -> int:
    """Return where the snippet with the most highlights begins, at a word."""
    if len(text) <= SNIPPET_CHARS or not highlights:
        return 0
    room = SNIPPET_CHARS - LEAD_CHARS
    ends = [end for _, end in highlights]
    counts = [bisect_right(ends, first + room) - n for n, (first, _) in enumerate(highlights)]
    best = highlights[counts.index(max(counts))][0]
    start = max(0, min(best - LEAD_CHARS, len(text) - SNIPPET_CHARS))
    return start if start == 0 else text.find(" ", start) + 1 or start
