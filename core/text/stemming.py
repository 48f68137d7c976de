"""Word forms brought together without knowing the language: one light rule per script, for index and query alike.

A query of five words gives too little to tell its language from, and a stem that differs between document and query
finds nothing. So the rules depend on the script alone and are the same on both sides. Latin words lose English
inflections and the commonest derivations, then everything after their seventh letter: cutting long words short does for
German, Romanian or Turkish what a stemmer of each would do (and finds the head of a German compound).
"""

from __future__ import annotations

import re

MIN_STEM = 5
"""Letters that a derivational ending leaves, at least: "departure" and "depart" meet, "nature" stays."""
LATIN_LETTERS = 7
"""Where long Latin words are cut. Measured on twelve languages: 6 to 8 do about the same, no cut is worse."""
CYRILLIC_LETTERS = 6

_LATIN_ENDINGS = (
    "ational isation ization ation ition ement ment ness abl ibl anc enc ility ity iti ive iv ion ure ur er or ally al"
    " ly ful ous iz is ungen ung lichen lich keit heit cion mente en em es e"
)
"""As they look after the inflection has gone: "able" has lost its e."""

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
    "याँ यां ाओं ियों ियाँ ियां ाएँ ाएं ताओं नाओं ाने ाना ाता ाती ाते ेगा ेगी ेंगे ओं यों ों ें ीं ाँ ां ता ती ते ना नी ने या ये यी ा ी े ो ि ु ू ं"
)

_ARABIC_PREFIXES = ("وبال", "وال", "بال", "كال", "فال", "لل", "ال")
_ARABIC_ENDINGS = "يات ات ان ين ون ها هم يه يا ته ه ي"
_VOWEL = re.compile("[aeiouy]")


class _Endings:
    """A set of endings of one script, ready to be cut off."""

    def __init__(self, endings: str, minimum: int) -> None:
        self._endings = frozenset(endings.split())
        self._longest = max(map(len, self._endings))
        self._minimum = minimum

    def cut(self, word: str) -> str:
        """`word` without its longest ending that leaves the minimum of letters."""
        for size in range(min(self._longest, len(word) - self._minimum), 0, -1):
            if word[-size:] in self._endings:
                return word[:-size]
        return word


_LATIN = _Endings(_LATIN_ENDINGS, MIN_STEM)
_CYRILLIC = _Endings(_CYRILLIC_ENDINGS, 3)
_GREEK = _Endings(_GREEK_ENDINGS, 3)
_HINDI = _Endings(_HINDI_ENDINGS, 2)
_ARABIC = _Endings(_ARABIC_ENDINGS, 3)


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
    for prefix in _ARABIC_PREFIXES:
        if word.startswith(prefix) and len(word) >= len(prefix) + 2:
            word = word[len(prefix) :]
            break
    return _ARABIC.cut(word)


def stem(word: str) -> str:
    """The stem of a folded word (lower case, no accents); words with a digit and short words stay as they are."""
    if len(word) <= 3 or (not word.isalpha() and not "\u0900" <= word[0] <= "\u097f"):
        return word
    first = word[0]
    if first <= "\u024f":
        return _LATIN.cut(_inflected(word))[:LATIN_LETTERS]
    if "\u0370" <= first <= "\u03ff":
        return _GREEK.cut(word)[:CYRILLIC_LETTERS]
    if "\u0400" <= first <= "\u052f":
        return _CYRILLIC.cut(word)[:CYRILLIC_LETTERS]
    if "\u0600" <= first <= "\u06ff":
        return _stem_arabic(word)
    if "\u0900" <= first <= "\u097f":
        return _HINDI.cut(word)
    return word
