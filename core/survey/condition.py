"""Conditions on a number in a question ("over 1,000"), checked by the application instead of the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from core.text import lexicon

_LETTER_SCALES = {"k": 1000, "m": 1_000_000}
_UNSPACED_SCALES = "万萬億亿"
_DIGITS = r"\d+(?:[.,' \u00a0\u202f’]\d+)*"
_SYMBOLS = {"over": ">(?!=)", "at_least": ">=|≥", "under": "<(?!=)", "at_most": "<=|≤"}
_KINDS = {"at_least": (True, True), "at_most": (False, True), "over": (True, False), "under": (False, False)}
"""For each kind of condition, whether its number is the lower bound and whether the bound itself is included."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Bounds of a number; None for none. `words` is how the question says it."""

    words: str
    low: float | None = None
    high: float | None = None
    included: bool = False

    def holds(self, value: float) -> bool:
        if self.included:
            return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


def read_condition(question: str) -> Condition | None:
    """The condition in `question`; None if it has none, or one on years, which a model reads better."""
    if match := _between().search(question):
        low, high = _of_one_scale(match["first"], match["second"])
        if low is not None and high is not None and not (_is_year(match["first"]) and _is_year(match["second"])):
            return Condition(match.group().strip(), min(low, high), max(low, high), included=True)
    for pattern, is_low, included in _rules():
        match = pattern.search(question)
        number = read_number(match["first"]) if match else None
        if match and number is not None and not (included and _is_year(match["first"])):
            return Condition(match.group().strip(), number if is_low else None, None if is_low else number, included)
    return None


def read_number(text: str) -> float | None:
    """The first number in `text`, however it is grouped, with the word for its scale: "€ 1.250,50", "2.5 million"."""
    match = _number().search(text)
    if match is None:
        return None
    value = _plain(match["digits"])
    if value is None:
        return None
    value *= _scales().get((match["scale"] or "").casefold(), 1.0)
    return -value if match["minus"] else value


def _of_one_scale(first: str, second: str) -> tuple[float | None, float | None]:
    """Two bounds; "between 5 and 10 million" means millions both times."""
    scale = _number().search(second)
    scaled = scale["scale"] if scale else None
    own = _number().search(first)
    if scaled and own and not own["scale"]:
        first = f"{first.strip()} {scaled}"
    return read_number(first), read_number(second)


def _plain(digits: str) -> float | None:
    """Groups of three are thousands; the last mark is a decimal point where other digits follow it, or where both marks
    stand. "1.000" is a thousand: amounts with three decimals are rare, German thousands are not."""
    digits = re.sub(r"[' \u00a0\u202f’]", "", digits)
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return float(digits)
    whole, _, rest = digits.rpartition(marks[-1])
    both = len(set(marks)) == 2
    if both or (len(marks) == 1 and len(rest) != 3) or (len(marks) == 1 and whole == "0"):
        text = re.sub(r"[.,]", "", whole) + "." + rest
    else:
        text = re.sub(r"[.,]", "", digits)
    return float(text)


def _is_year(text: str) -> bool:
    return bool(re.fullmatch(r"\s*(?:1[89]|20|21)\d\d\s*", text))


@cache
def _scales() -> dict[str, int]:
    """The value of each word for a scale, in small letters."""
    words = {word: int(scale) for scale, forms in lexicon.tables("quantities.scales").items() for word in forms}
    return {word: value for word, value in words.items() if len(word) > 1 or word in _UNSPACED_SCALES} | _LETTER_SCALES


@cache
def _scale() -> str:
    longest_first = sorted(_scales(), key=len, reverse=True)
    return "|".join(word if word in _UNSPACED_SCALES else rf"{word}(?!\w)" for word in longest_first)


@cache
def _number() -> re.Pattern[str]:
    minus = r"(?P<minus>[-−(](?=[^\d\s]{0,4}\d))?[^\d\s(−-]{0,4}?"
    return re.compile(rf"{minus}(?P<digits>{_DIGITS})\s?(?P<scale>{_scale()})?", re.IGNORECASE)


def _bound(name: str) -> str:
    return rf"(?P<{name}>[^\d\s]{{0,4}}\s?{_DIGITS}\s?(?:{_scale()})?)"


@cache
def _between() -> re.Pattern[str]:
    between, and_ = lexicon.alternation("conditions.between"), lexicon.alternation("conditions.and")
    return re.compile(rf"{between}\s+{_bound('first')}\s+{and_}\s+{_bound('second')}", re.IGNORECASE)


@cache
def _rules() -> tuple[tuple[re.Pattern[str], bool, bool], ...]:
    """Each pattern of a condition with what `_KINDS` says of it: words before the number, then words after it."""
    before, after = [], []
    for kind, (is_low, included) in _KINDS.items():
        words = rf"(?:{lexicon.alternation(f'conditions.{kind}')}|(?<!\w)(?:{_SYMBOLS[kind]}))"
        before.append((re.compile(rf"{words}\s*{_bound('first')}", re.IGNORECASE), is_low, included))
        words = "|".join(lexicon.words(f"conditions.{kind}_after"))
        after.append((re.compile(rf"{_bound('first')}\s*[円元€$]?\s*(?:{words})", re.IGNORECASE), is_low, included))
    return (*before, *after)
