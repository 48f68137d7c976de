"""Numbers and dates of a sentence that a passage writes otherwise: rounded, in millions, in words, in another order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from core.citations.dates import days_in
from core.text.normalization import COMMON, NUMBER, REMEMBERED, flat, numbers_in, stem

MOST_WAYS = 6  # of writing a sentence with the passage's numbers that are tried
FURTHEST = 0.06  # by which a rounded number may differ: "about 2 million" is 1.9 million
MOST_IN_WORDS = 90
_SCALES = """
1000 thousand thousands tausend tsd mil mille mila K 千
10000 万 萬
100000 lakh lakhs लाख
1000000 million millions mio milhão milhões millón millones millionen milione milioni mn M 百万
10000000 crore crores करोड़
100000000 亿 億
1000000000 billion billions milliarde milliarden milliard milliards mrd miliardo miliardi bilhão bilhões bn B
1000000000000 trillion trillions
"""
_WORDS = """
2 two zwei dois duas deux
3 three drei três tres trois tre
4 four vier quatro cuatro quatre quattro
5 five fünf cinco cinq cinque
6 six sechs seis
7 seven sieben sete siete sept sette
8 eight acht oito ocho huit otto
9 nine neun nove nueve neuf
10 ten zehn dez diez dix dieci
11 eleven onze undici
12 twelve zwölf doze doce douze dodici
13 thirteen dreizehn treze trece treize tredici
14 fourteen vierzehn catorze quatorze quattordici
15 fifteen fünfzehn quinze quince quindici
16 sixteen sechzehn dezesseis dieciséis seize sedici
17 seventeen siebzehn dezessete diecisiete
18 eighteen achtzehn dezoito dieciocho diciotto
19 nineteen neunzehn dezenove diecinueve
20 twenty zwanzig vinte veinte vingt venti
30 thirty dreißig trinta treinta trente trenta
40 forty vierzig quarenta cuarenta quarante quaranta
50 fifty fünfzig cinquenta cincuenta cinquante cinquanta
60 sixty sechzig sessenta sesenta soixante sessanta
80 eighty achtzig oitenta ochenta ottanta
90 ninety neunzig noventa novanta
"""
# What says that a number is rounded: either way, up to it, or down to it.
_ROUNDED = {
    "near": "about approximately roughly around circa ca. some etwa ungefähr rund aproximadamente cerca@de "
    "alrededor@de unos unas environ près@de quasi 大约 大約 約 约 およそ ほぼ",
    "over": "more@than over above mehr@als über mais@de más@de plus@de più@di oltre 超过 超過 逾",
    "under": "nearly almost less@than under just@under below fast knapp quase menos@de casi presque moins@de 近",
}
_DECLARED = re.compile(r"\bin (thousands|millions|billions)\b", re.IGNORECASE)  # of a table of a report
_GROUPED = re.compile(r"\d{1,3}(?:([.,\u00a0\u202f ])\d{3})(?:\1\d{3})*")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_MONEY = re.compile(r"[€$£¥]\s?$")


_WORD = re.compile(r"[^\W\d_]+")
_LAST_WORD = re.compile(r"[^\W\d_]+(?=[^\w]*$)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its scale ("1.2 million") at `start`:`end` of a text: what it may stand for, each with the worth of
    its last digit that counts."""

    start: int
    end: int
    readings: tuple[tuple[float, float], ...]
    scaled: bool


def restated(claim: str, passage: str) -> Iterator[str]:
    """`claim` with its dates and rounded or otherwise written numbers as `passage` writes them; nothing if it has a
    number that the passage does not have in any form."""
    missing = numbers_in(claim) - numbers_in(passage)
    ways = [claim]
    for start, end, options in sorted(_replacements(claim, passage, missing), reverse=True):
        if options:
            ways = [f"{way[:start]}{option}{way[end:]}" for way in ways for option in options][:MOST_WAYS]
    for way in ways:
        if way != claim and not numbers_in(way) - numbers_in(passage):
            yield way


def counted_alike(claim: str, passage: str) -> bool:
    """Whether nothing is counted in words that `passage` counts otherwise: "three cats" where it has one cat."""
    known = _counted(passage)
    values = {value for amount in amounts_in(passage) for value, _ in amount.readings} | {
        value for _, value, _ in known
    }
    return not any(
        value not in values and any(thing == counted for thing, _, _ in known)
        for counted, value, in_words in _counted(claim)
        if in_words and value > 1
    )


@lru_cache(REMEMBERED)
def _counted(text: str) -> tuple[tuple[str, float, bool], ...]:
    """The words that follow a number, with it, and whether it is in words."""
    found = ((match[2], match[1].casefold()) for match in _counted_pattern().finditer(text))
    return tuple(
        (stem(flat(word)), float(number if number.isdigit() else _words().get(number, 1)), not number.isdigit())
        for word, number in found
        if flat(word) not in COMMON
    )


def _replacements(claim: str, passage: str, missing: frozenset[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    days = days_in(claim)
    for day in days:
        same = next((other for other in days_in(passage) if other.agrees_with(day)), None)
        if same is not None and claim[day.start : day.end] != passage[same.start : same.end]:
            yield day.start, day.end, (passage[same.start : same.end],)
    for amount in _digits(claim):
        if any(day.start <= amount.start < day.end for day in days):
            continue
        kind, start = _rounded(claim, amount.start)
        small = amount.readings[0][0] <= MOST_IN_WORDS
        if amount.scaled or kind or small or missing & numbers_in(claim[amount.start : amount.end]):
            money = _MONEY.search(claim[start : amount.start])
            before = money.group() if money else ""
            yield start, amount.end, tuple(before + option for option in _options(claim, amount, kind, passage))


def _options(claim: str, amount: Quantity, kind: str, passage: str) -> list[str]:
    """How `passage` writes what `amount` of `claim` may be, the nearest first."""
    options = {
        passage[other.start : other.end]: away
        for other in amounts_in(passage)
        if passage[other.start : other.end] != claim[amount.start : amount.end]
        and (passage[other.start].isdigit() or _are_beside_the_same(claim, amount, passage, other))
        and (away := _distance(amount, other, kind)) is not None
    }
    return sorted(options, key=lambda option: options[option])[:MOST_WAYS]


def _are_beside_the_same(claim: str, amount: Quantity, passage: str, other: Quantity) -> bool:
    """Whether the word before or after is the same: what a number in words counts is not looked at again."""
    one, two = (
        (_LAST_WORD.search(text[max(0, a.start - 40) : a.start]), _WORD.search(text[a.end : a.end + 40]))
        for text, a in ((claim, amount), (passage, other))
    )
    pairs = (tuple(stem(flat(found.group())) for found in both if found) for both in zip(one, two, strict=True))
    return any(len(pair) == 2 and pair[0] == pair[1] for pair in pairs)


def _distance(amount: Quantity, other: Quantity, kind: str) -> float | None:
    """How far `other` is from what `amount` says, as a share of it; None if it is something else."""
    found = [
        abs(theirs - mine) / theirs
        for mine, step in amount.readings
        for theirs, _ in other.readings
        if theirs and _is_rounded_to(mine, step, theirs, kind or ("near" if amount.scaled else ""))
    ]
    return min(found, default=None)


def _is_rounded_to(mine: float, step: float, theirs: float, kind: str) -> bool:
    away = theirs - mine
    if abs(away) <= 1e-9 * theirs:
        return True
    if not kind or abs(away) > FURTHEST * theirs:
        return False
    if kind == "near":
        return abs(away) <= step / 2 * (1 + 1e-9)
    return 0 < away < step if kind == "over" else 0 < -away < step


@lru_cache(REMEMBERED)
def amounts_in(text: str) -> tuple[Quantity, ...]:
    """Those in digits, also as a table "in millions" means them, and those in words."""
    found = list(_digits(text))
    scales = {_scales()[match[1].lower()] for match in _DECLARED.finditer(text)}
    for amount in [a for a in found if not a.scaled] if scales else ():
        readings = amount.readings + tuple((v * by, s * by) for v, s in amount.readings for by in scales)
        found[found.index(amount)] = Quantity(amount.start, amount.end, readings, scaled=False)
    for match in _word_pattern().finditer(text):
        value = float(_words()[match.group().casefold()])
        found.append(Quantity(*match.span(), ((value, 1.0),), scaled=False))
    return tuple(found)


def _digits(text: str) -> Iterator[Quantity]:
    for match in NUMBER.finditer(text):
        scale = _scale_pattern().match(text, match.end())
        by = _scales().get(scale[1], _scales().get(scale[1].casefold(), 1)) if scale else 1
        readings = tuple((value * by, step * by) for value, step in _readings(match.group()))
        if readings:
            yield Quantity(match.start(), scale.end() if scale else match.end(), readings, scale is not None)


def _readings(number: str) -> Iterator[tuple[float, float]]:
    """What a number may mean: "1.213" is a thousand in one language and a little over one in another."""
    if number.isdigit():
        yield float(number), 10.0 ** (len(number) - len(number.rstrip("0")))
    elif _GROUPED.fullmatch(number):
        digits = re.sub(r"\D", "", number)
        yield float(digits), 10.0 ** (len(digits) - len(digits.rstrip("0")))
    if decimal := _DECIMAL.fullmatch(number):
        if number[len(decimal[1])] == "." or len(decimal[2]) != 3:
            yield float(f"{decimal[1]}.{decimal[2]}"), 10.0 ** -len(decimal[2])


def _rounded(text: str, start: int) -> tuple[str, int]:
    """How the number at `start` is said to be rounded, and where the words for it begin."""
    found = _rounded_pattern().search(text[max(0, start - 24) : start])
    if not found:
        return "", start
    kind = next(name for name, words in found.groupdict().items() if words)
    return kind, max(0, start - 24) + found.start()


@cache
def _scales() -> dict[str, int]:
    return {word: int(line.split()[0]) for line in _SCALES.strip().splitlines() for word in line.split()[1:]}


@cache
def _words() -> dict[str, int]:
    return {word: int(line.split()[0]) for line in _WORDS.strip().splitlines() for word in line.split()[1:]}


@cache
def _scale_pattern() -> re.Pattern[str]:
    words = sorted((word for word in _scales() if len(word) > 1 or not word.isascii()), key=len, reverse=True)
    return re.compile(rf"[ \u00a0\u202f-]?((?i:{'|'.join(words)})(?![a-zà-ž])|(?<=\d)[KMB]\b)")


@cache
def _word_pattern() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(_words())})\b", re.IGNORECASE)


@cache
def _counted_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.,-])(\d{{1,3}}|one|{'|'.join(_words())})[ -]([^\W\d_]{{3,}})", re.IGNORECASE)


@cache
def _rounded_pattern() -> re.Pattern[str]:
    ways = (
        f"(?P<{kind}>{'|'.join(re.escape(word).replace('@', ' ') for word in words.split())})"
        for kind, words in _ROUNDED.items()
    )
    return re.compile(rf"(?:(?<![^\W\d_])|(?<=[\u3040-\u9fff]))(?:{'|'.join(ways)})\s*(?:[€$£¥]\s?)?$", re.IGNORECASE)
