"""Locates a model's quotation in a document: word for word, ignoring case and punctuation, or approximately."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.documents import Support
from core.text.bounded_matching import BoundedMatcher, MatchingWork

MIN_SIMILARITY = 0.82  # share of matching characters from which an altered quotation still counts, as weakly supported
MAX_QUOTE_CHARS = 600
WORK = 5_000_000
"""What the search for an altered quotation may cost, in the unit of `MatchingWork`; what repeats itself would take
hours."""


@dataclass(frozen=True, slots=True)
class QuoteLocation:
    """The offsets of a quotation in a text, and how well it matches. Both offsets are 0 if it is not found."""

    start: int
    end: int
    support: Support


def locate_quote(quote: str, text: str) -> QuoteLocation:
    """Locate `quote` in `text`: SUPPORTED if the words are the same, WEAK if nearly so, else NOT_FOUND."""
    quote = quote.strip().strip("\"'“”„«»").strip()[:MAX_QUOTE_CHARS]
    if not quote:
        return QuoteLocation(0, 0, Support.NOT_FOUND)
    at = text.find(quote)
    if at >= 0:
        return QuoteLocation(at, at + len(quote), Support.SUPPORTED)
    folded, offsets = _fold(text)
    wanted, _ = _fold(quote)
    at = folded.find(wanted) if wanted else -1
    if at >= 0:
        return QuoteLocation(offsets[at], offsets[at + len(wanted) - 1] + 1, Support.SUPPORTED)
    return _locate_similar(wanted, folded, offsets)


def _fold(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of `text`, case-folded, and the offset of each in `text`."""
    folded: list[str] = []
    offsets: list[int] = []
    for offset, original in enumerate(text):
        for character in unicodedata.normalize("NFKC", original).casefold():
            if character.isalnum() or unicodedata.category(character).startswith("M"):
                folded.append(character)
                offsets.append(offset)
    return "".join(folded), offsets


def _locate_similar(wanted: str, folded: str, offsets: list[int]) -> QuoteLocation:
    """Locate the most similar part of the text, around each place that shares a piece of the quotation. It must reach
    `MIN_SIMILARITY` and have the same numbers."""
    if len(wanted) < 12 or len(folded) < len(wanted) // 2:
        return QuoteLocation(0, 0, Support.NOT_FOUND)
    seed_length = max(8, len(wanted) // 6)
    best = QuoteLocation(0, 0, Support.NOT_FOUND)
    best_ratio = MIN_SIMILARITY
    numbers = _numbers(wanted)
    work = MatchingWork(WORK)
    matcher = BoundedMatcher(wanted, "", work)
    for start in dict.fromkeys(_candidate_starts(wanted, folded, seed_length)):
        candidate = folded[start : start + len(wanted)]
        work.left -= len(candidate)
        if work.left < 0:
            break
        if _numbers(candidate) != numbers:
            continue
        matcher.set_seq2(candidate)
        if matcher.quick_ratio() > best_ratio and (ratio := matcher.ratio()) > best_ratio:
            best_ratio = ratio
            best = QuoteLocation(offsets[start], offsets[start + len(candidate) - 1] + 1, Support.WEAK)
    return best


def _candidate_starts(wanted: str, folded: str, seed_length: int) -> Iterator[int]:
    """Where the quotation would begin, by each place of the text that has one of its pieces."""
    for offset in range(0, len(wanted) - seed_length + 1, seed_length):
        seed = wanted[offset : offset + seed_length]
        yield from (max(0, match.start() - offset) for match in re.finditer(re.escape(seed), folded))


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)
