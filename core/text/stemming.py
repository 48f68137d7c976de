"""One light stemmer a script, for indexing, searching and comparing alike, without knowing the language.

A query of five words gives too little to tell its language, and a stem that differs between document and query finds
nothing. So the rules depend on the script alone. Latin words lose English inflections and the commonest derivations,
then everything after their seventh letter: cutting long words short does for German, Romanian or Turkish what a stemmer
of each would do, and finds the head of a German compound. The endings are `[stemming]` of core/text/lexicons/.
"""

from __future__ import annotations

import re
from functools import cache

from core.text import lexicon

MIN_STEM = 5
"""Letters that a Latin derivational ending leaves at least: "departure" and "depart" meet, "nature" stays."""
LATIN_LETTERS = 7
"""Where long Latin words are cut. Measured on twelve languages: 6 to 8 do about the same, no cut is worse."""
OTHER_LETTERS = 6
"""Where Cyrillic and Greek words are cut."""
_VOWEL = re.compile("[aeiouy]")


class _Endings:
    """A set of endings of one script."""

    def __init__(self, language: str, minimum: int) -> None:
        self._endings = frozenset(lexicon.words("stemming.endings", language))
        self._longest = max(map(len, self._endings))
        self._minimum = minimum

    def cut(self, word: str) -> str:
        """`word` without its longest ending that leaves the minimum of letters."""
        for size in range(min(self._longest, len(word) - self._minimum), 0, -1):
            if word[-size:] in self._endings:
                return word[:-size]
        return word


@cache
def _endings(language: str, minimum: int) -> _Endings:
    return _Endings(language, minimum)


def _inflected(word: str) -> str:
    """`word` without an English plural, past or progressive ending and without a final e or y."""
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("sses"):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 2 and _VOWEL.search(word, 0, len(word) - len(ending)):
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if len(word) > 4 and word[-1] in "ey" else word


def _stem_arabic(word: str) -> str:
    for prefix in lexicon.words("stemming.prefixes", "ar"):
        if word.startswith(prefix) and len(word) >= len(prefix) + 2:
            word = word[len(prefix) :]
            break
    return _endings("ar", 3).cut(word)


def stem(word: str) -> str:
    """The stem of a folded word (lower case, no accents); words with a digit and short words stay as they are."""
    if len(word) <= 3 or (not word.isalpha() and not "\u0900" <= word[0] <= "\u097f"):
        return word
    first = word[0]
    if first <= "\u024f":
        return _endings("en", MIN_STEM).cut(_inflected(word))[:LATIN_LETTERS]
    if "\u0370" <= first <= "\u03ff":
        return _endings("el", 3).cut(word)[:OTHER_LETTERS]
    if "\u0400" <= first <= "\u052f":
        return _endings("ru", 3).cut(word)[:OTHER_LETTERS]
    if "\u0600" <= first <= "\u06ff":
        return _stem_arabic(word)
    if "\u0900" <= first <= "\u097f":
        return _endings("hi", 2).cut(word)
    return word
