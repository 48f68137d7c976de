"""Months as people write them: the names of every language in lexicons/, and Chinese, Japanese and Korean numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from core.text import lexicon
from core.text.scripts import SIGNS

_LETTERS = rf"[^\W\d_](?:[^\W\d_]|[{SIGNS}])"
_WORD = re.compile(rf"{_LETTERS}+")
_SHORTEST = 2  # letters; "मई" is May
_NUMBER_BEFORE = r"(?:^|[^\w])\d{{1,4}}(?:{suffixes}|\.)?[-_. ]{{0,2}}(?:{of} )?$"
_NUMBER_AFTER = re.compile(r"^\.?[-_., ]{0,2}(?:de |del )?\d")
_LOOK_BACK = 24  # characters before a name in which a day and its ending fit
_NUMBERED = re.compile(r"(?<![0-9])(0?[1-9]|1[0-2])\s?[月월](?!間|间|経|来)")
_NUMBERED_IN_WORDS = re.compile(r"(?<![一二三四五六七八九十])(十[一二]?|[一二三四五六七八九])月(?!間|间)")
_CHINESE_NUMBERS = "一 二 三 四 五 六 七 八 九 十 十一 十二".split()
WRITE_CAPITALS = ("en", "de")
"""Languages that write months with a capital: in others "Mars" is the planet."""


@dataclass(frozen=True, slots=True)
class FoundMonth:
    """Month `number`, 1 to 12, at `start`:`end` of a text."""

    number: int
    start: int
    end: int


def months_in(text: str) -> tuple[FoundMonth, ...]:
    """The months that `text` names, in order."""
    found = [*_named(text), *_numbered(text)]
    return tuple(sorted(found, key=lambda month: month.start))


@cache
def month_names() -> Mapping[str, int]:
    """Every name, long or short, in small letters without accents, with its number."""
    return _short_names() | _long_names()


@cache
def month_pattern() -> str:
    """A regular expression of every name, for a text from `plain_letters`."""
    return "|".join(sorted(map(re.escape, month_names()), key=len, reverse=True))


@cache
def spellings(number: int) -> tuple[str, ...]:
    """How file names write a month: its two digits, its short and its long English name."""
    name = lexicon.words("dates.months", "en")[number - 1]
    return f"{number:02}", name[:3], name


def plain_letters(text: str) -> str:
    """`text` in small letters without accents, of the same length."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[0] for letter in text)


@cache
def _long_names() -> dict[str, int]:
    return _names_at("dates.months")


@cache
def _short_names() -> dict[str, int]:
    return _names_at("dates.month_abbreviations")


def _names_at(key: str) -> dict[str, int]:
    return {
        plain_letters(form): number
        for language in lexicon.languages()
        for number, forms in enumerate(lexicon.words(key, language), 1)
        for form in forms.split("/")
    }


@cache
def _ambiguous() -> frozenset[str]:
    return frozenset(map(plain_letters, lexicon.words("dates.ambiguous_months")))


@cache
def _sure_with_capital() -> frozenset[str]:
    """Ambiguous names that a capital tells from the other word."""
    names = (name for language in WRITE_CAPITALS for name in lexicon.words("dates.ambiguous_months", language))
    return frozenset(map(plain_letters, names))


@cache
def _number_before() -> re.Pattern[str]:
    suffixes = "|".join(re.escape(suffix) for suffix in lexicon.words("dates.day_suffixes") if suffix != ".")
    return re.compile(_NUMBER_BEFORE.format(suffixes=suffixes, of="de"))


@cache
def _word_before() -> re.Pattern[str]:
    """A word that a month's name follows and no other word of its spelling: "in may", "fin mars"."""
    return re.compile(rf"(?:{lexicon.alternation('dates.before_month')} |\bd['’])$")


def _named(text: str) -> Iterator[FoundMonth]:
    plain = plain_letters(text)
    for match in _WORD.finditer(plain):
        name, (start, end) = match.group(), match.span()
        number = month_names().get(name) if len(name) >= _SHORTEST else None
        if number is None or plain[start - 1 : start].isalnum() or plain[end : end + 1].isalnum():
            continue
        before = plain[max(0, start - _LOOK_BACK) : start]
        beside = bool(_number_before().search(before) or _NUMBER_AFTER.search(plain[end : end + _LOOK_BACK]))
        if beside or (name in _long_names() and _is_sure(name, text, plain, start)):
            yield FoundMonth(number, start, end)


def _is_sure(name: str, text: str, plain: str, start: int) -> bool:
    if name not in _ambiguous():
        return True
    if text[start].isupper() and name in _sure_with_capital():
        return bool(text[:start].strip()) or name == "march"  # "May" alone at the beginning is a verb
    if text[start].isupper():
        return False
    return bool(_word_before().search(plain[max(0, start - _LOOK_BACK) : start]))


def _numbered(text: str) -> Iterator[FoundMonth]:
    for match in _NUMBERED.finditer(text):
        yield FoundMonth(int(match[1]), *match.span())
    for match in _NUMBERED_IN_WORDS.finditer(text):
        yield FoundMonth(_CHINESE_NUMBERS.index(match[1]) + 1, *match.span())
