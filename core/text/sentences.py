"""Sentences of an answer or a passage, by where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A sentence ends at . ! ? (and their CJK, Devanagari and Arabic kin) before white space, or at a line break. One that
# ends in an abbreviation, an initial or a number in a list goes on: "Mr. Keller", "J. Smith", "e.g. rope", "No. 5".
_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*(?:\s*(?:\[\d{1,4}\])+)?\s+|(?<=[。！？।؟])(?:\s*(?:\[\d{1,4}\])+)?\s*|\n+")
_GOES_ON = re.compile(
    r"(?:^|[\s(\"“])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Nr|Art|Fig|Sec|vs|etc|e\.g|i\.e|cf|ca|approx|z\.B|d\.h|bzw|Abs"
    r"|p|pp|Inc|Ltd|Corp|Co|U\.S)\.$"
)
_ROW = re.compile(r"[ \t]*\|")


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of the sentences of `text`, without the white space around them. A line of a table is one sentence."""
    start = 0
    for match in _END.finditer(text):
        if "\n" not in match.group() and (_ROW.match(text, start) or _GOES_ON.search(text[start : match.start()])):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if piece.strip():
        left = start + len(piece) - len(piece.lstrip())
        yield left, left + len(piece.strip())
