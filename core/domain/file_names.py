"""File names as text: storable, readable by a model, and comparable with what a person types."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_NO_LETTERS = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def readable(name: str) -> str:
    """`name` with a mark in place of bytes that are not valid text: file names may have such bytes, stored text may
    not."""
    return _NO_LETTERS.sub("\ufffd", name)


def comparison_key(name: str) -> str:
    """`name` or a path in the form names are compared in: without case, accents in one form, one kind of slash."""
    if name.isascii():
        return name.lower().replace("\\", "/")
    return unicodedata.normalize("NFC", readable(name).casefold()).replace("\\", "/")


def disambiguated_names(paths: Iterable[Path]) -> dict[Path, str]:
    """A name for each of these files, on one line: the file's name, with as many of its folders as tell files of one
    name apart."""
    names: dict[Path, str] = {}
    left = {path: path.parts for path in paths}
    count = 1
    while left:
        ends = {path: "/".join(parts[-count:]) for path, parts in left.items()}
        seen = Counter(ends.values())
        names |= {path: _CONTROLS.sub(" ", readable(end)) for path, end in ends.items()}
        left = {path: parts for path, parts in left.items() if seen[ends[path]] > 1 and count < len(parts)}
        count += 1
    return names
