"""Text to search terms, the same for documents and questions, in every language.

Words are folded (NFKC, case, accents of Latin, Greek and Cyrillic) and stemmed; identifiers give their parts and
themselves; numbers lose their thousands separators; scripts written without spaces give pairs of characters.
Terms hold letters, digits, combining signs, `_` and `.` only: a keyword index needs no other token characters.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain, pairwise

from core.text.stemming import stem

VERSION = 4
"""Raised with every change of what `terms` gives; the keyword index is then made anew."""

_SIGNS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
_SIGNS += "\u0900-\u0963\u0966-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u0f18-\u0fbc"
_SIGNS += "\u102b-\u109d\u17b4-\u17d3"
_LETTER = rf"[\w{_SIGNS}]"
_RAW = re.compile(
    rf"[0-9]+(?:[.,][0-9]+)+|{_LETTER}+(?:['’.]{_LETTER}+)*",
)
_RAW_ASCII = re.compile(r"[0-9]+(?:[.,][0-9]+)+|[A-Za-z0-9_]+(?:['.][A-Za-z0-9_]+)*")
CLUSTERED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
PAIRED = "\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_HAS_UNSPACED = re.compile(f"[{CLUSTERED}{PAIRED}]")
_SCRIPT_RUNS = re.compile(f"(?P<cluster>[{CLUSTERED}]+)|(?P<pairs>[{PAIRED}]+)|(?P<word>[^{CLUSTERED}{PAIRED}]+)")
_THAI_CLUSTER = re.compile(
    "[\u0e40-\u0e44\u0ec0-\u0ec4]?.[\u0e30-\u0e3a\u0e45\u0e47-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3]*",
    re.DOTALL,
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_JOINED = re.compile(r"(?P<word>[a-z]{2,})(?P<number>[0-9]{2,})")
_JOINERS = re.compile("['’.]")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\WA-Za-z0-9_]+")
_ARABIC_SIGNS = {ord(c): None for c in map(chr, (*range(0x610, 0x61B), *range(0x64B, 0x660), 0x670, 0x640))}
_ARABIC_LETTERS = str.maketrans("أإآٱىة", "ااااىه") | {ord("ى"): "ي"}
_LATIN_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ı": "i",
        "ð": "d",
        "þ": "th",
    }
)
NUKTA = "\u093c"
_CACHE_WORDS = 200_000


def fold(word: str) -> str:
    """Lower case without the accents of Latin, Greek and Cyrillic letters and without Arabic vowel signs; the
    combining signs of other scripts are letters and stay."""
    word = word.casefold()
    if word.isascii():
        return word
    if "\u0600" <= word[0] <= "\u06ff":
        return word.translate(_ARABIC_SIGNS).translate(_ARABIC_LETTERS)
    apart = unicodedata.normalize("NFD", word)
    if apart != word:
        apart = "".join(c for c in apart if not "\u0300" <= c <= "\u036f")
        word = unicodedata.normalize("NFC", apart)
    if NUKTA in word:
        word = word.replace(NUKTA, "")  # written or left out at will, as in फ़ and फ
    return word.translate(_LATIN_LETTERS)


def _number(raw: str) -> tuple[str, ...]:
    """A number with separators: "1,874" is 1874, "3.5" stays, "2.4.6" also gives its parts."""
    if _THOUSANDS.fullmatch(raw):
        return (raw.replace(",", ""),)
    parts = re.split("[.,]", raw)
    whole = raw.replace(",", ".")
    return (whole,) if len(parts) == 2 and "." in raw else (whole, *parts)


def _identifier(raw: str) -> tuple[str, ...]:
    """A compound name (snake_case, camelCase, dotted): itself, and the stems of its parts."""
    parts = [stem(fold(part)) for part in _PARTS.findall(raw)]
    whole = fold(_JOINERS.sub(".", raw)).strip("._")
    if len(parts) <= 1:
        return tuple(parts) or ((whole,) if whole else ())
    return (whole, *parts)


def _word(raw: str) -> tuple[str, ...]:
    """The terms of one run of letters of a script that puts spaces between words."""
    head, _, tail = raw.rpartition("'") if "'" in raw else raw.rpartition("’")
    if head and tail.lower() in ("s", "t", "re", "ve", "ll", "d", "m"):
        raw = head  # Tesla's, don't, we've
    elif head:
        return tuple(chain.from_iterable(map(_word, re.split("['’]", raw))))
    if raw.replace(".", "").isalpha() and "." in raw and all(len(part) == 1 for part in raw.split(".")):
        return (fold(raw.replace(".", "")),)  # U.S.
    if raw.isascii():
        if raw[0].isdigit() and ("." in raw or "," in raw) and not raw.replace(".", "").replace(",", "").isalpha():
            return _number(raw) if re.fullmatch(r"[0-9.,]+", raw) else _identifier(raw)
        if raw.isalpha() and (raw.islower() or raw.istitle() or raw.isupper()):
            return (stem(raw.lower()),)
        if raw.isalnum() and (raw.isupper() or raw.islower()):
            whole = raw.lower()  # N2151J, q3, 2022
            joined = _JOINED.fullmatch(whole)
            return (whole, *joined.group("word", "number")) if joined else (whole,)  # FY2019
        return _identifier(raw)
    if "." in raw or "_" in raw:
        return _identifier(raw)
    folded = fold(raw)
    return (stem(folded),) if folded else ()


def _pairs(run: str) -> list[str]:
    """Overlapping pairs of characters, or the character itself where it stands alone."""
    return [a + b for a, b in pairwise(run)] if len(run) > 1 else [run]


def _cluster_pairs(run: str) -> list[str]:
    """Overlapping pairs of letter clusters (a consonant with its vowel and tone signs)."""
    clusters = _THAI_CLUSTER.findall(run)
    return [a + b for a, b in pairwise(clusters)] if len(clusters) > 1 else clusters


def _unspaced(raw: str) -> tuple[str, ...]:
    """The terms of a run that holds a script written without spaces."""
    out: list[str] = []
    for run in _SCRIPT_RUNS.finditer(raw.casefold()):
        text = run.group()
        if run.lastgroup == "pairs":
            out += _pairs(text)
        elif run.lastgroup == "cluster":
            out += _cluster_pairs(text)
        else:
            out += _word(text.strip("'’.")) if text.strip("'’.") else ()
    return tuple(out)


class _Terms(dict[str, tuple[str, ...]]):
    """Terms by raw word, kept for the words that come again."""

    def __missing__(self, raw: str) -> tuple[str, ...]:
        found = _unspaced(raw) if _HAS_UNSPACED.search(raw) else _word(raw)
        if len(raw) <= 24:
            if len(self) >= _CACHE_WORDS:
                self.clear()
            self[raw] = found
        return found


_terms_of = _Terms()


def terms(text: str) -> list[str]:
    """The search terms of `text`, in order, with repetitions. Safe from any thread."""
    if text.isascii():
        raw = _RAW_ASCII.findall(text)
    else:
        if not unicodedata.is_normalized("NFKC", text):
            text = unicodedata.normalize("NFKC", text)
        raw = _RAW.findall(text)
    return list(chain.from_iterable(map(_terms_of.__getitem__, raw)))
