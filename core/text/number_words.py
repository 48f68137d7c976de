"""Finds numbers written in words, in every language whose file in lexicons/ has `[numbers]`, and Han numerals.

A number is read from its parts, as CLDR's spelling rules put them together: words that are added ("twenty", "one"),
words that multiply ("hundred", "thousand") and words that join. Glued compounds ("einundzwanzig") are split first.
tests/bench/bench_number_words.py measures this and text2num, which covers seven languages and few ordinals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache, lru_cache

from core.text import lexicon
from core.text.han_numerals import han_numerals
from core.text.language import likely_languages
from core.text.normalization import CACHED_TEXTS, fold
from core.text.number_parts import (
    INVISIBLE,
    NumberPart,
    NumberRules,
    PartKind,
    number_rules,
    number_runs,
    parts_of,
    visible,
)
from core.text.scripts import SIGNS

_WORD = re.compile(rf"(?:[^\W\d_]|[{SIGNS}{INVISIBLE}])+")
_GAP = re.compile(r"[ \u00a0\n-]{1,2}|\u2011")
"""What may stand between two words of one number."""
_DIGIT_BEFORE = re.compile(r"\d[ \u00a0\u202f-]?$")
NEARLY_AS_MANY = 0.5
"""Share of the likeliest language's votes with which another is read too."""
_CENTURIES = range(13, 21)


@dataclass(frozen=True, slots=True)
class NumberWord:
    """A number in words at `start`:`end` of a text."""

    start: int
    end: int
    value: int
    ordinal: bool


@lru_cache(CACHED_TEXTS)
def number_words(text: str) -> tuple[NumberWord, ...]:
    """The numbers in words of `text`, in order, each with the longest words that make one number.

    A word that is an article or something else too where it stands alone ("ein", "second") is no number there. Linear
    in the text; any thread.
    """
    written = [(visible(match.group()), *match.span()) for match in _WORD.finditer(text)]
    tokens = [(fold(word), start, end) for word, start, end in written]
    found = [NumberWord(*numeral) for numeral in han_numerals(text)]
    for language in _languages([word.casefold() for word, _, _ in written]):
        rules = number_rules(language)
        found += _with_years(text, _read(text, number_runs(text, rules) if rules.run else tokens, rules), rules)
    return _without_overlaps([number for number in found if not _scales_digits(text, number)])


def _scales_digits(text: str, number: NumberWord) -> bool:
    """Whether the word scales a number in digits: "2 million"."""
    return _DIGIT_BEFORE.search(text[max(0, number.start - 2) : number.start]) is not None


def _languages(words: list[str]) -> tuple[str, ...]:
    """The languages to read `words` in: those of their function words, else all that have number words."""
    telling = [word for word in words if fold(word) not in _number_words()]
    likely = [
        language
        for language in likely_languages(telling, share=NEARLY_AS_MANY)
        if lexicon.entry("numbers.cardinals", language)
    ]
    return tuple(
        likely or (language for language in lexicon.languages() if lexicon.entry("numbers.cardinals", language))
    )


@cache
def _number_words() -> frozenset[str]:
    """Words that are numbers in some language, and so tell little of the language: Spanish "dos", Turkish "on"."""
    all_parts = (number_rules(language).parts.items() for language in lexicon.languages())
    return frozenset(word for parts in all_parts for word, part in parts if part.kind is not PartKind.JOIN)


def _without_overlaps(found: Sequence[NumberWord]) -> tuple[NumberWord, ...]:
    """Of numbers that share characters, the longest."""
    kept: list[NumberWord] = []
    for number in sorted(found, key=lambda n: (n.start, -n.end)):
        if not kept or number.start >= kept[-1].end:
            kept.append(number)
        elif number.end - number.start > kept[-1].end - kept[-1].start:
            kept[-1] = number
    return tuple(kept)


def _with_years(text: str, numbers: Iterable[NumberWord], rules: NumberRules) -> Iterator[NumberWord]:
    """`numbers`, two halves of an English year joined: "nineteen eighty-four"."""
    before: NumberWord | None = None
    for number in numbers:
        halves = before is not None and before.value in _CENTURIES and 10 <= number.value <= 99
        if before is not None and halves and "years" in rules.flags and _GAP.fullmatch(text, before.end, number.start):
            before = NumberWord(before.start, number.end, before.value * 100 + number.value, number.ordinal)
            continue
        if before is not None:
            yield before
        before = number
    if before is not None:
        yield before


def _read(text: str, tokens: Iterable[tuple[str, int, int]], rules: NumberRules) -> Iterator[NumberWord]:
    """The numbers of one language, word by word: a word that cannot go on with a number ends it and begins another."""
    number = _Number(rules)
    before, end = "", 0
    for word, start, stop in tokens:
        parts = parts_of(word, rules)
        if not parts or not number.may_go_on(text, end, start):
            yield from number.finish()
            number = _Number(rules)
        if parts and not number.take(word, parts, (start, stop), before):
            yield from number.finish()
            number = _Number(rules)
            number.take(word, parts, (start, stop), before)
        before, end = word, stop
    yield from number.finish()


class _Number:
    """One number, put together from its parts in the order they come."""

    def __init__(self, rules: NumberRules) -> None:
        self._rules = rules
        self._before = ""
        self._total = 0  # of what a thousand, a million … has multiplied
        self._scale = 0  # the last of these multipliers
        self._current: int | None = None  # what comes below it
        self._last = 0  # the part added last, while it may still be multiplied
        self._ordinal = self._closed = self._joined = False
        self._words: list[str] = []
        self._start = self._end = -1

    def may_go_on(self, text: str, end: int, start: int) -> bool:
        """Whether a word at `start` may belong to the number whose last word ended at `end`."""
        if not self._words or _GAP.fullmatch(text, end, start):
            return True
        below_scale = "comma" in self._rules.flags and self._scale and self._current is None
        return bool(below_scale) and text[end:start] == ", "  # "two thousand, three hundred"

    def take(self, word: str, parts: tuple[NumberPart, ...], span: tuple[int, int], before: str) -> bool:
        """Add the parts of one word, which follows the word `before`; False, with nothing added, if it does not go on
        with this number."""
        if len(parts) > 1 and not all(copy(self)._take_all(parts)):
            return False
        if not all(self._take_all(parts)):
            return False
        if parts[-1].kind is not PartKind.JOIN:
            if not self._words:
                self._start, self._before = span[0], before
            self._end = span[1]
            self._words = [*self._words, word]
        return True

    def finish(self) -> Iterator[NumberWord]:
        """Yield the number, if there is one. A single word of those that mean something else too is none."""
        if self._start < 0:
            return
        if len(self._words) == 1 and (self._words[0] in self._rules.alone or self._before in self._rules.not_after):
            return
        yield NumberWord(self._start, self._end, self._total + (self._current or 0), self._ordinal)

    def _take_all(self, parts: tuple[NumberPart, ...]) -> Iterator[bool]:
        return (self._take(part, glued=at > 0) for at, part in enumerate(parts))

    def _take(self, part: NumberPart, *, glued: bool) -> bool:
        if part.kind is PartKind.JOIN:
            self._joined = True
            return glued or (self._start >= 0 and "joins_glued" not in self._rules.flags)
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
        if "vigesimal" in self._rules.flags and value == 20 and self._last == 4:
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
        if by >= 1000:
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
        """Multiply what is below a thousand, a million …; in Spanish "mil millones", what is above too."""
        if self._current == 0 or by == self._scale:
            return False
        if self._scale and by > self._scale:
            if "thousand_millions" not in self._rules.flags:
                return False
            self._total = (self._total + (self._current or 0)) * by
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
