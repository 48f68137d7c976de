"""Which language a text is in, by its function words: what an English embedding model makes of others is noise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from core.text import lexicon

_WORD = re.compile(r"[^\W\d_]+")
FOREIGN_LETTERS = 0.2
"""Share of letters of other scripts that a Latin text may have."""
ACCENTED_LETTERS = 0.05
"""Share of letters with accents above which a text is not English where another language has as many votes."""

NEARLY_AS_MANY = 0.75
"""Share of the votes of the first language with which another one may be the text's."""


def function_words() -> tuple[str, ...]:
    """The words of all languages that only hold a sentence together."""
    return lexicon.words("words.function")


def is_latin(text: str) -> bool:
    """Whether hardly any letter of `text` is of another script."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum(not _is_latin(letter) for letter in letters) <= FOREIGN_LETTERS * len(letters)


def is_english(text: str) -> bool:
    """Whether `text` is English or may be: names and numbers belong to every language."""
    words = _WORD.findall(text.casefold())
    letters = "".join(words)
    if not letters or not is_latin(letters):
        return not letters
    votes = language_votes(words)
    accented = sum(not letter.isascii() for letter in letters)
    others = max(count for language, count in votes.items() if language != "en")
    return (votes["en"] >= others and accented <= ACCENTED_LETTERS * len(letters)) or votes["en"] > 2 * others


def language_votes(words: Iterable[str], spell: Callable[[str], str] = str) -> dict[str, float]:
    """How many of `words` are function words of each language; shared ones are divided among them. `words` are
    casefolded, or changed further by `spell`, which the function words then are too."""
    votes = dict.fromkeys(lexicon.languages(), 0.0)
    languages_of = _languages_of(spell)
    for word in words:
        for language in (found := languages_of.get(word, ())):
            votes[language] += 1 / len(found)
    return votes


def likely_languages(
    words: Iterable[str], spell: Callable[[str], str] = str, share: float = NEARLY_AS_MANY
) -> tuple[str, ...]:
    """The languages that `words`, as `language_votes` takes them, may be in: the one with the most votes, and any with
    `share` of them."""
    votes = language_votes(words, spell)
    most = max(votes.values())
    return tuple(language for language, count in votes.items() if most and count >= share * most)


@cache
def _languages_of(spell: Callable[[str], str]) -> Mapping[str, tuple[str, ...]]:
    languages: dict[str, tuple[str, ...]] = {}
    for language in lexicon.languages():
        for word in dict.fromkeys(map(spell, lexicon.words("words.function", language))):
            languages[word] = (*languages.get(word, ()), language)
    return languages


def _is_latin(letter: str) -> bool:
    return letter.isascii() or letter <= "\u024f" or unicodedata.name(letter, "").startswith("LATIN")
