"""Chooses where a run of segments is cut, by content alone: after an edit, the old cuts recur within a few passages.

A cut is chosen among the boundaries between `min_chars` and `max_chars` from the last one: the strongest kind wins
(section, block, sentence, line, clause, word), and among equals the one whose neighbouring characters have the smallest
hash, as in content-defined chunking.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from core.chunking.rules import ChunkingRules
from core.chunking.segments import SENTENCE, trim
from core.domain.cut_text import RunOutline, boundary, offset_of, strength_of
from core.text.graphemes import splits_character, splits_word

# Characters hashed on each side of a boundary. Measured on 245,000 characters of the Python reference: from 2 to 64, an
# inserted sentence changes 1.4 to 1.7 passages on average.
_HASH_REACH = 16
_MAX_CHARACTER = 4096  # code points of one visible character; more combining marks are cut
_MOST_BOUNDARIES = 4096  # within a passage: each character has two at most
_MIN_FITTING_CHARS = 40  # a passage that does not fit is not cut further below this


def cut_run(
    text: str,
    run: RunOutline,
    rules: ChunkingRules,
    fits: Callable[[int, int], bool] = lambda start, cut: True,
    known: Mapping[int, int] = MappingProxyType({}),
) -> Iterator[tuple[int, int, int]]:
    """Yield the start and end of each passage of `run`, in order, and where the run is cut after it. A passage that
    does not fit (`fits(start, cut)`) is cut by halved rules, again and again. `known` are the cuts by `rules` of
    passages by their start; others are chosen here."""
    start, end = run.start, run.end
    while start < end:
        cut = known.get(start, 0) or _first_cut(text, run, start, rules)
        sizes = rules
        while sizes.max_chars >= _MIN_FITTING_CHARS and not fits(start, cut):
            sizes = sizes.halved()
            if cut - start > sizes.max_chars:
                cut = _best_cut(text, run.boundaries, start, sizes)
        yield *trim(text, start, cut), cut
        start, _ = trim(text, cut, end)


def _first_cut(text: str, run: RunOutline, start: int, rules: ChunkingRules) -> int:
    return _best_cut(text, run.boundaries, start, rules) if run.end - start > rules.max_chars else run.end


def _best_cut(text: str, boundaries: array[int], start: int, rules: ChunkingRules) -> int:
    low = _first_after(boundaries, start + rules.min_chars)
    high = _first_after(boundaries, start + rules.max_chars)
    window = boundaries[low : min(high, low + _MOST_BOUNDARIES)]
    strongest = max(map(strength_of, window), default=0)
    if strongest < SENTENCE:
        first = _first_after(boundaries, start + rules.min_section_chars)
        early = boundaries[first : min(low, first + _MOST_BOUNDARIES)]
        early_strongest = max(map(strength_of, early), default=0)
        if early_strongest >= SENTENCE:
            window, strongest = early, early_strongest
    offsets = [offset_of(one) for one in window if strength_of(one) == strongest] if strongest else []
    if offsets and start < min(offsets) and max(offsets) <= start + rules.max_chars:
        return _smallest_hash(text, offsets)
    return _forced_cut(text, start + rules.min_chars, start + rules.max_chars)


def _first_after(boundaries: array[int], offset: int) -> int:
    """The index of the first boundary after `offset`."""
    return bisect_left(boundaries, boundary(offset + 1, 0))


def _forced_cut(text: str, low: int, high: int) -> int:
    """A cut in text without any punctuation: between words, else between visible characters."""
    spaces = [offset for offset in range(low, high + 1) if text[offset].isspace() and not text[offset - 1].isspace()]
    candidates = spaces or [o for o in range(low, high + 1) if not (splits_character(text, o) or splits_word(text, o))]
    candidates = candidates or [offset for offset in range(low, high + 1) if not splits_character(text, offset)]
    candidates = [offset for offset in candidates if _is_sampled(text, offset)] or candidates
    if candidates:
        return _smallest_hash(text, candidates)
    cut = high
    while cut < len(text) and cut < high + _MAX_CHARACTER and splits_character(text, cut):
        cut += 1
    return cut


def _is_sampled(text: str, offset: int) -> bool:
    """True for one offset in eight, by the characters beside it: the others need not be hashed."""
    return (31 * ord(text[offset - 1]) + 7 * ord(text[offset % len(text)])) % 8 == 0


def _smallest_hash(text: str, offsets: Iterable[int]) -> int:
    """The offset whose neighbouring characters have the smallest hash; of equals the last."""
    return -min((_hash(text, offset), -offset) for offset in offsets)[1]


def _hash(text: str, offset: int) -> int:
    around = text[max(0, offset - _HASH_REACH) : offset + _HASH_REACH]
    return zlib.crc32(around.encode("utf-8", "surrogatepass"))
