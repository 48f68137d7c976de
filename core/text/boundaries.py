"""Where a text may be cut: after sentences, clauses, words; never inside what a person sees as one character."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_CLOSERS = "\"'”’»›)\\]}」』】）》〉*_`"
# A full stop and the like before white space; scripts that write no spaces end sentences without one.
_SPACED_END = rf"[.!?…؟۔।॥։၊။។៕]+[{_CLOSERS}]*(?=\s)|[。！？｡．]+[{_CLOSERS}]*"
_SENTENCE_END = re.compile(_SPACED_END)
_SENTENCE_END_OR_SPACE = re.compile(rf"{_SPACED_END}|(?<=[\u0e00-\u0eff\u1780-\u17ff])[ ]+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?:[A-Za-z]|e\.g|i\.e|z\.B|d\.h|u\.a|p\.ex|a\.m|p\.m|[Mm]rs?|[Mm]s|Dr|Prof|St|Sr|Jr|Inc|Ltd|Corp|Co|"
    r"No|Nr|vs|cf|etc|al|[Ff]ig|[Ee]q|[Vv]ol|[Pp]p?|Art|Abs|bzw|ca|approx|[Ss]ec|Ch|Ed|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|"
    r"Oct|Nov|Dec|U\.S|U\.K)\.$"
)
_ORDINAL = re.compile(r"(?:^|\s)\d{1,3}\.$")
_CLAUSE = re.compile(r"[,;:，、；：،؛][\"'”’)\]]*(?=\s)|[，、；：]|[—–](?=\s)")
_LOOK_BACK = 12

_ZWJ = "\u200d"


def sentence_ends(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets in `text[start:end]` right after a sentence (the white space that follows belongs to the next)."""
    has_thai = max(text[start:end], default="") >= "\u0e00"  # or Lao or Khmer, where a space ends a phrase
    for found in (_SENTENCE_END_OR_SPACE if has_thai else _SENTENCE_END).finditer(text, start, end):
        offset = found.end()
        if offset >= end:
            return
        if text[offset - 1] == "." and _not_an_end(text, start, offset):
            continue
        yield offset


def _not_an_end(text: str, start: int, offset: int) -> bool:
    if text[offset : offset + 8].lstrip()[:1].islower():
        return True
    before = text[max(start, offset - _LOOK_BACK) : offset]
    if _ABBREVIATION.search(before):
        return True
    return bool(_ORDINAL.search(before)) and not text[offset : offset + 1] == "\n"


def clause_ends(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets right after a comma, semicolon, colon or dash."""
    return (found.end() for found in _CLAUSE.finditer(text, start, end) if found.end() < end)


def splits_character(text: str, offset: int) -> bool:
    """True if a cut at `offset` would fall inside one visible character (an extended grapheme cluster, nearly)."""
    if not 0 < offset < len(text):
        return False
    before, after = text[offset - 1], text[offset]
    if after < "\u0300" or before.isspace():
        return before == "\r" and after == "\n"
    if before == _ZWJ or _extends(after):
        return True
    if _is_flag_half(after) and _is_flag_half(before):
        return _flags_before(text, offset) % 2 == 1
    return _joins_hangul(before, after)


def splits_word(text: str, offset: int) -> bool:
    """True if a cut at `offset` would fall between two letters or digits of a script that separates its words."""
    if not 0 < offset < len(text):
        return False
    return _in_spaced_word(text[offset - 1]) and _in_spaced_word(text[offset])


def _in_spaced_word(char: str) -> bool:
    return (char.isalnum() or char == "_") and not writes_no_spaces(char)


def writes_no_spaces(char: str) -> bool:
    """Letters of scripts that put no space between words: Han, Kana, Thai, Lao, Burmese, Khmer, Tibetan."""
    code = ord(char)
    if code < 0x0E00:
        return False
    return (
        code < 0x1100
        or 0x1780 <= code < 0x1800
        or 0x3000 <= code < 0xA4D0
        or 0xF900 <= code < 0xFB00
        or code >= 0x20000
    )


def _extends(char: str) -> bool:
    code = ord(char)
    if code in (0x200C, 0x200D) or 0xFE00 <= code <= 0xFE0F or 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:
        return True
    return unicodedata.category(char) in ("Mn", "Me", "Mc") or code in (0x0E33, 0x0EB3, 0xFF9E, 0xFF9F)


def _is_flag_half(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _flags_before(text: str, offset: int) -> int:
    count = 0
    while offset > count and count < 64 and _is_flag_half(text[offset - 1 - count]):
        count += 1
    return count


def _joins_hangul(before: str, after: str) -> bool:
    """Conjoining jamo: leading + leading/vowel/syllable, vowel + vowel/trailing, trailing + trailing (UAX 29,
    GB6-8)."""
    after_code, before_code = ord(after), ord(before)
    if not (0x1100 <= after_code <= 0x11FF or 0xAC00 <= after_code <= 0xD7A3):
        return False
    if 0x1100 <= before_code <= 0x115F:
        return after_code <= 0x11A7 or after_code >= 0xAC00
    is_vowel_end = 0x1160 <= before_code <= 0x11A7 or (
        0xAC00 <= before_code <= 0xD7A3 and (before_code - 0xAC00) % 28 == 0
    )
    if is_vowel_end:
        return 0x1160 <= after_code <= 0x11FF
    is_trailing_end = 0x11A8 <= before_code <= 0x11FF or 0xAC00 <= before_code <= 0xD7A3
    return is_trailing_end and 0x11A8 <= after_code <= 0x11FF
