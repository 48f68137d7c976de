"""Reads one number in words after another from the words of one language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy

from core.text.number_parts import NumberPart, NumberRules, PartKind

GAP = re.compile(r"[ \u00a0\u202f\n-]{1,2}|\u2011")
"""What may stand between two words of one number."""
Token = tuple[str, int, int]
"""A word in small letters, and its start and end in the text."""


def read_numbers(
    text: str, tokens: Sequence[Token], parts: Mapping[str, tuple[NumberPart, ...]], rules: NumberRules
) -> Iterator[ParsedNumber]:
    """Yield the numbers of one language. `parts` holds those of each word of `tokens` that has any; a word that cannot
    go on with a number ends it and begins another."""
    number = ParsedNumber(rules)
    last = -1
    for at, (word, start, stop) in enumerate(tokens):
        if word not in parts:
            continue
        before, end = tokens[at - 1][::2] if at else ("", 0)
        if last != at - 1 or not number.may_go_on(text, end, start):
            if number.words:
                yield number.without_last()
            number = ParsedNumber(rules)
        if not number.take(word, parts[word], (start, stop), before):
            if number.words:
                yield number.without_last()
            number = ParsedNumber(rules)
            number.take(word, parts[word], (start, stop), before)
        last = at
    if number.words:
        yield number.without_last()


class ParsedNumber:
    """One number, put together from its parts in the order they come."""

    __slots__ = (
        *("_rules", "_total", "_scale", "_current", "_last", "_ordinal", "_closed", "_joined"),
        *("_shorter", "before", "first", "words", "start", "end"),
    )

    def __init__(self, rules: NumberRules) -> None:
        self._rules = rules
        self._total = 0  # of what a thousand, a million … has multiplied
        self._scale = 0  # the last of these multipliers
        self._current: int | None = None  # what comes below it
        self._last = 0  # the part added last, while it may still be multiplied
        self._ordinal = self._closed = self._joined = False
        self.before = self.first = ""  # the word before the number, and its first word
        self._shorter: ParsedNumber | None = None  # without its last word, if that should not end a number
        self.words = 0
        self.start = self.end = -1

    @property
    def value(self) -> int:
        """What its words make together."""
        return self._total + (self._current or 0)

    @property
    def is_ordinal(self) -> bool:
        """Whether its last word is an ordinal form."""
        return self._ordinal

    @property
    def is_group(self) -> bool:
        """Whether it ends with a word like "dozen"."""
        return self._closed

    def may_go_on(self, text: str, end: int, start: int) -> bool:
        """Whether a word at `start` may belong to the number whose last word ended at `end`."""
        if not self.words or GAP.fullmatch(text, end, start):
            return True
        below_scale = "comma" in self._rules.flags and self._scale and self._current is None
        return bool(below_scale) and text[end:start] == ", "  # "two thousand, three hundred"

    def take(self, word: str, parts: tuple[NumberPart, ...], span: tuple[int, int], before: str) -> bool:
        """Add the parts of one word, which follows the word `before`; False, with nothing added, if it does not go on
        with this number."""
        doubtful = bool(self.words) and not self._joined and word in self._rules.not_last
        shorter = copy(self) if doubtful else None
        if len(parts) > 1 and not all(copy(self)._take_all(parts)):
            return False
        if not (self._take(parts[0], glued=False) if len(parts) == 1 else all(self._take_all(parts))):
            return False
        self._shorter = shorter
        if parts[-1].kind is not PartKind.JOIN:
            if not self.words:
                self.start, self.before, self.first = span[0], before, word
            self.end = span[1]
            self.words += 1
        return True

    def without_last(self) -> ParsedNumber:
        """The number, less a last word that is another word behind one: Vietnamese "mười năm" is ten years."""
        return self._shorter or self

    def _take_all(self, parts: tuple[NumberPart, ...]) -> Iterator[bool]:
        return (self._take(part, glued=at > 0) for at, part in enumerate(parts))

    def _take(self, part: NumberPart, *, glued: bool) -> bool:
        if part.kind is PartKind.JOIN:
            self._joined = True
            return glued or (self.start >= 0 and "joins_glued" not in self._rules.flags)
        if self._closed or (self._ordinal and not (part.ordinal or self._ordinal_goes_on(part))):
            return False
        if not self._put(part, reversed_=self._joined and (glued or bool(self._rules.prefixed_join))):
            return False
        self._ordinal = part.ordinal or (self._ordinal and self._ordinal_goes_on(part))
        self._joined = False
        return True

    def _put(self, part: NumberPart, *, reversed_: bool) -> bool:
        match part.kind:
            case PartKind.MULTIPLIER:
                return self._multiply(part.value)
            case PartKind.GROUP:
                return self._group(part.value)
            case PartKind.PLUS_TEN:
                return self._plus_ten()
        return self._add_reversed(part.value) if reversed_ else self._add(part.value)

    def _ordinal_goes_on(self, part: NumberPart) -> bool:
        """Whether `part` may follow an ordinal form: Finnish "toista", and every word behind Indonesian "kedua"."""
        return part.kind is PartKind.PLUS_TEN or "ordinal_first" in self._rules.flags

    def _add(self, value: int) -> bool:
        """Add a part whose digits are still zero: 20 + 1, 100 + 20, and in French 60 + 15."""
        current = self._current
        if not current:
            if self._scale and value >= self._scale:
                return False
            self._current = self._last = value
            return True
        if "vigesimal" in self._rules.flags and value == 20 and self._last == 4 == current % 100:
            value = 76  # "quatre-vingt": 4 becomes 80
        elif not value or not self._has_room(current, value):
            return False
        self._current = current + value
        self._last = value
        return True

    def _has_room(self, current: int, value: int) -> bool:
        if "vigesimal" in self._rules.flags:
            if current % 100 in (60, 80) and 10 <= value <= 19:
                return True
            if current % 100 == 10 and 7 <= value <= 9:
                return True
        if current % 100 == 10 and "teens_added" not in self._rules.flags:
            return False
        return current > 0 and current % 10 ** len(str(value)) == 0

    def _add_reversed(self, value: int) -> bool:
        """Add a ten behind its unit: "ein·und·zwanzig"."""
        if "unit_first" in self._rules.flags and 0 < (self._current or 0) % 100 < 10 and value in range(20, 100, 10):
            self._current = (self._current or 0) + value
            self._last = 0
            return True
        return self._add(value)

    def _multiply(self, by: int) -> bool:
        if by >= (10_000 if "myriads" in self._rules.flags else 1000):
            return self._multiply_all(by)
        if self._joined:
            return self._add(by)  # "two thousand and hundred": a join adds
        current = self._current
        if not current and by == 10:
            self._current = 10
        elif current is None or current < by:
            self._current = by if current is None else current * by  # Vietnamese "không trăm" is 0 hundred
        elif self._last and (current - self._last) % (by * 10) == 0:
            self._current = current + self._last * (by - 1)  # "dua ratus lima puluh": 205 becomes 250
        elif not self._last and current and current % (by * 10) == 0:
            self._current = current + by
        else:
            return False
        self._last = 0
        return True

    def _multiply_all(self, by: int) -> bool:
        """Multiply what is below a thousand, a million …; in Spanish "mil millones", the thousands too."""
        if self._current == 0 or by == self._scale:
            return False
        if self._scale and by > self._scale:
            thousands = self._total % by
            above = self._total - thousands
            if "thousand_millions" not in self._rules.flags or not thousands or (above and above % (by * 10**6)):
                return False
            self._total = above + (thousands + (self._current or 0)) * by
        else:
            self._total += (1 if self._current is None else self._current) * by
        self._current, self._last, self._scale = None, 0, by
        return True

    def _group(self, by: int) -> bool:
        if self._total or (self._current is not None and not 0 < self._current < 100):
            return False
        self._current, self._closed = (self._current or 1) * by, True
        return True

    def _plus_ten(self) -> bool:
        if not 0 < self._last < 10:
            return self._add(10)  # the word is "ten" too
        self._current = (self._current or 0) + 10
        self._last = 0
        return True
