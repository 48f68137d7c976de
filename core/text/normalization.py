"""Words and numbers of a text as they are compared: folded, cut to their stems, without what says nothing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Vowel signs of Hebrew, Arabic, Indic and Thai letters belong to their words.
_SIGNS = "\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e"
_LETTERS = rf"(?:[^\W_]|[{_SIGNS}])+"
WORD = re.compile(rf"{_LETTERS}(?:['’]{_LETTERS})?")
NUMBER = re.compile(r"\d+(?:[.,:/ \u00a0\u202f]\d+)*")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
LATIN_RUN = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f]+")
"""A Latin word that stands in a run of another script without a space between: "OsloにあるRIAI"."""
WORDS_REMEMBERED = 8192
REMEMBERED = 512  # texts, taken apart once for the many sentences and values that are compared with them

# Words too common to support anything: they are left out when a sentence's words are looked for in a passage.
_COMMON_WORDS = """
a about according all also an and any are as at be because been but by can could did do does for from had has have he
her his how i if in into is it its may more most must no not of on one only or other our out over passage passages
document documents says shall she should so some states such than that the their them then there these they this those
to under up was we were what when where which while who will with would you your
o os as um uma de do da dos das em no na nos nas por para com que e ou se é são foi ao à
el la los las un una y en del al por con es son der die das und ist sind ein eine den dem des zu im von mit
le les des et est sont une du au aux dans sur pour par
根据 据资 资料 据文 文中 中提 提到 文档 档中 文件 件中 中说 显示 資料 料に によ よる れば 文書 書に よると
"""
# Forms and words of one sense that answers put for each other, with the stem that stands for them all.
_KIN = """
rise rises rose risen rising grow grows grew grown growing growth increase increases increased increasing climb climbs
climbed
/ fall falls fell fallen falling decrease decreases decreased decreasing decline declines declining drop drops dropped
dropping shrink shrinks shrank shrunk
"""
_KIN_OF = {word: line.split()[0] for line in _KIN.split("/") for word in line.split()}
DIRECTIONS = frozenset(_KIN_OF.values())
COMMON = frozenset(_COMMON_WORDS.split())


@lru_cache(REMEMBERED)
def flat(text: str) -> str:
    """Folded for comparison: compatibility forms, case, accents, dashes, quotes and white space made one."""
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(c for c in text if not unicodedata.combining(c) or not c.isascii() and _keeps_marks(c))
        text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = re.sub(r"[*`~]", "", text).replace("_", " ")  # snake_case falls into its words, on both sides
    return " ".join(text.split()).strip(" .,:;!?")


def _keeps_marks(mark: str) -> bool:
    return ord(mark) > 0x0370  # marks of Indic, Thai, Arabic… are letters; Latin accents lie below


def content_words(flat: str) -> list[str]:
    """Content words: no common words, no numbers (checked on their own); CJK and Thai runs as bigrams."""
    words: list[str] = []
    for word in WORD.findall(flat):
        if UNSPACED.search(word):
            pairs = (word[i : i + 2] for i in range(max(1, len(word) - 1)))
            words.extend(pair for pair in pairs if pair not in COMMON and not any(c.isdigit() for c in pair))
        elif word not in COMMON and not word[0].isdigit() and len(word) > 1:
            words.append(stem(word))
    return words


@lru_cache(WORDS_REMEMBERED)
def stem(word: str) -> str:
    """The word less a common ending; only equality of stems matters, so a crude cut is enough."""
    if kin := _KIN_OF.get(word):
        return kin
    for ending in (
        "ations",
        "ation",
        "ments",
        "ment",
        "ings",
        "ing",
        "ers",
        "ies",
        "ed",
        "es",
        "ly",
        "er",
        "s",
        "y",
        "e",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@dataclass(frozen=True, slots=True)
class Words:
    stems: frozenset[str]
    plain: frozenset[str]
    flat: str


@lru_cache(REMEMBERED)
def words_of(flat: str) -> Words:
    words = WORD.findall(flat)
    plain = frozenset(words).union(*(LATIN_RUN.findall(word) for word in words if UNSPACED.search(word)))
    return Words(frozenset(map(stem, plain)), plain, flat)


def contains(words: Words, word: str) -> bool:
    return word in words.stems or stem(word) in words.stems or (bool(UNSPACED.search(word)) and word in words.flat)


@lru_cache(REMEMBERED)
def numbers_in(text: str) -> frozenset[str]:
    """The numbers of `text` without grouping: "1,874" and "1 874" and "1874" agree, "12.50" and "12.5" too."""
    text = unicodedata.normalize("NFKC", text)
    found = set()
    for number in NUMBER.findall(text):
        plain = re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}(?:\D|$))", "", number)
        if plain.count(".") > 1:  # a date, or thousands
            plain = plain.replace(".", "" if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", plain) else " ")
        for part in re.split(r"[,:/ \u00a0\u202f]", plain):
            found.add(part.rstrip("0").rstrip(".") if "." in part else part.lstrip("0") or "0")
    return frozenset(found)
