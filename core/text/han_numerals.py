"""Reads numbers in Han numerals: 三百二十, 二〇二四, 十五万."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from core.text import lexicon

_LONGEST_NUMERAL = 40
_FORMS = "〇零 一壹壱 二贰貳两兩弐 三叁參参 四肆 五伍 六陆陸 七柒 八捌 九玖".split()
_DIGITS = {form: digit for digit, forms in enumerate(_FORMS) for form in forms}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_SINGLE = "零两兩二三四五六七八九"
_ORDINAL = "第"


def han_numerals(text: str) -> Iterator[tuple[int, int, int, bool]]:
    """Yield start, end, value and whether it is an ordinal (第二十一) of each numeral of `text`."""
    for match in _numeral().finditer(text):
        value = _value(match.group())
        if value is not None:
            yield *match.span(), value, match.start() > 0 and text[match.start() - 1] == _ORDINAL


@cache
def _numeral() -> re.Pattern[str]:
    """A numeral; one digit alone only before what it counts, since it is part of many words."""
    characters = "".join((*_DIGITS, *_UNITS, *_MYRIADS))
    counters = "".join(lexicon.words("numbers.counters"))
    numeral = f"[{characters}]{{2,}}|十|(?<={_ORDINAL})[{_SINGLE}一]|[{_SINGLE}](?=[{counters}])"
    return re.compile(f"(?<![{characters}])(?:{numeral})(?!の?分[之の])")


def _value(numeral: str) -> int | None:
    """The value of a numeral; None where its characters make none, or only a unit as in 千万."""
    if numeral[0] in _MYRIADS or (numeral[0] in _UNITS and numeral[0] not in "十拾" and not _goes_on(numeral)):
        return None
    if len(numeral) > _LONGEST_NUMERAL:
        return None
    if all(char in _DIGITS for char in numeral):
        return None if _is_rough(numeral) else int("".join(str(_DIGITS[char]) for char in numeral))
    total = section = digit = 0
    for char in numeral:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _UNITS:
            section, digit = section + (digit or 1) * _UNITS[char], 0
        else:
            total, section, digit = total + (section + digit or 1) * _MYRIADS[char], 0, 0
    return total + section + digit


def _goes_on(numeral: str) -> bool:
    """Whether a hundred or thousand is said without its one, as in Japanese: 百三十三, but not 千万."""
    return any(char in _DIGITS for char in numeral[1:])


def _is_rough(digits: str) -> bool:
    """Whether two digits are two numbers, "three or four": 三四, 一两."""
    return len(digits) == 2 and 0 <= _DIGITS[digits[1]] - _DIGITS[digits[0]] <= 1
