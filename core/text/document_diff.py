"""Compares two texts paragraph by paragraph without a model: what was added, removed, changed, moved."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.text.bounded_matching import BoundedMatcher, MatchingWork
from core.text.sentences import sentence_spans

ALIKE = 0.5
"""Share of common words from which one paragraph counts as the other, changed."""
LONGEST_PARAGRAPH = 1200
MANY = 4000
"""Paragraphs from which difflib may ignore very frequent ones; without that it is quadratic."""
MOST_WORDS = 24
PAIRED_WITHIN = 40
"""Old paragraphs, from the last one that was paired on, among which a new one's is looked for."""
WORK, WORK_PER_CHAR = 10_000_000, 200
"""What a comparison may cost, in the unit of `MatchingWork`: texts that repeat themselves would take hours. Beyond it,
paragraphs that differ are removed and added instead of changed, and the words that changed are not told apart."""
_BREAK = re.compile(r"\n[ \t]*\n\s*|\n(?=[ \t]*(?:[#>*•-]|\d+(?:\.\d+)*[.)]?[ \t]|\|))")
_WORD = re.compile(r"\w+|[^\w\s]")


class DifferenceKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference: `old` and `new` are (start, end) in the two texts, None where that side has nothing; `words` shows
    what a change replaced: "30 days → 60 days"."""

    kind: DifferenceKind
    old: tuple[int, int] | None
    new: tuple[int, int] | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """`key` is the same for paragraphs of the same words, `counts` how often each word is in it."""

    start: int
    end: int
    words: tuple[str, ...]
    key: int
    counts: Counter[str] = field(compare=False)


def differences(old: str, new: str) -> tuple[Difference, ...]:
    """The differences in the order of `new`, removals where they would have been. White space does not count."""
    keys: dict[tuple[str, ...], int] = {}
    before, after = list(_paragraphs(old, keys)), list(_paragraphs(new, keys))
    work = MatchingWork(WORK + WORK_PER_CHAR * (len(old) + len(new)))
    found: list[Difference] = []
    for i, i_end, j, j_end in _unequal([p.key for p in before], [p.key for p in after], work):
        found += _paired(old, new, before[i:i_end], after[j:j_end], work)
    return tuple(_with_moves(found, old, new))


def _unequal(before: Sequence[int], after: Sequence[int], work: MatchingWork) -> Iterable[tuple[int, int, int, int]]:
    """Yield what differs between two sequences of keys, as ranges of both."""
    matcher = BoundedMatcher(before, after, MatchingWork(work.left // 2), autojunk=max(len(before), len(after)) > MANY)
    blocks = [(i, j, size) for i, j, size in matcher.get_matching_blocks()]
    if matcher.gave_up:
        blocks = [*_blocks_around_unique(before, after), (len(before), len(after), 0)]
    i = j = 0
    for start, other_start, size in blocks:
        if i < start or j < other_start:
            yield i, start, j, other_start
        i, j = start + size, other_start + size


def _blocks_around_unique(before: Sequence[int], after: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Equal ranges as (start, other start, size): the common beginning and end, and those around what is in both
    sequences once, in the longest order that is the same in both (as in patience diff). Takes n log n."""
    first = _common_length(before, after, 0, 0, 1)
    last = min(_common_length(before, after, len(before) - 1, len(after) - 1, -1), min(len(before), len(after)) - first)
    i_end, j_end = len(before) - last, len(after) - last
    if first:
        yield 0, 0, first
    i, j = first, first
    for at, other in _ascending(_unique_in_both(before[first:i_end], after[first:j_end])):
        at, other = at + first, other + first
        if at < i or other < j:
            continue  # inside the range before
        back = 0
        while at - back > i and other - back > j and before[at - back - 1] == after[other - back - 1]:
            back += 1
        size = back
        while at - back + size < i_end and other - back + size < j_end:
            if before[at - back + size] != after[other - back + size]:
                break
            size += 1
        yield at - back, other - back, size
        i, j = at - back + size, other - back + size
    if last:
        yield i_end, j_end, last


def _common_length(before: Sequence[int], after: Sequence[int], i: int, j: int, step: int) -> int:
    length = 0
    while 0 <= i < len(before) and 0 <= j < len(after) and before[i] == after[j]:
        i, j, length = i + step, j + step, length + 1
    return length


def _unique_in_both(before: Sequence[int], after: Sequence[int]) -> Iterator[tuple[int, int]]:
    counts, other_counts = Counter(before), Counter(after)
    places = {key: place for place, key in enumerate(after) if other_counts[key] == 1}
    return ((place, places[key]) for place, key in enumerate(before) if counts[key] == 1 and key in places)


def _ascending(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of `pairs`, which ascend in their first number, that ascend in their second too."""
    ends: list[int] = []  # the least second number with which a chain of each length ends
    chains: list[tuple[int, int, int]] = []  # first and second number, and the chain's index before this pair
    tails: list[int] = []
    for one, other in pairs:
        length = bisect_left(ends, other)
        chains.append((one, other, tails[length - 1] if length else -1))
        ends[length : length + 1], tails[length : length + 1] = [other], [len(chains) - 1]
    found: list[tuple[int, int]] = []
    at = tails[-1] if tails else -1
    while at >= 0:
        one, other, at = chains[at]
        found.append((one, other))
    return found[::-1]


def _paragraphs(text: str, keys: dict[tuple[str, ...], int]) -> Iterator[_Paragraph]:
    """The paragraphs of `text`; `keys` are those of all words seen so far."""
    start = 0
    for end in [*(match.start() for match in _BREAK.finditer(text)), len(text)]:
        for first, last in _short_enough(text, start, end):
            words = tuple(_WORD.findall(text[first:last]))
            if words:
                yield _Paragraph(first, last, words, keys.setdefault(words, len(keys)), Counter(words))
        start = end


def _short_enough(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The paragraph without the white space around it; a very long one, as PDFs may give, sentence by sentence."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    if end - start <= LONGEST_PARAGRAPH:
        yield start, end
        return
    for first, last in sentence_spans(text[start:end]):
        yield start + first, start + last


def _paired(
    old: str, new: str, before: Sequence[_Paragraph], after: Sequence[_Paragraph], work: MatchingWork
) -> list[Difference]:
    """Pair each new paragraph with the old one it was made of, in order."""
    found: list[Difference] = []
    rest = 0
    for paragraph in after:
        best = _most_alike(before, rest, paragraph, work)
        if best is None:
            found.append(Difference(DifferenceKind.ADDED, None, (paragraph.start, paragraph.end)))
            continue
        found += [Difference(DifferenceKind.REMOVED, (p.start, p.end), None) for p in before[rest:best]]
        was = before[best]
        changed = _words_changed(was, paragraph, old, new, work)
        if was.key != paragraph.key:
            found.append(
                Difference(DifferenceKind.CHANGED, (was.start, was.end), (paragraph.start, paragraph.end), changed)
            )
        rest = best + 1
    found += [Difference(DifferenceKind.REMOVED, (p.start, p.end), None) for p in before[rest:]]
    return found


def _most_alike(before: Sequence[_Paragraph], first: int, paragraph: _Paragraph, work: MatchingWork) -> int | None:
    """The index of the paragraph of `before`, near `first`, that has the most words in order as `paragraph` has them;
    None if none has enough."""
    best, best_share = None, ALIKE
    matcher: BoundedMatcher[str] | None = None
    for i in range(first, min(len(before), first + PAIRED_WITHIN)):
        if _most_shared(before[i], paragraph) <= best_share:
            continue
        if matcher is None:
            matcher = BoundedMatcher((), paragraph.words, work)
        matcher.set_seq1(before[i].words)
        if (share := matcher.ratio()) > best_share:
            best, best_share = i, share
    return best


def _most_shared(one: _Paragraph, other: _Paragraph) -> float:
    """The share of common words in any order, at least the share of those in the same order."""
    length, shorter = len(one.words) + len(other.words), min(len(one.words), len(other.words))
    if 2.0 * shorter / length < ALIKE:
        return 0.0
    less, more = (one.counts, other.counts) if len(one.counts) < len(other.counts) else (other.counts, one.counts)
    return 2.0 * sum(min(count, more[word]) for word, count in less.items()) / length


def _words_changed(was: _Paragraph, now: _Paragraph, old: str, new: str, work: MatchingWork) -> str:
    parts: list[str] = []
    old_places = [m.span() for m in _WORD.finditer(old, was.start, was.end)]
    new_places = [m.span() for m in _WORD.finditer(new, now.start, now.end)]
    matcher = BoundedMatcher(was.words, now.words, work)
    for operation, i, i_end, j, j_end in matcher.get_opcodes():
        if operation != "equal":
            parts.append(f"{_span(old, old_places, i, i_end)} → {_span(new, new_places, j, j_end)}")
    return "; ".join(parts)


def _span(text: str, places: Sequence[tuple[int, int]], first: int, last: int) -> str:
    """These words as written, at most `MOST_WORDS`; "–" for none."""
    if first == last:
        return "–"
    cut = min(last, first + MOST_WORDS)
    return " ".join(text[places[first][0] : places[cut - 1][1]].split()) + ("…" if cut < last else "")


def _with_moves(found: list[Difference], old: str, new: str) -> Iterator[Difference]:
    """Join a removal and an addition of the same words into a move."""
    removed = {_key(old, d.old): d for d in found if d.kind is DifferenceKind.REMOVED and d.old is not None}
    moved: set[tuple[int, int] | None] = set()
    result: list[Difference] = []
    for difference in found:
        origin = removed.pop(_key(new, difference.new), None) if difference.kind is DifferenceKind.ADDED else None
        if origin is None:
            result.append(difference)
        else:
            moved.add(origin.old)
            result.append(Difference(DifferenceKind.MOVED, origin.old, difference.new))
    return (d for d in result if not (d.kind is DifferenceKind.REMOVED and d.old in moved))


def _key(text: str, span: tuple[int, int] | None) -> tuple[str, ...]:
    return tuple(_WORD.findall(text[span[0] : span[1]])) if span else ()
