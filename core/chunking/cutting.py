"""Chooses where a run of segments is cut, by content alone: after an edit, the old cuts recur within a few passages.

A cut is chosen among the boundaries between `min_chars` and `max_chars` from the last one: the strongest kind wins
(section, block, sentence, line, clause, word), and among equals the one whose neighbouring characters have the smallest
hash, as in content-defined chunking.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from core.chunking.rules import ChunkingRules
from core.chunking.segments import SECTION, SENTENCE, Boundary, Segment, trim
from core.text.graphemes import splits_character, splits_word

# Characters hashed on each side of a boundary. Measured on 245,000 characters of the Python reference: from 2 to 64, an
# inserted sentence changes 1.4 to 1.7 passages on average.
_HASH_REACH = 16
_MAX_CHARACTER = 4096  # code points of one visible character; more combining marks are cut
_MIN_FITTING_CHARS = 40  # a passage that does not fit is not cut further below this


def cut_run(
    text: str, run: Sequence[Segment], rules: ChunkingRules, fits: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    """Yield the range of each passage of `run`, in order. One that does not fit (`fits(start, end)`) is cut by halved
    rules, again and again."""
    boundaries: list[Boundary] = []
    for segment in run:
        boundaries += segment.boundaries
        if boundaries:
            boundaries[-1] = (boundaries[-1][0], SECTION)
    start, end = run[0].start, run[-1].end
    offsets = [offset for offset, _ in boundaries]
    while start < end:
        cut, sizes = end, rules
        if end - start > rules.max_chars:
            cut = _best_cut(text, boundaries, offsets, start, rules)
        while sizes.max_chars >= _MIN_FITTING_CHARS and not fits(start, cut):
            sizes = sizes.halved()
            if cut - start > sizes.max_chars:
                cut = _best_cut(text, boundaries, offsets, start, sizes)
        yield trim(text, start, cut)
        start, _ = trim(text, cut, end)


def _best_cut(text: str, boundaries: list[Boundary], offsets: list[int], start: int, rules: ChunkingRules) -> int:
    low = bisect_right(offsets, start + rules.min_chars)
    high = bisect_right(offsets, start + rules.max_chars)
    window = boundaries[low:high]
    strongest = max((strength for _, strength in window), default=0)
    if strongest < SENTENCE:
        early = boundaries[bisect_right(offsets, start + rules.min_section_chars) : low]
        early_strongest = max((strength for _, strength in early), default=0)
        if early_strongest >= SENTENCE:
            window, strongest = early, early_strongest
    if strongest:
        return _smallest_hash(text, (offset for offset, strength in window if strength == strongest))
    return _forced_cut(text, start + rules.min_chars, start + rules.max_chars)


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
