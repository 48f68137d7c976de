"""Normalises extracted text: line ends, control characters, white space."""

from __future__ import annotations

import re

# C0 and C1 controls (except tab and line feed), lone surrogates (which SQLite refuses), U+FFFE and U+FFFF.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_WHITE_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Return `text` with line feeds as line ends and without control characters, lone surrogates and non-characters."""
    return _UNPRINTABLE.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """Return `text` on a single line with collapsed white space, for titles, headings and table cells."""
    return _WHITE_SPACE.sub(" ", clean(text)).strip()


def tidy(text: str) -> str:
    """Return `text` with runs of spaces collapsed and blank lines dropped."""
    lines = (_SPACES.sub(" ", line).strip() for line in clean(text).split("\n"))
    return "\n".join(line for line in lines if line)
