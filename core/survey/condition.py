"""Conditions on a number in a survey's question ("over 1,000"), which the application checks instead of the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from core.text import lexicon

_LETTER_SCALES = {"k": 1000, "m": 1_000_000}
_UNSPACED_SCALES = "万萬億亿"
_DIGITS = r"(?<!\d)(?<!\d[.,' \u00a0\u202f’])\d++(?:[.,' \u00a0\u202f’]\d++)*+"
"""A whole number, never tried from its middle: a megabyte of digits would take hours."""
_SYMBOLS = {"over": ">(?!=)", "at_least": ">=|≥", "under": "<(?!=)", "at_most": "<=|≤"}
_KINDS = {"at_least": (True, True), "at_most": (False, True), "over": (True, False), "under": (False, False)}
"""For each kind of condition, whether its number is the lower bound and whether it is inclusive."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Bounds of a number; None for an open end. `words` is the condition as the question states it."""

    words: str
    low: float | None = None
    high: float | None = None
    inclusive: bool = False

    def holds(self, value: float) -> bool:
        if self.inclusive:
            return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


def read_condition(question: str) -> Condition | None:
    """Return the condition in `question`. None if there is none, or one on years: the model judges dates better."""
    if match := _between_pattern().search(question):
        low, high = _range_bounds(match["first"], match["second"])
        if low is not None and high is not None and not (_is_year(match["first"]) and _is_year(match["second"])):
            return Condition(match.group().strip(), min(low, high), max(low, high), inclusive=True)
    for pattern, is_low, inclusive in _rules():
        match = pattern.search(question)
        number = read_number(match["first"]) if match else None
        if match and number is not None and not (inclusive and _is_year(match["first"])):
            return Condition(match.group().strip(), number if is_low else None, None if is_low else number, inclusive)
    return None


def read_number(text: str) -> float | None:
    """Return the first number in `text`, with any grouping of digits and a word for its scale: "€ 1.250,50", "2.5
    million". None if there is none."""
    match = _number_pattern().search(text)
    if match is None:
        return None
    value = _parse_digits(match["digits"])
    if value is None:
        return None
    value *= _scales().get((match["scale"] or "").casefold(), 1.0)
    return -value if match["minus"] else value


def _range_bounds(first: str, second: str) -> tuple[float | None, float | None]:
    """Return both bounds of a range. A scale at the second holds for the first too: "between 5 and 10 million"."""
    high, low = _number_pattern().search(second), _number_pattern().search(first)
    scale = high["scale"] if high else None
    if scale and low and not low["scale"]:
        first = f"{first.strip()} {scale}"
    return read_number(first), read_number(second)


def _parse_digits(digits: str) -> float | None:
    """Return the value of digits grouped by dots, commas, apostrophes or spaces.

    The last dot or comma is the decimal separator if both kinds occur, or if it is the only one and not three digits
    follow or only a zero precedes. So "1.000" is a thousand: German thousands are common, three decimals are rare.
    """
    digits = re.sub(r"[' \u00a0\u202f’]", "", digits)
    separators = re.findall(r"[.,]", digits)
    if not separators:
        return float(digits)
    whole, _, decimals = digits.rpartition(separators[-1])
    is_mixed, is_single = len(set(separators)) == 2, len(separators) == 1
    if is_mixed or (is_single and (len(decimals) != 3 or whole == "0")):
        text = re.sub(r"[.,]", "", whole) + "." + decimals
    else:
        text = re.sub(r"[.,]", "", digits)
    return float(text)


def _is_year(text: str) -> bool:
    return bool(re.fullmatch(r"\s*(?:1[89]|20|21)\d\d\s*", text))


@cache
def _scales() -> dict[str, int]:
    """Return the value of each word for a scale, in lower case."""
    words = {word: int(scale) for scale, forms in lexicon.tables("quantities.scales").items() for word in forms}
    return {word: value for word, value in words.items() if len(word) > 1 or word in _UNSPACED_SCALES} | _LETTER_SCALES


@cache
def _scale_pattern() -> str:
    longest_first = sorted(_scales(), key=len, reverse=True)
    return "|".join(word if word in _UNSPACED_SCALES else rf"{word}(?!\w)" for word in longest_first)


@cache
def _number_pattern() -> re.Pattern[str]:
    minus = r"(?P<minus>[-−(](?=[^\d\s]{0,4}\d))?[^\d\s(−-]{0,4}?"
    return re.compile(rf"{minus}(?P<digits>{_DIGITS})\s?(?P<scale>{_scale_pattern()})?", re.IGNORECASE)


def _bound_pattern(name: str) -> str:
    return rf"(?P<{name}>[^\d\s]{{0,4}}\s?{_DIGITS}\s?(?:{_scale_pattern()})?)"


@cache
def _between_pattern() -> re.Pattern[str]:
    between, and_ = lexicon.alternation("conditions.between"), lexicon.alternation("conditions.and")
    return re.compile(rf"{between}\s+{_bound_pattern('first')}\s+{and_}\s+{_bound_pattern('second')}", re.IGNORECASE)


@cache
def _rules() -> tuple[tuple[re.Pattern[str], bool, bool], ...]:
    """Return a pattern for each kind, with its entry in `_KINDS`: first for words before the number, then after it."""
    before, after = [], []
    for kind, (is_low, inclusive) in _KINDS.items():
        words = rf"(?:{lexicon.alternation(f'conditions.{kind}')}|(?<!\w)(?:{_SYMBOLS[kind]}))"
        before.append((re.compile(rf"{words}\s*{_bound_pattern('first')}", re.IGNORECASE), is_low, inclusive))
        words = "|".join(lexicon.words(f"conditions.{kind}_after"))
        after.append(
            (re.compile(rf"{_bound_pattern('first')}\s*[円元€$]?\s*(?:{words})", re.IGNORECASE), is_low, inclusive)
        )
    return (*before, *after)
