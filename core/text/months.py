"""Months as people write them: English, Portuguese, Spanish, German, French and Italian names, Chinese and Japanese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

_NAMES = """
january february march april may june july august september october november december
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
januar februar märz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
"""
_SHORT_NAMES = """
jan feb mar apr may jun jul aug sep oct nov dec
jan fev mar abr mai jun jul ago set out nov dez
ene feb mar abr may jun jul ago sep oct nov dic
jan feb mar apr may jun jul aug sept oct nov dec
jan feb mär apr mai jun jul aug sep okt nov dez
janv févr mars avr mai juin juil août sept oct nov déc
gen feb mar apr mag giu lug ago set ott nov dic
"""
_UNSURE = frozenset({"may", "march", "mars", "mai"})
"""Names that are other words, too: they count with a capital within a text, or beside a number or "of"."""
_OF = re.compile(
    r"(?:\b(?:of|de|du|en|in|im|vom|ab|seit|since|from|until|bis|au|fin|debut|ultimo|ultima|last|next) |\bd['’])$"
)
_BEFORE = re.compile(r"(?:^|[^\w])\d{1,4}(?:st|nd|rd|th|er|º|\.)?[-_. ]{0,2}(?:de )?$")
_AFTER = re.compile(r"^\.?[-_., ]{0,2}(?:de |del )?\d")
_WORD = re.compile(r"[a-z]{3,}")
_COUNTED = re.compile(r"(?<![0-9])(0?[1-9]|1[0-2])\s?月(?!間|间|経|来)")
_COUNTED_IN_WORDS = re.compile(r"(?<![一二三四五六七八九十])(十[一二]?|[一二三四五六七八九])月(?!間|间)")
_COUNTED_WORDS = "一 二 三 四 五 六 七 八 九 十 十一 十二".split()


@dataclass(frozen=True, slots=True)
class FoundMonth:
    """Month `number`, 1 to 12, stands at `start`:`end` of a text."""

    number: int
    start: int
    end: int


def months_in(text: str) -> tuple[FoundMonth, ...]:
    """The months that `text` names, in their order."""
    found = [*_named(text), *_counted(text)]
    return tuple(sorted(found, key=lambda month: month.start))


@cache
def month_names() -> Mapping[str, int]:
    """Every name, long or short, in small letters without accents, and its number."""
    return _numbers(_NAMES) | {name: n for name, n in _numbers(_SHORT_NAMES).items() if name not in _numbers(_NAMES)}


@cache
def month_pattern() -> str:
    """A regular expression of every name, for a text from `plain_letters`."""
    return "|".join(sorted(map(re.escape, month_names()), key=len, reverse=True))


@cache
def spellings(number: int) -> tuple[str, ...]:
    """How names of files write a month: its two digits, its English names, long and short."""
    name = next(name for name, n in _numbers(_NAMES).items() if n == number)
    return f"{number:02}", name[:3], name


def plain_letters(text: str) -> str:
    """`text` in small letters without accents, as long as it was."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[0] for letter in text)


@cache
def _numbers(table: str) -> dict[str, int]:
    return {plain_letters(name): n for line in table.strip().splitlines() for n, name in enumerate(line.split(), 1)}


def _named(text: str) -> Iterator[FoundMonth]:
    plain = plain_letters(text)
    for match in _WORD.finditer(plain):
        name, (start, end) = match.group(), match.span()
        number = month_names().get(name)
        if number is None or plain[start - 1 : start].isalnum() or plain[end : end + 1].isalnum():
            continue
        beside = bool(_BEFORE.search(plain[:start]) or _AFTER.search(plain[end:]))
        if beside or (name in _numbers(_NAMES) and _is_sure(name, text, plain, start)):
            yield FoundMonth(number, start, end)


def _is_sure(name: str, text: str, plain: str, start: int) -> bool:
    if name not in _UNSURE:
        return True
    if text[start].isupper() and name != "mars":  # with a capital, it is the planet
        return bool(text[:start].strip()) or name == "march"
    return bool(_OF.search(plain[:start]))


def _counted(text: str) -> Iterator[FoundMonth]:
    for match in _COUNTED.finditer(text):
        yield FoundMonth(int(match[1]), *match.span())
    for match in _COUNTED_IN_WORDS.finditer(text):
        yield FoundMonth(_COUNTED_WORDS.index(match[1]) + 1, *match.span())
