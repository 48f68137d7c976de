"""Where a text must not be cut: inside what a person sees as one character, or inside a word."""

from __future__ import annotations

import unicodedata

from core.text.scripts import writes_no_spaces

_ZWJ = "\u200d"


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
