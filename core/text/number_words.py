"""Finds numbers written in words, in every language whose file in lexicons/ has `[numbers]`, and Han numerals.

A number is read from its parts, as CLDR's spelling rules put them together: words that are added ("twenty", "one"),
words that multiply ("hundred", "thousand") and words that join. Glued compounds ("einundzwanzig") are split first.
tests/bench/bench_number_words.py measures this and text2num 3.1, which reads eight of these languages: of CLDR's
ordinals it reads 54 % (es) to 99.9 % (de, nl) right, this 99.9 % and more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

from core.text import lexicon
from core.text.han_numerals import han_numerals
from core.text.language import likely_languages
from core.text.normalization import CACHED_TEXTS, fold
from core.text.number_parser import GAP, ParsedNumber, Token, read_numbers
from core.text.number_parts import (
    INVISIBLE,
    LONGEST_COMPOUND,
    NumberRules,
    PartKind,
    number_rules,
    number_runs,
    parts_of,
    visible,
    with_accents,
)
from core.text.scripts import SIGNS

_WORD = re.compile(rf"(?:[^\W\d_]|[{SIGNS}{INVISIBLE}])+")
_DIGIT_BEFORE = re.compile(r"\d[ \u00a0\u202f-]?$")
_LONGEST_CONTEXT = 24  # characters beside a number that can change what it is
_VOTERS = 2000  # words by which a text's language is told
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


def number_words(text: str, languages: Collection[str] | None = None) -> tuple[NumberWord, ...]:
    """Find the numbers in words of `text`, in order, each with the longest words that make one number.

    `languages` are ISO 639-1 codes; without them the function words of the text tell. A word that is an article or
    something else too where it stands alone ("ein", "second") is no number there, and neither is a part of a fraction
    ("two thirds"). Linear in the text; any thread.
    """
    return _number_words(text, None if languages is None else frozenset(languages))


@lru_cache(CACHED_TEXTS)
def _number_words(text: str, languages: frozenset[str] | None) -> tuple[NumberWord, ...]:
    tokens = [(visible(match.group()).casefold(), *match.span()) for match in _WORD.finditer(text)]
    spelt = _spellings(tokens)
    found = [NumberWord(*numeral) for numeral in han_numerals(text)]
    for language in _readable(languages) or _languages(tokens):
        rules = number_rules(language)
        if rules.run:
            runs = list(number_runs(text, rules))
            found += _in_one_language(text, runs, _spellings(runs)[rules.spell], rules)
        else:
            found += _in_one_language(text, tokens, spelt[rules.spell], rules)
    return _without_overlaps([number for number in found if not _scales_digits(text, number)])


def _spellings(tokens: Iterable[Token]) -> Mapping[Callable[[str], str], Mapping[str, str]]:
    """Each word that may hold a number, as each way to spell it writes it."""
    words = {word for word, _, _ in tokens if len(word) <= LONGEST_COMPOUND}
    return {spell: {word: spell(word) for word in words} for spell in (fold, with_accents)}


def _in_one_language(
    text: str, tokens: Sequence[Token], spelt: Mapping[str, str], rules: NumberRules
) -> Iterable[NumberWord]:
    parts = {word: found for word, spelling in spelt.items() if (found := parts_of(spelling, rules))}
    if not parts:
        return ()
    return _with_years(text, _in_context(text, read_numbers(text, tokens, parts, rules), rules), rules)


def _in_context(text: str, numbers: Iterable[ParsedNumber], rules: NumberRules) -> Iterator[NumberWord]:
    """Yield what each number is beside the words around it: nothing where it is a word for something else."""
    fraction: ParsedNumber | None = None
    for number in numbers:
        if fraction is not None and not _is_fraction(text, fraction, number, rules):
            yield from _one_in_context(text, fraction, rules)
        elif fraction is not None:
            fraction = None
            continue
        fraction = number
    if fraction is not None:
        yield from _one_in_context(text, fraction, rules)


def _is_fraction(text: str, above: ParsedNumber, below: ParsedNumber, rules: NumberRules) -> bool:
    """Whether two numbers side by side are "two fifths"."""
    return (
        "fractions" in rules.flags
        and below.is_ordinal
        and not above.is_ordinal
        and 0 < above.value < below.value
        and below.value > 2
        and GAP.fullmatch(text, above.end, below.start) is not None
    )


def _one_in_context(text: str, number: ParsedNumber, rules: NumberRules) -> Iterator[NumberWord]:
    spell, context = rules.spell, rules.context
    before = text[max(0, number.start - _LONGEST_CONTEXT) : number.start]
    start, value, ordinal = number.start, number.value, number.is_ordinal
    if context.ordinal and context.ordinal.search(before):
        ordinal = True
    elif number.words == 1 and (spell(number.first) in rules.alone or spell(number.before) in rules.not_after):
        return
    if number.words == 1 and _is_other_word(text, number, rules):
        return
    if context.fraction_after and context.fraction_after.match(text, number.end):
        return
    if ordinal and value > 2 and context.part_before and context.part_before.search(before):
        if context.part_after and context.part_after.match(text, number.end):
            return
    if value == 1 and not ordinal and _is_article(text, number, rules):
        return
    if number.is_group and context.half and (half := context.half.search(before)):
        start, value = start - len(before) + half.start(), value // 2
    yield NumberWord(start, number.end, value, ordinal)


def _is_other_word(text: str, number: ParsedNumber, rules: NumberRules) -> bool:
    """Whether the words around a number word make it another word: Italian "tu sei"."""
    phrases = rules.context.other_words
    first = max(0, number.start - _LONGEST_CONTEXT)
    beside = text[first : number.end + _LONGEST_CONTEXT]
    return phrases is not None and any(
        match.start() <= number.start - first and number.end - first <= match.end()
        for match in phrases.finditer(beside)
    )


def _is_article(text: str, number: ParsedNumber, rules: NumberRules) -> bool:
    """Whether a "one" counts nothing: "no one", "one of them"."""
    after = rules.context.article_after
    if rules.spell(number.before) in rules.one_not_after:
        return True
    return after is not None and after.match(text, number.end) is not None


def _scales_digits(text: str, number: NumberWord) -> bool:
    """Whether the word scales a number in digits: "2 million"."""
    return _DIGIT_BEFORE.search(text[max(0, number.start - 2) : number.start]) is not None


def _readable(languages: Iterable[str] | None) -> tuple[str, ...]:
    """Those of `languages` whose number words are known."""
    return tuple(sorted(set(languages or ()) & set(_with_numbers())))


def _languages(tokens: Iterable[Token]) -> tuple[str, ...]:
    """The languages to read: those of the text's function words, else all that have number words."""
    telling = [word for word, _, _ in islice(tokens, _VOTERS) if fold(word) not in _words_of_numbers()]
    known = _with_numbers()
    likely = (language for language in likely_languages(telling, share=NEARLY_AS_MANY) if language in known)
    return tuple(likely) or known


@cache
def _with_numbers() -> tuple[str, ...]:
    return tuple(language for language in lexicon.languages() if lexicon.entry("numbers.cardinals", language))


@cache
def _words_of_numbers() -> frozenset[str]:
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


def _are_year(text: str, century: NumberWord, year: NumberWord, rules: NumberRules) -> bool:
    if century.value not in _CENTURIES or not 0 < year.value < 100 or century.ordinal:
        return False
    zero = rules.context.year_zero
    joint = GAP if year.value >= 10 else zero
    return joint is not None and joint.fullmatch(text, century.end, year.start) is not None


def _with_years(text: str, numbers: Iterable[NumberWord], rules: NumberRules) -> Iterator[NumberWord]:
    """`numbers`, two halves of an English year joined: "nineteen eighty-four"."""
    before: NumberWord | None = None
    for number in numbers:
        if before is not None and "years" in rules.flags and _are_year(text, before, number, rules):
            before = NumberWord(before.start, number.end, before.value * 100 + number.value, number.ordinal)
            continue
        if before is not None:
            yield before
        before = number
    if before is not None:
        yield before
