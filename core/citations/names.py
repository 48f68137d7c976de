"""Checks that the names of a claim appear in the passage: capitalised words, also the first word of a sentence, and in
scripts without capitals the characters that take the place of others."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from core.citations.cjk_substitution import KATAKANA, is_substituted
from core.text import lexicon
from core.text.language import function_words
from core.text.months import month_names, plain_letters
from core.text.normalization import CACHED_TEXTS, LATIN_RUN, WORD, Words, common_words, fold, normalise, words_of
from core.text.scripts import UNSPACED

_DATE = re.compile(r"\b(\d{1,4})[-/.年]\s?(\d{1,2})(?:[-/.月]\s?(\d{1,4}))")
_ENDINGS = ("s", "es", "e", "n", "en", "er", "em", "’s", "'s")
"""By which two forms of one name may differ: plural, genitive, German cases."""
_FOLLOWING = 4  # words after a name that identify where it stands in the passage
_OPENING_CHARS = 400  # of a claim, in which its first words are looked for
_NUMBERED = re.compile(r"(?<![A-Za-z])([A-Za-z]++)[-\u2010\u2011](\d++)(?![\w-])")
_APART = re.compile(r"(?<![A-Za-z])([A-Za-z]++)[ \u00a0]?(\d++)(?![\w])")
_BEFORE_FIRST = " \"'“‘(*_-"


def has_names(claim: str, passage: str) -> bool:
    """Whether `passage` has every name of `claim`, as far as a name can be told from another word."""
    words = words_of(normalise(passage))
    if not all(_has_name(name, words, passage) for name in _names(claim)):
        return False
    numbered = {name.lower() + number for name, number in _NUMBERED.findall(claim)}
    if numbered and numbered - _numbered(passage):
        return False
    return not _opens_with_another(claim, passage, words) and not is_substituted(claim, passage)


@lru_cache(CACHED_TEXTS)
def _numbered(text: str) -> frozenset[str]:
    """Names with a number, however a passage joins them: "GPT-4", "rrf 3", "A320"."""
    found = (*_NUMBERED.findall(text), *_APART.findall(text))
    return frozenset(name.lower() + number for name, number in found)


def _names(claim: str) -> list[str]:
    """Folded words that look like names: capitalised inside the sentence, or with capitals or digits within."""
    names: list[str] = []
    common = common_words(normalise(claim))
    opening = len(claim) - len(claim.lstrip(_BEFORE_FIRST))
    for match in WORD.finditer(claim):
        word = match.group()
        if UNSPACED.search(word):
            names += [normalise(run) for run in LATIN_RUN.findall(word) if not run.islower()]
            continue
        first = match.start() <= opening
        inner = any(c.isupper() for c in word[1:]) or (any(map(str.isdigit, word)) and any(map(str.isalpha, word)))
        if inner or (word[0].isupper() and not first and len(word) > 1):
            folded = normalise(word)
            if folded not in common:
                names.append(folded)
    return [*names, *KATAKANA.findall(claim)]


def _has_name(name: str, words: Words, passage: str) -> bool:
    """Whether the passage has `name`, written the same but for an ending. A month may be in a date of digits."""
    if KATAKANA.match(name):
        return name in passage
    if (number := month_names().get(plain_letters(name))) and _has_month(number, words, passage):
        return True
    forms = {name, *(name + ending for ending in _ENDINGS)}
    forms |= {name.removesuffix(ending) for ending in _ENDINGS if len(name) - len(ending) >= 3}
    return not forms.isdisjoint(words.written) or (len(name) > 3 and name in words.text and "-" in words.text)


def _has_month(number: int, words: Words, passage: str) -> bool:
    """Whether month `number` is named in any language, or in a date such as 2022-05-03, 03.05.2022 or 5/3/22."""
    if any(month == number and name in words.written for name, month in month_names().items()):
        return True
    return number in _numbers_of_dates(passage)


@lru_cache(CACHED_TEXTS)
def _numbers_of_dates(passage: str) -> frozenset[int]:
    """The numbers of the dates in digits."""
    return frozenset(int(number) for date in _DATE.findall(passage) for number in date if number)


def _opens_with_another(claim: str, passage: str, words: Words) -> bool:
    """Whether `claim` begins with a name that the passage lacks: one with "'s", or one where the passage has another
    name before the same words."""
    tokens = [match.group() for match in WORD.finditer(claim[:_OPENING_CHARS])]
    if len(tokens) < 2 or UNSPACED.search(claim[:40]) or not tokens[0][0].isupper() or len(tokens[0]) < 2:
        return False
    first = normalise(tokens[0])
    if first in _no_names() or _has_name(first, words, passage):
        return False
    if tokens[0].endswith(("'s", "’s")):
        return True
    in_claim = frozenset(normalise(claim).split())
    following = [normalise(token) for token in tokens[1 : 1 + _FOLLOWING]]
    return any(
        name not in in_claim and sum(word in after for word in following) >= min(3, len(following))
        for name, after in _names_with_following_words(passage)
    )


@lru_cache(CACHED_TEXTS)
def _names_with_following_words(passage: str) -> tuple[tuple[str, frozenset[str]], ...]:
    tokens = [match.group() for match in WORD.finditer(passage)]
    folded = [normalise(token) for token in tokens]
    return tuple(
        (folded[at], frozenset(folded[at + 1 : at + 3 + _FOLLOWING]))
        for at, token in enumerate(tokens)
        if token[0].isupper() and len(token) > 1 and folded[at] not in _no_names()
    )


@cache
def _no_names() -> frozenset[str]:
    """Folded words that open a sentence with a capital without being names."""
    return frozenset(map(fold, (*function_words(), *lexicon.words("words.openers"), *lexicon.words("words.source"))))
