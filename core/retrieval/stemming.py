"""Word forms brought together without knowing the language: one light suffix rule per script, for index and query alike.

A query of five words gives too little to tell its language from, and a stem that differs between document and query
finds nothing. So the rules depend on the script alone and are the same on both sides. They are light on purpose: an
ending goes only if a stem of `MIN_STEM` letters stays.
"""

from __future__ import annotations

import re

MIN_STEM = 3

_LATIN_ENDINGS = (
    "ational isation ization fulness ousness iveness tional ements ations ingly edly ments ation ities ement ables"
    " ibles ances ences ising izing ungen ingen erung lich liche lichen heiten keiten heit keit amente mente ciones"
    " cion iones ados adas idos idas ando iendo aron ieron aban ment ness able ible ance ence ised ized ling ings"
    " ions ives ies ied ier iest ers ing eed est ung ern ens ent ion ive ity ous ful ate ise ize ado ada ido ida"
    " ed es er en em et ly al ic ar ir or os as is us um a e i o s y n"
)
"""Endings of English first, then of German, the Romance languages and Romanian, longest match wins."""

_CYRILLIC_ENDINGS = (
    "иями ями ами иях иям ием ого его ому ему ыми ими ость ости остью ение ения ению ении ений ывать ировать"
    " ая яя ое ее ые ие ый ий ой ей ую юю ых их ым им ом ем ам ям ах ях ов ев ия ии ию ью ть ла ло ли на но ны ет ит"
    " ут ют ат ят а я о е ы и у ю ь й"
)

_GREEK_ENDINGS = (
    "ματων ματος ματα ουσες ουσα ωντας οντας ησεις ησης ηση ικους ικων ικες ικος ικου ικης ικη ικο ικα"
    " ονται εται ουν ους εις ους ων ων ος ου οι ες ης ας ια ιο εσ α η ο ε ι υ ς σ ν"
)

_HINDI_ENDINGS = (
    "ाओं ियों ियाँ ियां ाएँ ाएं ताओं नाओं ाने ाना ाता ाती ाते ेगा ेगी ेंगे ओं यों ों ें ीं ाँ ां ता ती ते ना नी ने या ये यी ा ी े ो ि ु ू ं"
)

_ARABIC_PREFIXES = ("وبال", "وال", "بال", "كال", "فال", "لل", "ال")
_ARABIC_ENDINGS = "يات ات ان ين ون ها هم يه يا ته ه ي"
_VOWELS = re.compile("[aeiouy]")
_DOUBLED = re.compile(r"([bdfgklmnprt])\1$")


def _ending(word: str, endings: frozenset[str], longest: int, minimum: int) -> int:
    """The length of the longest ending of `word` that leaves `minimum` letters, 0 for none."""
    for size in range(min(longest, len(word) - minimum), 0, -1):
        if word[-size:] in endings:
            return size
    return 0


class _Endings:
    """A set of endings of one script, ready to be cut off."""

    def __init__(self, endings: str, minimum: int) -> None:
        self._endings = frozenset(endings.split())
        self._longest = max(map(len, self._endings))
        self._minimum = minimum

    def cut(self, word: str) -> str:
        size = _ending(word, self._endings, self._longest, self._minimum)
        return word[: len(word) - size] if size else word


_LATIN = _Endings(_LATIN_ENDINGS, MIN_STEM + 1)
_CYRILLIC = _Endings(_CYRILLIC_ENDINGS, MIN_STEM)
_GREEK = _Endings(_GREEK_ENDINGS, MIN_STEM)
_HINDI = _Endings(_HINDI_ENDINGS, 2)
_ARABIC = _Endings(_ARABIC_ENDINGS, MIN_STEM)


def _stem_latin(word: str) -> str:
    stem = _LATIN.cut(word)
    if stem is word or not _VOWELS.search(stem):
        return word
    return _DOUBLED.sub(r"\1", stem)


def _stem_arabic(word: str) -> str:
    for prefix in _ARABIC_PREFIXES:
        if word.startswith(prefix) and len(word) >= len(prefix) + 2:
            word = word[len(prefix) :]
            break
    return _ARABIC.cut(word)


def stem(word: str) -> str:
    """The stem of a folded word (lower case, no accents); words with a digit and short words stay as they are."""
    if len(word) <= MIN_STEM or not word.isalpha() and not "\u0900" <= word[0] <= "\u097f":
        return word
    first = word[0]
    if first <= "\u024f":
        return _stem_latin(word)
    if "\u0370" <= first <= "\u03ff":
        return _GREEK.cut(word)
    if "\u0400" <= first <= "\u052f":
        return _CYRILLIC.cut(word)
    if "\u0600" <= first <= "\u06ff":
        return _stem_arabic(word)
    if "\u0900" <= first <= "\u097f":
        return _HINDI.cut(word)
    return word
