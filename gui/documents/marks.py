"""Finds the words of a query in a snippet, by the same analysis that found the passage, so that they can be marked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.domain.documents import Passage, SearchResult

SNIPPET_CHARS = 280
SHORT_CHARS = 4
_WORD = re.compile(r"\S+")
_MARKDOWN = re.compile(r"^ {0,3}#{1,6}\s+|\*\*|^ {0,3}>\s|`", re.MULTILINE)
_WHITE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a passage on one line; `marks` are (start, end) of the query's words in it."""

    text: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A search's result with a snippet for each passage."""

    result: SearchResult
    snippets: tuple[Snippet, ...]


def with_snippets(result: SearchResult) -> TextMatch:
    """Runs on a worker: analysing words of every passage takes some milliseconds."""
    wanted = _telling(result.query)
    return TextMatch(result, tuple(_snippet(passage, wanted) for passage in result.passages))


def _snippet(passage: Passage, wanted: frozenset[str]) -> Snippet:
    text = _WHITE.sub(" ", _readable(passage)).strip()
    marks = _marks(text, wanted)
    start = _best_start(text, marks)
    cut = text[start : start + SNIPPET_CHARS]
    ahead = "… " if start else ""
    behind = " …" if start + SNIPPET_CHARS < len(text) else ""
    moved = tuple(
        (a - start + len(ahead), b - start + len(ahead)) for a, b in marks if a >= start and b <= start + SNIPPET_CHARS
    )
    return Snippet(f"{ahead}{cut}{behind}", moved)


def _readable(passage: Passage) -> str:
    """The passage without the signs of Markdown that only say how it looks."""
    if passage.path.suffix.casefold() not in (".md", ".markdown"):
        return passage.text
    return _MARKDOWN.sub("", passage.text)


def _telling(query: str) -> frozenset[str]:
    """The query's terms less its short words ("is", "how"), unless it has no others."""
    from core.text.tokenizer import terms

    words = query.split()
    long = [word for word in words if len(word) >= SHORT_CHARS or not word.isascii() or not word.isalpha()]
    return frozenset(terms(" ".join(long or words)))


def _marks(text: str, wanted: frozenset[str]) -> list[tuple[int, int]]:
    from core.text.tokenizer import terms

    found = []
    for match in _WORD.finditer(text):
        word = match.group()
        if wanted.intersection(terms(word)):
            left = len(word) - len(word.lstrip("([{<\"'“‘«*_`#>-"))
            right = len(word.rstrip(")]}>\"'”’».,;:!?*_`-…"))
            if left < right:
                found.append((match.start() + left, match.start() + right))
    return found


def _best_start(text: str, marks: list[tuple[int, int]]) -> int:
    """Where the snippet with the most marks begins, at a word."""
    if len(text) <= SNIPPET_CHARS or not marks:
        return 0
    room = SNIPPET_CHARS - 40

    def held(at: int) -> int:
        return sum(1 for a, b in marks if a >= at and b <= at + room)

    best = max((a for a, _ in marks), key=lambda at: (held(at), -at))
    start = max(0, min(best - 40, len(text) - SNIPPET_CHARS))
    return start if start == 0 else text.find(" ", start) + 1 or start
