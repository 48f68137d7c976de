"""Finds Chinese or Japanese characters of a claim that take the place of others in the passage: another name or
number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise

from core.text import lexicon
from core.text.normalization import CACHED_TEXTS

KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
_HAN = re.compile(r"[\u3400-\u9fff々]+")
_BETWEEN = 10  # characters that may take a name's place
_CLAUSE_START = re.compile(r"(?:^|[^\w])([\u3400-\u9fff々\u30a1-\u30fc]{2,6})$")
_DIGITS = frozenset("〇零一二三四五六七八九十百千万亿億两兩")
_MOST_PLACES = 500  # of the passage where what stands beside a run of characters is looked for
_FOLLOWING = 3  # characters after the first ones of a clause that identify it
_PARTICLES = str.maketrans("がも", "はは")  # a subject may be written as the topic


def is_substituted(claim: str, passage: str) -> bool:
    """Whether `passage` has other characters where `claim` has a name or a number. Words of one sense, as far as
    lexicons/ knows them (`meaning.general_terms`), may stand for each other."""
    if not _HAN.search(claim):
        return False
    claim, passage = _joined(claim), _joined(passage)
    for start, end in _absent_runs(claim, passage):
        mine = claim[start:end]
        if any(_names_another(mine, theirs, claim) for theirs in _in_its_place(claim, start, end, passage)):
            return True
    return False


@lru_cache(CACHED_TEXTS)
def _joined(text: str) -> str:
    return "".join(text.split()).translate(_PARTICLES)


@lru_cache(CACHED_TEXTS)
def _neighbours(passage: str) -> frozenset[str]:
    """Every character of the passage, and every two that stand side by side."""
    return frozenset(passage).union(map("".join, pairwise(passage)))


def _absent_runs(claim: str, passage: str) -> Iterator[tuple[int, int]]:
    """Offsets of the runs of Han characters of which no two neighbours are neighbours in the passage."""
    known = _neighbours(passage)
    for run in _HAN.finditer(claim):
        start = run.start()
        while start < run.end():
            end = start
            while end < run.end() and not _is_covered(claim, end, known):
                end += 1
            if end > start:
                yield start, end
            start = max(end, start + 1)


def _is_covered(claim: str, at: int, known: frozenset[str]) -> bool:
    return claim[max(0, at - 1) : at + 1] in known and at > 0 or claim[at : at + 2] in known


def _places(part: str, passage: str) -> Iterator[int]:
    """Where `passage` has `part`, as far as it is looked for."""
    at = passage.find(part)
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        yield at
        at = passage.find(part, at + 1)


def _in_its_place(claim: str, start: int, end: int, passage: str) -> Iterator[str]:
    """What the passage has between the two characters before `start` and the two after `end`; or before the three after
    `end`, where a clause begins there and what comes before `start` is not in the passage."""
    left, right = claim[max(0, start - 2) : start], claim[end : end + 2]
    for at in _places(left, passage) if len(left) == len(right) == 2 else ():
        begin = at + len(left)
        stop = passage.find(right, begin, begin + _BETWEEN + len(right))
        if stop > begin:
            yield passage[begin:stop]
    following = claim[end : end + _FOLLOWING]
    named = following[:1].isalnum() and sum(map(str.isalnum, following)) >= _FOLLOWING - 1
    if named and (len(left) < 2 or left not in passage):
        yield from _opening_clauses(following, passage)


def _opening_clauses(following: str, passage: str) -> Iterator[str]:
    """The short runs of characters that open a clause of the passage before `following`."""
    for at in _places(following, passage):
        if match := _CLAUSE_START.search(passage[max(0, at - _BETWEEN) : at]):
            yield match[1]


def _names_another(mine: str, theirs: str, claim: str) -> bool:
    if theirs in claim or mine in _general_terms() or theirs in _general_terms():
        return False
    mine, theirs = _differing(mine, theirs)
    if not mine or not theirs or set(mine) & set(theirs):
        return False
    if len(mine) == 1 or len(theirs) == 1:
        return set(mine) <= _DIGITS and set(theirs) <= _DIGITS
    return bool(_HAN.fullmatch(theirs) or KATAKANA.fullmatch(theirs))


def _differing(one: str, other: str) -> tuple[str, str]:
    """The two without their common beginning and end."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return one, other


@cache
def _general_terms() -> frozenset[str]:
    return frozenset(lexicon.words("meaning.general_terms"))
