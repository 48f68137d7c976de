"""What files are called, as it can be stored as text, given to a model and compared with what a person types."""

from __future__ import annotations

import re
import unicodedata

_NO_LETTERS = re.compile("[\ud800-\udfff]")


def readable(name: str) -> str:
    """`name` with a mark in place of bytes that are no letters: a file may be called so, a stored text may not."""
    return _NO_LETTERS.sub("\ufffd", name)


def compared(name: str) -> str:
    """`name` or a path as it is compared: case does not count, nor how an accent is written, nor the kind of slash."""
    if name.isascii():
        return name.lower().replace("\\", "/")
    return unicodedata.normalize("NFC", readable(name).casefold()).replace("\\", "/")
