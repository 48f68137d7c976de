"""Where the words a model quotes stand in a document: exactly, but for white space and case, or nearly."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

from core.domain.documents import Support

MIN_SIMILARITY = 0.82  # share of matching characters from which altered words still count as a quotation, weakly
MAX_QUOTE_CHARS = 600


@dataclass(frozen=True, slots=True)
class QuoteLocation:
    """Offsets of a quotation in a text and how well it matches; (0, 0) where it does not stand there at all."""

    start: int
    end: int
    support: Support


def locate_quote(quote: str, text: str) -> QuoteLocation:
    """Find `quote` in `text`."""
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
    """`text` as letters and digits only, folded, and for each its offset in `text`."""
    folded: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        for piece in unicodedata.normalize("NFKC", character).casefold():
            if piece.isalnum() or unicodedata.category(piece).startswith("M"):
                folded.append(piece)
                offsets.append(offset)
    return "".join(folded), offsets


def _locate_similar(wanted: str, folded: str, offsets: list[int]) -> QuoteLocation:
    """The stretch around the longest common run that matches best, if it matches well enough and digits agree."""
    if len(wanted) < 12 or len(folded) < len(wanted) // 2:
        return QuoteLocation(0, 0, Support.NOT_FOUND)
    seed_length = max(8, len(wanted) // 6)
    best = QuoteLocation(0, 0, Support.NOT_FOUND)
    best_ratio = MIN_SIMILARITY
    for offset in range(0, len(wanted) - seed_length + 1, seed_length):
        seed = wanted[offset : offset + seed_length]
        for match in re.finditer(re.escape(seed), folded):
            start = max(0, match.start() - offset)
            stretch = folded[start : start + len(wanted)]
            ratio = difflib.SequenceMatcher(None, wanted, stretch, autojunk=False).ratio()
            if ratio > best_ratio and _digits(wanted) == _digits(stretch):
                best_ratio = ratio
                best = QuoteLocation(offsets[start], offsets[start + len(stretch) - 1] + 1, Support.WEAK)
    return best


def _digits(text: str) -> list[str]:
    return re.findall(r"\d+", text)
