"""The first row of a table where it names the columns: what every later piece of a long table is read under."""

from __future__ import annotations

import re

LONGEST = 200
"""Characters; the rest of a longer header is left out."""
LONGEST_CELL = 60
_SEPARATORS = ("\t", "|", ";", ",")
_NUMBER = re.compile(r"[\d\s.,:%€$£¥+\-/()]+")
_BETWEEN = " | "


def header_of(text: str, start: int, end: int) -> tuple[int, str] | None:
    """Where the header of the table `text[start:end]` ends, and its names in one line; None if its first row holds
    values, as that of a table without names does."""
    line_end = text.find("\n", start, end)
    if line_end < 0:
        return None
    cells = _cells(text[start:line_end])
    if len(cells) < 2 or not all(map(_is_name, cells)):
        return None
    return line_end, _BETWEEN.join(cells)[:LONGEST]


def _cells(line: str) -> list[str]:
    separator = max(_SEPARATORS, key=line.count)
    cells = (cell.strip().strip("\"'*_ ") for cell in line.strip().strip("|").split(separator))
    return [cell for cell in cells if cell]


def _is_name(cell: str) -> bool:
    return len(cell) <= LONGEST_CELL and not _NUMBER.fullmatch(cell) and cell[0] not in "{["
