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
from enum import Enum
from functools import cache, lru_cache

from core.text import lexicon
from core.text.language import likely_languages
from core.text.normalization import CACHED_TEXTS, fold
from core.text.scripts import SIGNS

_INVISIBLE = "\u00ad\u200b"  # soft hyphen and zero-width space, which may separate the parts of a compound
_WORD = re.compile(rf"(?:[^\W\d_]|[{SIGNS}{_INVISIBLE}])+")
_GAP = re.compile(r"[ \u00a0\n-]{1,2}|\u2011")
"""What may stand between two words of one number."""
_DIGIT_BEFORE = re.compile(r"\d[ \u00a0\u202f-]?$")
_LONGEST_COMPOUND = 90  # letters; German "neunhundertneunundneunzigtausend…" has 68
_LONGEST_DIGITS = 18
NEARLY_AS_MANY = 0.5
"""Share of the likeliest language's votes with which another is read too."""
_CENTURIES = range(13, 21)
_HAN_FORMS = "〇零 一壹 二贰貳两兩 三叁參 四肆 五伍 六陆陸 七柒 八捌 九玖".split()
_HAN_DIGITS = {form: digit for digit, forms in enumerate(_HAN_FORMS) for form in forms}
_HAN_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_HAN_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN_SINGLE = "零两兩二三四五六七八九"
_HAN = re.compile(f"[{''.join((*_HAN_DIGITS, *_HAN_UNITS, *_HAN_MYRIADS))}]{{2,}}|十")


@dataclass(frozen=True, slots=True)
class NumberWord:
    """A number in words at `start`:`end` of a text."""

    start: int
    end: int
    value: int
    ordinal: bool


class _Kind(Enum):
    ADDED = "added"  # "twenty", "one"
    MULTIPLIER = "multiplier"  # "hundred"
    GROUP = "group"  # "dozen": multiplies, and ends the number
    PLUS_TEN = "plus ten"  # Indonesian "belas": "dua belas" is 12
    JOIN = "join"  # "and"


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a number: its kind, its value, and whether it is an ordinal form."""

    kind: _Kind
    value: int = 0
    ordinal: bool = False


@dataclass(frozen=True, slots=True)
class _Rules:
    """How a language puts its numbers together: its parts by folded word, and the flags of `[numbers]`."""

    parts: dict[str, _Part]
    longest: int
    alone: frozenset[str]
    not_after: frozenset[str]
    flags: frozenset[str]
    prefixed_join: str
    run: re.Pattern[str] | None


@lru_cache(CACHED_TEXTS)
def number_words(text: str) -> tuple[NumberWord, ...]:
    """The numbers in words of `text`, in order, each with the longest words that make one number.

    A word that is an article or something else too where it stands alone ("ein", "second") is no number there. Linear
    in the text; any thread.
    """
    written = [(_visible(match.group()), *match.span()) for match in _WORD.finditer(text)]
    tokens = [(fold(word), start, end) for word, start, end in written]
    found = [*_han_numerals(text)]
    for language in _languages([word.casefold() for word, _, _ in written]):
        rules = _rules(language)
        found += _with_years(text, _read(text, _runs(text, rules) if rules.run else tokens, rules), rules)
    return _without_overlaps([number for number in found if not _scales_digits(text, number)])


def _scales_digits(text: str, number: NumberWord) -> bool:
    """Whether the word scales a number in digits: "2 million"."""
    return _DIGIT_BEFORE.search(text[max(0, number.start - 2) : number.start]) is not None


def _visible(word: str) -> str:
    return word.replace("\u00ad", "").replace("\u200b", "")


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
    all_parts = (_rules(language).parts.items() for language in lexicon.languages())
    return frozenset(word for parts in all_parts for word, part in parts if part.kind is not _Kind.JOIN)


def _without_overlaps(found: Sequence[NumberWord]) -> tuple[NumberWord, ...]:
    """Of numbers that share characters, the longest."""
    kept: list[NumberWord] = []
    for number in sorted(found, key=lambda n: (n.start, -n.end)):
        if not kept or number.start >= kept[-1].end:
            kept.append(number)
        elif number.end - number.start > kept[-1].end - kept[-1].start:
            kept[-1] = number
    return tuple(kept)


def _with_years(text: str, numbers: Iterable[NumberWord], rules: _Rules) -> Iterator[NumberWord]:
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


def _read(text: str, tokens: Iterable[tuple[str, int, int]], rules: _Rules) -> Iterator[NumberWord]:
    """The numbers of one language, word by word: a word that cannot go on with a number ends it and begins another."""
    number = _Number(rules)
    before, end = "", 0
    for word, start, stop in tokens:
        parts = _parts_of(word, rules)
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

    def __init__(self, rules: _Rules) -> None:
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

    def take(self, word: str, parts: tuple[_Part, ...], span: tuple[int, int], before: str) -> bool:
        """Add the parts of one word, which follows the word `before`; False, with nothing added, if it does not go on
        with this number."""
        if len(parts) > 1 and not all(copy(self)._take_all(parts)):
            return False
        if not all(self._take_all(parts)):
            return False
        if parts[-1].kind is not _Kind.JOIN:
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

    def _take_all(self, parts: tuple[_Part, ...]) -> Iterator[bool]:
        return (self._take(part, glued=at > 0) for at, part in enumerate(parts))

    def _take(self, part: _Part, *, glued: bool) -> bool:
        if part.kind is _Kind.JOIN:
            self._joined = True
            return glued or (self._start >= 0 and "joins_glued" not in self._rules.flags)
        if self._closed or (self._ordinal and not (part.ordinal or self._ordinal_goes_on(part))):
            return False
        if not self._put(part, reversed_=self._joined and (glued or bool(self._rules.prefixed_join))):
            return False
        self._ordinal = part.ordinal or (self._ordinal and self._ordinal_goes_on(part))
        self._joined = False
        return True

    def _put(self, part: _Part, *, reversed_: bool) -> bool:
        match part.kind:
            case _Kind.MULTIPLIER:
                return self._multiply(part.value)
            case _Kind.GROUP:
                return self._group(part.value)
            case _Kind.PLUS_TEN:
                return self._plus_ten()
        return self._add_reversed(part.value) if reversed_ else self._add(part.value)

    def _ordinal_goes_on(self, part: _Part) -> bool:
        """Whether `part` may follow an ordinal form: Finnish "toista", and every word behind Indonesian "kedua"."""
        return part.kind is _Kind.PLUS_TEN or "ordinal_first" in self._rules.flags

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


def _parts_of(word: str, rules: _Rules) -> tuple[_Part, ...]:
    """The parts of a number that one folded word holds; none for any other word."""
    if part := rules.parts.get(word):
        return (part,)
    if rules.prefixed_join and word.startswith(rules.prefixed_join):
        part = rules.parts.get(word[len(rules.prefixed_join) :])
        return (_Part(_Kind.JOIN), part) if part else ()
    if "glued" not in rules.flags or len(word) > _LONGEST_COMPOUND:
        return ()
    return _split(word, rules)


def _split(word: str, rules: _Rules) -> tuple[_Part, ...]:
    """`word` as known parts without a rest, the longest first; none if it is no compound of them."""
    reached: dict[int, tuple[_Part, ...]] = {0: ()}
    for at in range(len(word)):
        if at not in reached:
            continue
        for end in range(min(len(word), at + rules.longest), at, -1):
            part = rules.parts.get(word[at:end])
            if part and (end not in reached or len(reached[at]) + 1 < len(reached[end])):
                reached[end] = (*reached[at], part)
    return reached.get(len(word), ())


@cache
def _rules(language: str) -> _Rules:
    parts: dict[str, _Part] = {}
    tables = (
        ("ordinals", _Kind.ADDED, True),
        ("ordinal_multipliers", _Kind.MULTIPLIER, True),
        ("groups", _Kind.GROUP, False),
        ("cardinals", _Kind.ADDED, False),
        ("multipliers", _Kind.MULTIPLIER, False),
    )
    for table, kind, ordinal in tables:
        for value, forms in lexicon.tables(f"numbers.{table}", language).items():
            parts.update((fold(form), _Part(kind, int(value), ordinal)) for form in forms)
    parts.update((fold(word), _Part(_Kind.JOIN)) for word in lexicon.words("numbers.joins", language))
    parts.update((fold(word), _Part(_Kind.PLUS_TEN)) for word in lexicon.words("numbers.plus_ten", language))
    return _Rules(
        parts,
        max(map(len, parts), default=0),
        frozenset(map(fold, lexicon.words("numbers.alone", language))),
        frozenset(map(fold, lexicon.words("numbers.not_after", language))),
        frozenset(lexicon.words("numbers.flags", language)),
        lexicon.entry("numbers.prefixed_join", language) or "",
        _run(parts) if "unspaced" in lexicon.words("numbers.flags", language) else None,
    )


def _run(parts: Iterable[str]) -> re.Pattern[str]:
    """Two parts or more in a row, in a script without spaces; one alone may be the beginning of another word."""
    words = "|".join(sorted(map(re.escape, parts), key=len, reverse=True))
    return re.compile(rf"(?:(?:{words})[{_INVISIBLE}]?){{2,}}")


def _runs(text: str, rules: _Rules) -> Iterator[tuple[str, int, int]]:
    for match in rules.run.finditer(text) if rules.run else ():
        yield fold(_visible(match.group())), *match.span()


def _han_numerals(text: str) -> Iterator[NumberWord]:
    """Numbers in Han numerals: 三百二十, 二〇二四, 十五万."""
    for match in _han().finditer(text):
        value = _han_value(match.group())
        if value is not None:
            yield NumberWord(*match.span(), value, match.start() > 0 and text[match.start() - 1] == "第")


@cache
def _han() -> re.Pattern[str]:
    """A numeral; one digit alone only before what it counts, since it is part of many words."""
    counters = "".join(lexicon.words("numbers.counters"))
    return re.compile(f"{_HAN.pattern}|[{_HAN_SINGLE}](?=[{counters}])")


def _han_value(numeral: str) -> int | None:
    """The value of a numeral; None where its characters make none, or only a unit as in 千万."""
    if numeral[0] in _HAN_MYRIADS or (numeral[0] in _HAN_UNITS and numeral[0] not in "十拾"):
        return None
    if all(char in _HAN_DIGITS for char in numeral):
        return int("".join(str(_HAN_DIGITS[char]) for char in numeral)) if len(numeral) <= _LONGEST_DIGITS else None
    total = section = digit = 0
    for char in numeral:
        if char in _HAN_DIGITS:
            digit = _HAN_DIGITS[char]
        elif char in _HAN_UNITS:
            section, digit = section + (digit or 1) * _HAN_UNITS[char], 0
        else:
            total, section, digit = total + (section + digit or 1) * _HAN_MYRIADS[char], 0, 0
    return total + section + digit
