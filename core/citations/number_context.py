"""Checks that a number of a claim counts the same thing in the passage: the words around it, its unit, and the row and
column of a table are compared with those around the passage's other numbers.

A number fits where the words around it are found around the same number in the passage, at about the same distance.
It is out of place where another number of the passage fits there clearly better. The constants below were set on the
altered sentences of tests/bench/bench_citations.py, by the share of swapped numbers caught and of true ones doubted.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate, pairwise

from core.text import lexicon
from core.text.normalization import NUMBER, content_words, normalise, numbers_in
from core.text.scripts import UNSPACED
from core.text.sentences import sentence_spans

# What is looked at.
REACH = 40  # words on either side of a number that are its context; a table without line breaks has no sentence end
SHORT_SENTENCE = 60  # characters; the sentence before a shorter one says what its numbers count
MOST_RIVALS = 200  # other numbers of the passage that one is compared with
MOST_WITH_A_WORD = 2000  # numbers of the passage that are found by one word
MOST_CELLS = 100  # of a row; a longer one is read as a sentence, not each cell beside each other one
CACHED_PASSAGES = 16  # a table of 4,000 characters takes some megabytes

# When a number fits.
LEAST_SHARE = 0.34  # of the words within NEAR of a number that must be in the context of the passage's number
NEAR = 6  # words
MARGIN = 0.05  # by which another number has to fit better to put this one in doubt

# How well it fits.
FULL_DISTANCE = 14  # words; greater differences of distance count the same
DISTANCE_WEIGHT = 0.6  # share of a word's weight that the greatest difference of distance takes
HALVING = 4  # words of distance at which a word weighs half
NUMBER_WEIGHT = 3.0  # of another number in the context: "140 in 2021" is not "140 in 2022"
BESIDE_WEIGHT = 0.75  # of the words right before and after, common ones too: "from 3 to 5" is not "from 5 to 3"
SENTENCE_BEFORE = 1000  # distance given to words of the sentence before
SENTENCE_BEFORE_WEIGHT = 0.3

_TOKEN = re.compile(rf"{NUMBER.pattern}|[^\W\d_]+(?:['’-][^\W_]+)*|[%€$£¥‰°;]")
_CLAUSE_MARK = ";"
_FOOTNOTE = re.compile(r"\[\d{1,4}\]")
_CELL = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"^[\s|:-]+$")  # the line below the head of a Markdown table
_CURRENCIES = "€$£¥"
_SYMBOLS = {
    "%": "percent",
    "%point": "percent",
    "‰": "permille",
    "€": "euro",
    "eur": "euro",
    "$": "dollar",
    "usd": "dollar",
    "m": "metre",
    "km": "kilometre",
    "kg": "kilogram",
    "g": "gram",
}


@dataclass(frozen=True, slots=True)
class NumberContext:
    """A number of a text with its context: its written `values`, the distance in words of each word around it, the
    words right before and after it, and its unit ("day") if it is a known one."""

    values: frozenset[str]
    around: Mapping[str, int]
    before: str
    after: str
    unit: str | None

    @property
    def is_year(self) -> bool:
        """Whether it may be a year from 1500 to 2099."""
        if self.unit not in (None, "year"):
            return False
        return all(len(value) == 4 and value.isdigit() and "1500" <= value < "2100" for value in self.values)


def numbers_fit(claim: str, passage: str) -> bool:
    """Whether each number of `claim` has the context in `passage` that it has in `claim`, and no other number there
    has it clearly more."""
    index = _index(passage)
    return all(_fits(number, index) for number in number_contexts(claim))


@dataclass(frozen=True, slots=True)
class _Index:
    """The numbers of a passage by value and by word. `weights` say how well a word tells numbers apart: one around a
    single number more than one around all."""

    numbers: Sequence[NumberContext]
    by_value: Mapping[str, Sequence[int]]
    by_word: Mapping[str, Sequence[int]]
    weights: Mapping[str, float]

    def most_alike(self, number: NumberContext) -> list[NumberContext]:
        """The numbers that share the most words of context with `number`."""
        shared = Counter(n for word in number.around for n in self.by_word.get(word, ())[:MOST_WITH_A_WORD])
        return [self.numbers[n] for n, _ in shared.most_common(MOST_RIVALS)]


@lru_cache(CACHED_PASSAGES)
def _index(passage: str) -> _Index:
    found = number_contexts(passage)
    by_value: dict[str, list[int]] = {}
    by_word: dict[str, list[int]] = {}
    counts: Counter[str] = Counter()
    for n, number in enumerate(found):
        for value in number.values:
            by_value.setdefault(value, []).append(n)
        for word, distance in number.around.items():
            by_word.setdefault(word, []).append(n)
            counts[word] += distance < SENTENCE_BEFORE
    whole = math.log(1 + len(found)) if found else 1.0
    weights = {word: math.log(1 + len(found) / count) / whole for word, count in counts.items() if count}
    return _Index(found, by_value, by_word, weights)


def _fits(number: NumberContext, index: _Index) -> bool:
    equal = [index.numbers[n] for n in index.by_value.get(min(number.values), ())]
    equal = [other for other in equal if number.values <= other.values]
    if not equal or not number.around:
        return True  # part of a date or a code, which is compared elsewhere
    fitting = [other for other in equal if _units_agree(number, other)]
    if not fitting or max(_shared(number, other) for other in fitting) < LEAST_SHARE:
        return False
    measure = _Measure.of(number, index.weights)
    best = max(measure.fit(other) for other in fitting)
    rivals = (
        other for other in index.most_alike(number) if not number.values & other.values and _comparable(number, other)
    )
    return all(measure.fit(other) <= best + MARGIN for other in rivals)


def _comparable(number: NumberContext, other: NumberContext) -> bool:
    """Whether one could take the other's place: a year takes a number's only between the very same words."""
    same = (number.before, number.after) == (other.before, other.after)
    return number.is_year == other.is_year or (same and bool(number.before or number.after))


def _shared(number: NumberContext, other: NumberContext) -> float:
    """The share of the words near `number` that are in the context of `other`."""
    near = [word for word, distance in number.around.items() if distance <= NEAR]
    return sum(word in other.around for word in near) / len(near) if near else 1.0


def _units_agree(number: NumberContext, other: NumberContext) -> bool:
    return number.unit is None or other.unit is None or number.unit == other.unit


@dataclass(frozen=True, slots=True)
class _Measure:
    """Measures how well a place fits a number: each word of its context with distance and weight, and their sum."""

    number: NumberContext
    words: Sequence[tuple[str, int, float]]
    whole: float

    @classmethod
    def of(cls, number: NumberContext, weights: Mapping[str, float]) -> _Measure:
        words = [
            (word, distance, weights.get(word, 1.0) * cls._weight(word, distance))
            for word, distance in number.around.items()
        ]
        beside = BESIDE_WEIGHT * (bool(number.before) + bool(number.after))
        return cls(number, words, sum(weight for _, _, weight in words) + beside)

    @staticmethod
    def _weight(word: str, distance: int) -> float:
        return (NUMBER_WEIGHT if word[0].isdigit() else 1.0) / (1 + distance / HALVING)

    def fit(self, other: NumberContext) -> float:
        """The weighted share, 0 to 1, of the number's context that `other` has; equal distances count most."""
        if not self.whole:
            return 0.0
        have = 0.0
        for word, distance, weight in self.words:
            if (found := other.around.get(word)) is not None:
                apart = min(abs(found - distance), FULL_DISTANCE) / FULL_DISTANCE
                before = SENTENCE_BEFORE_WEIGHT if found == SENTENCE_BEFORE else 1.0
                have += weight * (1 - DISTANCE_WEIGHT * apart) * before
        have += BESIDE_WEIGHT * (bool(self.number.before) and self.number.before == other.before)
        have += BESIDE_WEIGHT * (bool(self.number.after) and self.number.after == other.after)
        return have / self.whole


@lru_cache(CACHED_PASSAGES)
def number_contexts(text: str) -> tuple[NumberContext, ...]:
    """The numbers of `text` in order, with their contexts."""
    found: list[NumberContext] = []
    header: list[str] = []
    before = ""
    text = _FOOTNOTE.sub(" ", unicodedata.normalize("NFKC", text))
    spans = [text[start:end] for start, end in sentence_spans(text)]
    for sentence, following in pairwise([*spans, ""]):
        cells = _cells(sentence)
        if cells is None or len(cells) > MOST_CELLS:
            header = []
            found += _of_sentence(sentence, before if len(sentence) < SHORT_SENTENCE else "")
        elif _RULE.match(sentence):
            continue
        elif not header:
            header = cells
            found += _of_sentence(sentence, before)
        else:
            found += _of_row(cells, header)
        before = sentence if cells is None or following else ""
    return tuple(found)


def _cells(sentence: str) -> list[str] | None:
    if not sentence.lstrip().startswith("|"):
        return None
    return [cell.strip() for cell in _CELL.split(sentence.strip().strip("|"))]


def _of_row(cells: Sequence[str], header: Sequence[str]) -> Iterator[NumberContext]:
    """A cell's number is near the first cell of its row and the head of its column, and far from the other cells."""
    for at, cell in enumerate(cells):
        head = header[at] if at < len(header) else ""
        label = cells[0] if at else ""
        rest = " ".join(other for n, other in enumerate(cells) if n not in (0, at))
        heads = "" if at else " ".join(header)
        for number in _of_sentence(cell, ""):
            around = dict(number.around)
            for text, distance in ((head, 2), (label, 2), (rest, FULL_DISTANCE), (heads, FULL_DISTANCE)):
                for word in _words(text):
                    around.setdefault(word, distance)
            yield replace(number, around=around)
        yield from _of_head(head, f"{label} {cell}") if at else ()


def _of_head(head: str, row: str) -> Iterator[NumberContext]:
    """A number in the head of a column is near each cell below it: 2021 is the year of its sales."""
    for number in _of_sentence(head, ""):
        yield replace(number, around={**dict.fromkeys(_words(row), 2), **number.around})


def _words(text: str) -> list[str]:
    return [*content_words(normalise(text)), *numbers_in(text)]


def _of_sentence(sentence: str, before: str) -> Iterator[NumberContext]:
    found = list(_tokens(sentence))
    tokens, ends = [(token, words) for token, words, _ in found], [end for _, _, end in found]
    clauses = list(accumulate(token in _conjunctions() for token, _ in tokens))
    ahead = dict.fromkeys(_words(before), SENTENCE_BEFORE)
    for at, (token, values) in enumerate(tokens):
        if not token[0].isdigit():
            continue
        around = dict(ahead)
        for other in range(max(0, at - REACH), min(len(tokens), at + REACH + 1)):
            for word in tokens[other][1] if other != at else ():
                distance = abs(other - at)
                if clauses[at] != clauses[other] and (word[0].isdigit() or word in _directions()):
                    continue  # of the other half of "140 in 2021 and 165 in 2022"
                around[word] = min(around.get(word, distance), distance)
        left, right = tokens[at - 1][0] if at else "", tokens[at + 1][0] if at + 1 < len(tokens) else ""
        if UNSPACED.search(left + right):
            left, right = left[-1:], right[:1]
        unit = _unit_after(sentence[ends[at] : ends[at] + _LONGEST_UNIT]) or (
            _units().get(left) if left in _CURRENCIES else None
        )
        yield NumberContext(frozenset(values), around, left, right, unit)


def _unit_after(text: str) -> str | None:
    found = _unit_pattern().match(text.casefold())
    return _units()[found[1]] if found else None


def _tokens(sentence: str) -> Iterator[tuple[str, list[str], int]]:
    """Each word or number folded, the keys it is compared by (none for a common word), and the offset of its end."""
    for match in _TOKEN.finditer(sentence):
        token = match.group()
        if token[0].isdigit():
            yield token, sorted(numbers_in(token)), match.end()
        elif UNSPACED.search(token):
            yield from ((pair, [pair], match.end()) for pair in _pairs(normalise(token)))
        else:
            yield normalise(token) or token, content_words(normalise(token)), match.end()


def _pairs(run: str) -> Iterator[str]:
    for at in range(0, max(1, len(run) - 1)):
        yield run[at : at + 2]


_LONGEST_UNIT = 40  # characters


@cache
def _conjunctions() -> frozenset[str]:
    return frozenset((_CLAUSE_MARK, *map(normalise, lexicon.words("meaning.conjunctions"))))


@cache
def _directions() -> frozenset[str]:
    """The keys of words for going up and down."""
    return frozenset(lexicon.tables("meaning.synonyms"))


@cache
def _units() -> Mapping[str, str]:
    """The unit that each word and symbol names; scales ("million") are units too."""
    named = {word: unit for unit, forms in lexicon.tables("quantities.units").items() for word in forms}
    scales = {word: scale for scale, forms in lexicon.tables("quantities.scales").items() for word in forms}
    return _SYMBOLS | {normalise(word): unit for word, unit in named.items()} | named | scales


@cache
def _unit_pattern() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, _units()), key=len, reverse=True))
    return re.compile(rf"[ \u00a0\u202f-]?({words})(?![a-zà-ž])")
