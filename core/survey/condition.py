"""Conditions on a number in a question ("over 1,000"), checked by the application instead of the model."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCALES = {
    "k": 1e3, "thousand": 1e3, "mil": 1e3, "tausend": 1e3, "mille": 1e3, "mila": 1e3, "million": 1e6, "millions": 1e6,
    "mio": 1e6, "millionen": 1e6, "millones": 1e6, "millón": 1e6, "milhão": 1e6, "milhões": 1e6, "milioni": 1e6,
    "m": 1e6, "billion": 1e9, "bn": 1e9, "milliarden": 1e9, "mrd": 1e9, "milliard": 1e9, "milliards": 1e9,
    "bilhão": 1e9, "bilhões": 1e9, "万": 1e4, "萬": 1e4, "億": 1e8, "亿": 1e8,
}  # fmt: skip
_SCALE = "|".join(word if word in "万萬億亿" else rf"{word}(?!\w)" for word in sorted(_SCALES, key=len, reverse=True))
_DIGITS = r"\d+(?:[.,' \u00a0\u202f’]\d+)*"
_NUMBER = re.compile(
    rf"(?P<minus>[-−(](?=[^\d\s]{{0,4}}\d))?[^\d\s(−-]{{0,4}}?(?P<digits>{_DIGITS})\s?(?P<scale>{_SCALE})?",
    re.IGNORECASE,
)
_FIRST = rf"(?P<first>[^\d\s]{{0,4}}\s?{_DIGITS}\s?(?:{_SCALE})?)"
_SECOND = _FIRST.replace("first", "second")
_OVER = (
    r"over|above|more than|greater than|exceed(?:ing|s)?|larger than|higher than|>(?!=)|über|mehr als|größer als"
    r"|höher als|más de|mayor(?:es)? (?:de|que|a)|superior(?:es)? a|plus de|supérieure?s? à|mais (?:de|do que)|acima de"
    r"|maior(?:es)? (?:do )?que|più di|oltre|superiori? a|超过|超過|大于|高于|أكثر من"
)
_LEAST = (
    r"at least|no less than|not less than|>=|≥|mindestens|al menos|como mínimo|au moins|pelo menos|no mínimo|almeno"
    r"|至少|不少于"
)
_UNDER = (
    r"under|below|less than|fewer than|smaller than|lower than|<(?!=)|unter|weniger als|kleiner als|menos de"
    r"|menor(?:es)? (?:do )?(?:de|que|a)|inferior(?:es)? a|moins de|inférieure?s? à|abaixo de|meno di|inferiori? a"
    r"|少于|低于|小于|أقل من"
)
_MOST = (
    r"at most|no more than|not more than|up to|<=|≤|höchstens|bis zu|como máximo|hasta|au plus|jusqu[’']à|no máximo|até"
    r"|al massimo|fino a|最多|不超过"
)
_BETWEEN = re.compile(
    rf"\b(?:between|zwischen|entre|tra|fra)\s+{_FIRST}\s+(?:and|und|y|et|e|ed)\s+{_SECOND}", re.IGNORECASE
)
_BEFORE = ((_LEAST, True, True), (_MOST, False, True), (_OVER, True, False), (_UNDER, False, False))
_AFTER = (
    ("以上", True, True),
    ("以下", False, True),
    ("を超え|से अधिक|से ज़्यादा", True, False),
    ("未満|से कम", False, False),
)
# Each rule with whether its number is the lower bound, and whether the bound itself is included.
_RULES = (
    *((re.compile(rf"(?<!\w)(?:{w})\s*{_FIRST}", re.IGNORECASE), low, included) for w, low, included in _BEFORE),
    *((re.compile(rf"{_FIRST}\s*[円元€$]?\s*(?:{w})", re.IGNORECASE), low, included) for w, low, included in _AFTER),
)


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
    if match := _BETWEEN.search(question):
        low, high = _of_one_scale(match["first"], match["second"])
        if low is not None and high is not None and not (_is_year(match["first"]) and _is_year(match["second"])):
            return Condition(match.group().strip(), min(low, high), max(low, high), included=True)
    for pattern, is_low, included in _RULES:
        match = pattern.search(question)
        number = read_number(match["first"]) if match else None
        if match and number is not None and not (included and _is_year(match["first"])):
            return Condition(match.group().strip(), number if is_low else None, None if is_low else number, included)
    return None


def read_number(text: str) -> float | None:
    """The first number in `text`, however it is grouped, with the word for its scale: "€ 1.250,50", "2.5 million"."""
    match = _NUMBER.search(text)
    if match is None:
        return None
    value = _plain(match["digits"])
    if value is None:
        return None
    value *= _SCALES.get((match["scale"] or "").casefold(), 1.0)
    return -value if match["minus"] else value


def _of_one_scale(first: str, second: str) -> tuple[float | None, float | None]:
    """Two bounds; "between 5 and 10 million" means millions both times."""
    scale = _NUMBER.search(second)
    scaled = scale["scale"] if scale else None
    own = _NUMBER.search(first)
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
