"""Which characters make up words, script by script."""

from __future__ import annotations

import re

_SIGN_RANGES = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed",  # Latin to Arabic
    "\u0900-\u0963\u0966-\u0dff",  # Indic
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd",  # Thai, Lao
    "\u0f18-\u0fbc\u102b-\u109d\u17b4-\u17d3",  # Tibetan, Burmese, Khmer
)
SIGNS = "".join(_SIGN_RANGES)
"""Vowel and tone signs that belong to their word, for use in a character class: `\\w` leaves most of them out."""
CLUSTERED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese, Khmer: no spaces between words, and letters form clusters with their signs."""
PAIRED = "\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""Han, Kana and Hangul: searched by pairs of characters."""
UNSPACED = re.compile(f"[{PAIRED}{CLUSTERED}]")
"""A letter of a script that is searched and compared by pairs of characters, not by words."""


def writes_no_spaces(char: str) -> bool:
    """Whether `char` is a letter of a script without spaces between words: Han, Kana, Thai, Lao, Burmese, Khmer,
    Tibetan. Hangul has spaces."""
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
