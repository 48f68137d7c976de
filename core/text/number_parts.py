"""The parts of numbers in words, and how each language puts them together: `[numbers]` of its file in lexicons/."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache

from core.text import lexicon
from core.text.normalization import fold

INVISIBLE = "\u00ad\u200b"
"""Soft hyphen and zero-width space, which may separate the parts of a compound."""
_LONGEST_COMPOUND = 90  # letters; German "neunhundertneunundneunzigtausend…" has 68


class PartKind(Enum):
    ADDED = "added"  # "twenty", "one"
    MULTIPLIER = "multiplier"  # "hundred"
    GROUP = "group"  # "dozen": multiplies, and ends the number
    PLUS_TEN = "plus ten"  # Indonesian "belas": "dua belas" is 12
    JOIN = "join"  # "and"


@dataclass(frozen=True, slots=True)
class NumberPart:
    """A part of a number: its kind, its value, and whether it is an ordinal form."""

    kind: PartKind
    value: int = 0
    ordinal: bool = False


@dataclass(frozen=True, slots=True)
class NumberRules:
    """How a language puts its numbers together: its parts by folded word, and the flags of `[numbers]`."""

    parts: dict[str, NumberPart]
    longest: int
    alone: frozenset[str]
    not_after: frozenset[str]
    flags: frozenset[str]
    prefixed_join: str
    run: re.Pattern[str] | None


def visible(word: str) -> str:
    """`word` without the invisible marks inside it."""
    return word.replace("\u00ad", "").replace("\u200b", "")


def parts_of(word: str, rules: NumberRules) -> tuple[NumberPart, ...]:
    """The parts of a number that one folded word holds; none for any other word."""
    if part := rules.parts.get(word):
        return (part,)
    if rules.prefixed_join and word.startswith(rules.prefixed_join):
        part = rules.parts.get(word[len(rules.prefixed_join) :])
        return (NumberPart(PartKind.JOIN), part) if part else ()
    if "glued" not in rules.flags or len(word) > _LONGEST_COMPOUND:
        return ()
    return _split(word, rules)


def _split(word: str, rules: NumberRules) -> tuple[NumberPart, ...]:
    """`word` as known parts without a rest, the longest first; none if it is no compound of them."""
    reached: dict[int, tuple[NumberPart, ...]] = {0: ()}
    for at in range(len(word)):
        if at not in reached:
            continue
        for end in range(min(len(word), at + rules.longest), at, -1):
            part = rules.parts.get(word[at:end])
            if part and (end not in reached or len(reached[at]) + 1 < len(reached[end])):
                reached[end] = (*reached[at], part)
    return reached.get(len(word), ())


@cache
def number_rules(language: str) -> NumberRules:
    """The rules of `language`, without parts where its file has none."""
    parts: dict[str, NumberPart] = {}
    tables = (
        ("ordinals", PartKind.ADDED, True),
        ("ordinal_multipliers", PartKind.MULTIPLIER, True),
        ("groups", PartKind.GROUP, False),
        ("cardinals", PartKind.ADDED, False),
        ("multipliers", PartKind.MULTIPLIER, False),
    )
    for table, kind, ordinal in tables:
        for value, forms in lexicon.tables(f"numbers.{table}", language).items():
            parts.update((fold(form), NumberPart(kind, int(value), ordinal)) for form in forms)
    parts.update((fold(word), NumberPart(PartKind.JOIN)) for word in lexicon.words("numbers.joins", language))
    parts.update((fold(word), NumberPart(PartKind.PLUS_TEN)) for word in lexicon.words("numbers.plus_ten", language))
    return NumberRules(
        parts,
        max(map(len, parts), default=0),
        frozenset(map(fold, lexicon.words("numbers.alone", language))),
        frozenset(map(fold, lexicon.words("numbers.not_after", language))),
        frozenset(lexicon.words("numbers.flags", language)),
        lexicon.entry("numbers.prefixed_join", language) or "",
        _run(parts) if "unspaced" in lexicon.words("numbers.flags", language) else None,
    )


def _run(parts: Iterable[str]) -> re.Pattern[str]:
    """Two parts or more in a row, in a script without spaces; one alone may be the beginning of another word."""
    words = "|".join(sorted(map(re.escape, parts), key=len, reverse=True))
    return re.compile(rf"(?:(?:{words})[{INVISIBLE}]?){{2,}}")


def number_runs(text: str, rules: NumberRules) -> Iterator[tuple[str, int, int]]:
    """The folded words of `text` that are runs of parts, with their offsets, in a script without spaces."""
    for match in rules.run.finditer(text) if rules.run else ():
        yield fold(visible(match.group())), *match.span()
