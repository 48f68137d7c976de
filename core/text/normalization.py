"""One normalisation of text for indexing, searching and comparing: letters folded, words and numbers in one form."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from core.text import lexicon
from core.text.language import likely_languages
from core.text.scripts import SIGNS, UNSPACED
from core.text.stemming import stem

_LETTERS = rf"(?:[^\W_]|[{SIGNS}])+"
WORD = re.compile(rf"{_LETTERS}(?:['’]{_LETTERS})?")
NUMBER = re.compile(r"\d+(?:[.,:/ \u00a0\u202f]\d+)*")
LATIN_RUN = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f]+")
"""A Latin word inside a run of another script, with no space between: "OsloにあるRIAI"."""
CACHED_TEXTS = 512
"""Texts whose words are kept: many sentences are compared with the same passages."""
_CACHED_WORDS = 8192
_ARABIC_SIGNS = {ord(c): None for c in map(chr, (*range(0x610, 0x61B), *range(0x64B, 0x660), 0x670, 0x640))}
_ARABIC_LETTERS = str.maketrans("أإآٱىة", "ااااىه") | {ord("ى"): "ي"}
_LATIN_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th"}
)
_LETTERS_FOLDED = _ARABIC_SIGNS | _ARABIC_LETTERS
_ACCENTS = re.compile("[\u0300-\u036f]+")
_NUKTA = "\u093c"
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_EMPHASIS = re.compile(r"[*`~]")


def fold(text: str) -> str:
    """`text` in small letters without the accents of Latin, Greek and Cyrillic letters, without Arabic vowel signs and
    Hindi dots, which are written or left out at will. Combining signs of other scripts are letters and stay."""
    text = text.casefold()
    if text.isascii():
        return text
    text = text.translate(_LETTERS_FOLDED)
    apart = unicodedata.normalize("NFD", text)
    if apart != text:
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", apart))
    return text.replace(_NUKTA, "").translate(_LATIN_LETTERS)


@lru_cache(CACHED_TEXTS)
def normalise(text: str) -> str:
    """`text` folded for comparison: compatibility forms, dashes, emphasis and white space in one form."""
    if not text.isascii():
        text = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    text = _EMPHASIS.sub("", fold(text)).replace("_", " ")  # snake_case falls into its words, on both sides
    return " ".join(text.split()).strip(" .,:;!?")


def content_words(normalised: str) -> list[str]:
    """The stems of the words that carry content, in order: no common words, and no numbers, which are compared on their
    own. Runs of scripts without spaces give overlapping pairs of characters. `normalised` comes from `normalise`."""
    words: list[str] = []
    common = common_words(normalised)
    for word in WORD.findall(normalised):
        if UNSPACED.search(word):
            pairs = (word[i : i + 2] for i in range(max(1, len(word) - 1)))
            words.extend(pair for pair in pairs if pair not in common and not any(c.isdigit() for c in pair))
        elif word not in common and not word[0].isdigit() and len(word) > 1:
            words.append(word_key(word))
    return words


@lru_cache(CACHED_TEXTS)
def common_words(normalised: str) -> frozenset[str]:
    """Folded words that support nothing in a text of this language: its function words, and those by which an answer
    points at its source. English ones always count; a Turkish "kim" is a name elsewhere."""
    return _common_words_of(likely_languages(WORD.findall(normalised), fold))


@cache
def _common_words_of(languages: tuple[str, ...]) -> frozenset[str]:
    keys = ("words.function", "words.source")
    spaced = (word for language in ("en", *languages) for key in keys for word in lexicon.words(key, language))
    return frozenset(map(fold, (*spaced, *lexicon.words("words.source_fragments"))))


@lru_cache(_CACHED_WORDS)
def word_key(word: str) -> str:
    """What a folded word is compared by: its stem, or the name of the group of words that answers put for it."""
    return _synonyms().get(word) or stem(word)


@cache
def _synonyms() -> dict[str, str]:
    return {fold(form): name for name, forms in lexicon.tables("meaning.synonyms").items() for form in forms}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a normalised text: by what they are compared, as written, and the text itself."""

    keys: frozenset[str]
    written: frozenset[str]
    text: str

    def have(self, word: str) -> bool:
        """Whether a content word is among them; of scripts without spaces, anywhere in the text."""
        return word in self.keys or word_key(word) in self.keys or (bool(UNSPACED.search(word)) and word in self.text)


@lru_cache(CACHED_TEXTS)
def words_of(normalised: str) -> Words:
    """The words of a text from `normalise`."""
    words = WORD.findall(normalised)
    written = frozenset(words).union(*(LATIN_RUN.findall(word) for word in words if UNSPACED.search(word)))
    return Words(frozenset(map(word_key, written)), written, normalised)


_GROUPING = re.compile(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}(?:\D|$))")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_PARTS = re.compile(r"[,:/ \u00a0\u202f]")


@lru_cache(CACHED_TEXTS)
def numbers_in(text: str) -> frozenset[str]:
    """The numbers of `text` without grouping: "1,874", "1 874" and "1874" agree, and "12.50" and "12.5" do."""
    found = set()
    for number in NUMBER.findall(unicodedata.normalize("NFKC", text)):
        plain = _GROUPING.sub("", number)
        if plain.count(".") > 1:  # a date, or thousands
            plain = plain.replace(".", "" if _THOUSANDS.fullmatch(plain) else " ")
        for part in _PARTS.split(plain):
            found.add(part.rstrip("0").rstrip(".") if "." in part else part.lstrip("0") or "0")
    return frozenset(found)
