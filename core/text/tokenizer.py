"""Splits text into search terms, the same way for documents and questions in every language.

Words are folded (NFKC, case, accents of Latin, Greek and Cyrillic) and stemmed; identifiers give their parts and
themselves; numbers lose their thousands separators; scripts written without spaces give pairs of characters.
Terms hold letters, digits, combining signs, `_` and `.` only: a keyword index needs no other token characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain, pairwise

from core.text import lexicon
from core.text.normalization import fold
from core.text.scripts import CLUSTERED, PAIRED, SIGNS, UNSPACED
from core.text.stemming import stem

VERSION = 5
"""Raise it with every change of what `terms` gives: the keyword index is then rebuilt."""

_LETTER = rf"[\w{SIGNS}]"
_RAW = re.compile(
    rf"[0-9]+(?:[.,][0-9]+)+|{_LETTER}+(?:['’.]{_LETTER}+)*",
)
_RAW_ASCII = re.compile(r"[0-9]+(?:[.,][0-9]+)+|[A-Za-z0-9_]+(?:['.][A-Za-z0-9_]+)*")
_SCRIPT_RUNS = re.compile(f"(?P<cluster>[{CLUSTERED}]+)|(?P<pairs>[{PAIRED}]+)|(?P<word>[^{CLUSTERED}{PAIRED}]+)")
_THAI_CLUSTER = re.compile(
    "[\u0e40-\u0e44\u0ec0-\u0ec4]?.[\u0e30-\u0e3a\u0e45\u0e47-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3]*",
    re.DOTALL,
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_JOINED = re.compile(r"(?P<word>[a-z]{2,})(?P<number>[0-9]{2,})")
_JOINERS = re.compile("['’.]")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\WA-Za-z0-9_]+")
_CACHE_WORDS = 200_000


@cache
def _clitics() -> frozenset[str]:
    """What follows an English apostrophe and is no word of its own: Tesla's, don't, we've."""
    return frozenset(lexicon.words("words.clitics", "en")) - {"don"}


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
    if head and tail.lower() in _clitics():
        raw = head
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
        found = _unspaced(raw) if UNSPACED.search(raw) else _word(raw)
        if len(raw) <= 24:
            if len(self) >= _CACHE_WORDS:
                self.clear()
            self[raw] = found
        return found


_terms_of = _Terms()


def search_terms(text: str) -> str:
    """The search terms of `text` as the keyword index stores them."""
    return " ".join(terms(text))


def terms(text: str) -> list[str]:
    """The search terms of `text`, in order, with repetitions. Safe from any thread."""
    if text.isascii():
        raw = _RAW_ASCII.findall(text)
    else:
        if not unicodedata.is_normalized("NFKC", text):
            text = unicodedata.normalize("NFKC", text)
        raw = _RAW.findall(text)
    return list(chain.from_iterable(map(_terms_of.__getitem__, raw)))
