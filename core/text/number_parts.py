"""The parts of numbers in words, and how each language puts them together: `[numbers]` of its file in lexicons/."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache

from core.text import lexicon
from core.text.normalization import fold

INVISIBLE = "\u00ad\u200b"
"""Soft hyphen and zero-width space, which may separate the parts of a compound."""
LONGEST_COMPOUND = 120  # letters; Finnish "kahdeksallasadalla…" in a local case has 110
_LONGEST_RUN = 40  # parts; every digit and unit of a Korean number below 10 ** 20 are 39
_ONE_LETTER = str.maketrans("ışţ", "ișț")


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
    spell: Callable[[str], str]
    longest: int
    beginnings: frozenset[str]
    alone: frozenset[str]
    not_after: frozenset[str]
    one_not_after: frozenset[str]
    not_last: frozenset[str]
    flags: frozenset[str]
    prefixed_join: str
    run: re.Pattern[str] | None
    context: NumberNeighbours


@dataclass(frozen=True, slots=True)
class NumberNeighbours:
    """What the words around a number say: patterns for the text before it (`match` at the end) and after it."""

    ordinal: re.Pattern[str] | None
    half: re.Pattern[str] | None
    part_before: re.Pattern[str] | None
    part_after: re.Pattern[str] | None
    fraction_after: re.Pattern[str] | None
    article_after: re.Pattern[str] | None
    year_zero: re.Pattern[str] | None
    other_words: re.Pattern[str] | None


def visible(word: str) -> str:
    """`word` without the invisible marks inside it."""
    return word.replace("\u00ad", "").replace("\u200b", "")


def with_accents(word: str) -> str:
    """`word` in small letters with its accents, where they tell words apart: Vietnamese "sáu" is six, "sau" is after.
    The two letters i of Turkish are one, since capitals and small letters do not say which it was, and so are cedillas
    and commas in Romanian."""
    return unicodedata.normalize("NFC", word.casefold().replace("\u0307", "")).translate(_ONE_LETTER)


def parts_of(word: str, rules: NumberRules) -> tuple[NumberPart, ...]:
    """The parts of a number that one word, as `rules.spell` writes it, holds; none for any other word."""
    if part := rules.parts.get(word):
        return (part,)
    if rules.prefixed_join and word.startswith(rules.prefixed_join):
        part = rules.parts.get(word[len(rules.prefixed_join) :])
        return (NumberPart(PartKind.JOIN), part) if part else ()
    if not rules.beginnings.intersection((word[:1], word[:2])) or len(word) > LONGEST_COMPOUND:
        return ()
    return _split(word, rules)


def _split(word: str, rules: NumberRules) -> tuple[NumberPart, ...]:
    """`word` as known parts without a rest, the longest first; none if it is no compound of them."""
    reached: dict[int, tuple[NumberPart, ...]] = {0: ()}
    for at in range(len(word)):
        if at > max(reached):
            return ()
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
    flags = frozenset(lexicon.words("numbers.flags", language))
    spell = with_accents if "accents" in flags else fold
    parts = _parts(language, spell)
    return NumberRules(
        parts=parts,
        spell=spell,
        longest=max(map(len, parts), default=0),
        beginnings=frozenset(part[:2] for part in parts) if "glued" in flags else frozenset(),
        alone=frozenset(map(spell, lexicon.words("numbers.alone", language))),
        not_after=frozenset(map(spell, lexicon.words("numbers.not_after", language))),
        one_not_after=frozenset(map(spell, lexicon.words("numbers.one_not_after", language))),
        not_last=frozenset(map(spell, lexicon.words("numbers.not_last", language))),
        flags=flags,
        prefixed_join=lexicon.entry("numbers.prefixed_join", language) or "",
        run=_run(parts, language) if "unspaced" in flags else None,
        context=_context(language),
    )


def _parts(language: str, spell: Callable[[str], str]) -> dict[str, NumberPart]:
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
            parts.update((spell(form), NumberPart(kind, int(value), ordinal)) for form in forms)
    parts.update((spell(word), NumberPart(PartKind.JOIN)) for word in lexicon.words("numbers.joins", language))
    parts.update((spell(word), NumberPart(PartKind.PLUS_TEN)) for word in lexicon.words("numbers.plus_ten", language))
    return parts


def _context(language: str) -> NumberNeighbours:
    def before(key: str) -> re.Pattern[str] | None:
        return _pattern(key, language, f"{{}}[ \u00a0\n{INVISIBLE}-]?$")

    def after(key: str) -> re.Pattern[str] | None:
        return _pattern(key, language, "[ \u00a0\n-]{}")

    return NumberNeighbours(
        ordinal=before("ordinal_before"),
        half=before("half"),
        part_before=before("part_before"),
        part_after=after("part_after"),
        fraction_after=after("fraction_after"),
        article_after=after("article_after"),
        year_zero=_pattern("year_zero", language, "[ -]{}[ -]"),
        other_words=_pattern("other_words", language, "{}"),
    )


def _pattern(key: str, language: str, frame: str) -> re.Pattern[str] | None:
    phrases = lexicon.words(f"numbers.{key}", language)
    return re.compile(frame.replace("{}", lexicon.any_of(phrases)), re.IGNORECASE) if phrases else None


def _run(parts: Iterable[str], language: str) -> re.Pattern[str]:
    """Two parts or more in a row, in a script without spaces; one alone may be the beginning of another word. In Korean
    only whole words, before what is counted, of which no run is too long to be tried from each of its words."""
    words = "|".join(sorted(map(re.escape, parts), key=len, reverse=True))
    run = rf"(?:(?:{words})[{INVISIBLE}]?){{2,}}"
    counted = "|".join(lexicon.words("numbers.counted", language))
    if not counted:
        return re.compile(run)
    alone = "|".join(lexicon.words("numbers.alone_counted", language))
    spaced = "".join(lexicon.words("numbers.space_follows", language))
    run = rf"(?:(?:{words})(?:(?<=[{spaced}]) )?){{2,{_LONGEST_RUN}}}"
    return re.compile(rf"(?<![\uac00-\ud7af])(?:{run}|(?:{alone})(?=[ \u00a0]))(?=[ \u00a0]?(?:{counted}))")


def number_runs(text: str, rules: NumberRules) -> Iterator[tuple[str, int, int]]:
    """The words of `text`, in small letters, that are runs of parts, with their offsets, in a script without spaces."""
    for match in rules.run.finditer(text) if rules.run else ():
        written = match.group().rstrip()
        yield visible(written).replace(" ", "").casefold(), match.start(), match.start() + len(written)
