"""Restates the numbers and dates of a claim as its passage writes them: rounded, scaled, in words, in another order."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from core.citations.dates import dates_in
from core.text import lexicon
from core.text.normalization import CACHED_TEXTS, NUMBER, common_words, normalise, numbers_in, word_key
from core.text.number_words import NumberWord, number_words

LONGEST_NUMBER = 300  # characters; digits beyond that have no value as a float
MOST_TRIED = 500  # quantities of the passage near one of the claim
MOST_WAYS = 6  # restated claims that are tried, and options for one number
FURTHEST = 0.06  # share by which a rounded number may differ: "about 2 million" is 1.9 million
ALWAYS_RESTATED = 90  # numbers up to this one are often written in words
LEAST_EXACT = 13
"""Number words from here on are compared as digits are. "Three kinds" may be what a passage lists without a number, so
smaller ones are in doubt only where the passage counts the same thing otherwise."""
_ROUNDING_CHARS = 24  # before a number, in which the words for rounding are
_BESIDE_CHARS = 40  # on each side of a number, in which the word beside it ends
_GROUPED = re.compile(r"\d{1,3}(?:([.,\u00a0\u202f ])\d{3})(?:\1\d{3})*")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_MONEY = re.compile(r"[€$£¥]\s?$")
_WORD = re.compile(r"[^\W\d_]+")
_LAST_WORD = re.compile(r"[^\W\d_]+(?=[^\w]*$)")
_COUNTED_IN_DIGITS = re.compile(r"(?<![\w.,-])(\d{1,9})(?=[ \u00a0-]?[^\W\d_])")
_COUNTED_THING = re.compile(r"[ \u00a0\n-]{1,3}([^\W\d_]{3,})|([\u3040-\u30ff\u3400-\u9fff]|[\u0e01-\u0e4e]{2})")
_SLACK = 1e-6  # for the rounding of floats, where near numbers are looked up
_LETTER_SCALES = {"K": 1000, "M": 1_000_000, "B": 1_000_000_000}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its scale ("1.2 million") at `start`:`end` of a text. `readings` are the values it may mean, each
    with the worth of its last significant digit."""

    start: int
    end: int
    readings: tuple[tuple[float, float], ...]
    scaled: bool


@lru_cache(CACHED_TEXTS)
def words_as_digits(text: str) -> str:
    """`text` with its number words from `LEAST_EXACT` on in digits: "Seventy people" is "70 people"."""
    pieces: list[str] = []
    end = 0
    for word in number_words(text):
        if word.value >= LEAST_EXACT:
            pieces += (text[end : word.start], str(word.value))
            end = word.end
    return "".join((*pieces, text[end:]))


def restated(claim: str, passage: str) -> Iterator[str]:
    """Yield `claim` with its dates and numbers as `passage` writes them; nothing if it has a number that the passage
    has in no form."""
    missing = numbers_in(claim) - numbers_in(passage)
    ways = [claim]
    for start, end, options in sorted(_replacements(claim, passage, missing), reverse=True):
        if options:
            ways = [f"{way[:start]}{option}{way[end:]}" for way in ways for option in options][:MOST_WAYS]
    for way in ways:
        if way != claim and not numbers_in(way) - numbers_in(passage):
            yield way


def counts_agree(claim: str, passage: str) -> bool:
    """Whether `claim` counts nothing in words that `passage` counts otherwise: "three cats" where it has one cat."""
    counted = _counted(passage)
    things = {thing for thing, _, _ in counted}
    values = {value for quantity in quantities_in(passage) for value, _ in quantity.readings}
    values |= {value for _, value, _ in counted}
    return not any(value not in values and thing in things for thing, value, in_words in _counted(claim) if in_words)


@lru_cache(CACHED_TEXTS)
def _counted(text: str) -> tuple[tuple[str, float, bool], ...]:
    """The key of each word that follows a number, with the number, and whether that is in words."""
    common = common_words(normalise(text))
    digits = ((float(match[1]), match.end(), False) for match in _COUNTED_IN_DIGITS.finditer(text))
    words = ((float(word.value), word.end, True) for word in _small_number_words(text))
    found = []
    for value, end, in_words in (*digits, *words):
        thing = _COUNTED_THING.match(text, end, end + _BESIDE_CHARS)
        if thing and (key := word_key(normalise(thing[1] or thing[2]))) and normalise(thing.group()) not in common:
            found.append((key, value, in_words))
    return tuple(found)


def _small_number_words(text: str) -> Iterator[NumberWord]:
    return (word for word in number_words(text) if not word.ordinal)


def _replacements(claim: str, passage: str, missing: frozenset[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    dates = dates_in(claim)
    agreeing = {
        (date.readings, date.year): next((other for other in dates_in(passage) if other.agrees_with(date)), None)
        for date in {(date.readings, date.year): date for date in dates}.values()
    }
    for date in dates:
        same = agreeing[date.readings, date.year]
        if same is not None and claim[date.start : date.end] != passage[same.start : same.end]:
            yield date.start, date.end, (passage[same.start : same.end],)
    for quantity in _in_digits(claim):
        if any(date.start <= quantity.start < date.end for date in dates):
            continue
        kind, start = _rounding(claim, quantity.start)
        small = quantity.readings[0][0] <= ALWAYS_RESTATED
        if quantity.scaled or kind or small or missing & numbers_in(claim[quantity.start : quantity.end]):
            money = _MONEY.search(claim[max(0, start) : quantity.start])
            before = money.group() if money else ""
            yield start, quantity.end, tuple(before + option for option in _options(claim, quantity, kind, passage))


def _options(claim: str, quantity: Quantity, kind: str, passage: str) -> list[str]:
    """How `passage` writes the numbers that `quantity` of `claim` may be, the nearest first."""
    options = {
        passage[other.start : other.end]: distance
        for other in _near(quantity, passage)
        if passage[other.start : other.end] != claim[quantity.start : quantity.end]
        and (passage[other.start].isdigit() or _beside_the_same(claim, quantity, passage, other))
        and (distance := _distance(quantity, other, kind)) is not None
    }
    return sorted(options, key=lambda option: options[option])[:MOST_WAYS]


@lru_cache(CACHED_TEXTS)
def _by_value(text: str) -> tuple[tuple[Quantity, ...], tuple[tuple[float, int], ...]]:
    """The quantities of `text`, of those written in the same digits the first, and their values in ascending order,
    each with the index of its quantity."""
    found: dict[object, Quantity] = {}
    for quantity in quantities_in(text):
        written = text[quantity.start : quantity.end]
        found.setdefault((written, quantity.readings) if written[0].isdigit() else quantity.start, quantity)
    distinct = tuple(found.values())
    return distinct, tuple(sorted((value, n) for n, q in enumerate(distinct) for value, _ in q.readings))


def _near(quantity: Quantity, passage: str) -> list[Quantity]:
    """The quantities of `passage` that `quantity` may be rounded from, in order."""
    distinct, values = _by_value(passage)
    found: set[int] = set()
    for mine, _ in quantity.readings:
        low, high = mine / (1 + FURTHEST) * (1 - _SLACK), mine / (1 - FURTHEST) * (1 + _SLACK)
        found.update(n for _, n in values[bisect_left(values, (low, -1)) : bisect_left(values, (high, len(distinct)))])
    return [distinct[n] for n in sorted(found)[:MOST_TRIED]]


def _beside_the_same(claim: str, quantity: Quantity, passage: str, other: Quantity) -> bool:
    """Whether the word before or after is the same: the context of a number in words is not compared later."""
    one, two = (
        (
            _LAST_WORD.search(text[max(0, q.start - _BESIDE_CHARS) : q.start]),
            _WORD.search(text[q.end : q.end + _BESIDE_CHARS]),
        )
        for text, q in ((claim, quantity), (passage, other))
    )
    beside = zip(one, two, strict=True)
    pairs = (tuple(word_key(normalise(found.group())) for found in both if found) for both in beside)
    return any(len(pair) == 2 and pair[0] == pair[1] for pair in pairs)


def _distance(quantity: Quantity, other: Quantity, kind: str) -> float | None:
    """How far `other` is from `quantity`, as a share of it; None if it is another number."""
    found = [
        abs(theirs - mine) / (theirs or 1.0)
        for mine, step in quantity.readings
        for theirs, _ in other.readings
        if _rounds_to(mine, step, theirs, kind or ("near" if quantity.scaled else ""))
    ]
    return min(found, default=None)


def _rounds_to(mine: float, step: float, theirs: float, kind: str) -> bool:
    """Whether `mine`, exact to `step`, may be `theirs` rounded: to the nearest, "over" it or "under" it."""
    difference = theirs - mine
    if abs(difference) <= 1e-9 * theirs:
        return True
    if not kind or abs(difference) > FURTHEST * theirs:
        return False
    if kind == "near":
        return abs(difference) <= step / 2 * (1 + 1e-9)
    return 0 < difference < step if kind == "over" else 0 < -difference < step


@lru_cache(CACHED_TEXTS)
def quantities_in(text: str) -> tuple[Quantity, ...]:
    """The quantities in digits, also as a table "in millions" means them, and those in words."""
    declared = {_scale(match.group().split()[-1]) for match in _declared().finditer(text)}
    digits = [q if q.scaled else _in_scales(q, declared) for q in _in_digits(text)]
    words = (Quantity(w.start, w.end, ((float(w.value), 1.0),), scaled=False) for w in number_words(text))
    return (*digits, *words)


def _in_scales(quantity: Quantity, scales: set[int]) -> Quantity:
    scaled = ((value * by, step * by) for value, step in quantity.readings for by in scales)
    return replace(quantity, readings=(*quantity.readings, *scaled))


def _in_digits(text: str) -> Iterator[Quantity]:
    for match in NUMBER.finditer(text):
        scale = _scale_pattern().match(text, match.end())
        by = _scale(scale[1]) if scale else 1
        readings = tuple((value * by, step * by) for value, step in _readings(match.group()))
        if readings:
            yield Quantity(match.start(), scale.end() if scale else match.end(), readings, scale is not None)


def _readings(number: str) -> Iterator[tuple[float, float]]:
    """The values `number` may mean: "1.213" is a thousand in one language and a little over one in another."""
    if len(number) > LONGEST_NUMBER:
        return
    if number.isdigit():
        yield float(number), 10.0 ** (len(number) - len(number.rstrip("0")))
    elif _GROUPED.fullmatch(number):
        digits = re.sub(r"\D", "", number)
        yield float(digits), 10.0 ** (len(digits) - len(digits.rstrip("0")))
    if decimal := _DECIMAL.fullmatch(number):
        if number[len(decimal[1])] == "." or len(decimal[2]) != 3:
            yield float(f"{decimal[1]}.{decimal[2]}"), 10.0 ** -len(decimal[2])


def _rounding(text: str, start: int) -> tuple[str, int]:
    """How the words before the number at `start` say it is rounded ("near", "over", "under" or ""), and where they
    begin."""
    begin = max(0, start - _ROUNDING_CHARS)
    found = _rounding_pattern().search(text[begin:start])
    if not found:
        return "", start
    kind = next(name for name, words in found.groupdict().items() if words)
    return kind, begin + found.start()


def _scale(word: str) -> int:
    return _scales().get(word) or _scales().get(word.casefold(), 1)


@cache
def _scales() -> dict[str, int]:
    words = {word: int(scale) for scale, forms in lexicon.tables("quantities.scales").items() for word in forms}
    return words | _LETTER_SCALES


@cache
def _scale_pattern() -> re.Pattern[str]:
    words = sorted((word for word in _scales() if word not in _LETTER_SCALES), key=len, reverse=True)
    return re.compile(rf"[ \u00a0\u202f-]?((?i:{'|'.join(words)})(?![a-zà-ž])|(?<=\d)[KMB]\b)")


@cache
def _declared() -> re.Pattern[str]:
    return re.compile(lexicon.alternation("quantities.declared"), re.IGNORECASE)


@cache
def _rounding_pattern() -> re.Pattern[str]:
    ways = (f"(?P<{kind}>{lexicon.alternation(f'quantities.{kind}')})" for kind in ("near", "over", "under"))
    return re.compile(rf"(?:{'|'.join(ways)})\s*(?:[€$£¥]\s?)?$", re.IGNORECASE)
