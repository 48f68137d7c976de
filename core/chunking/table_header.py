"""Finds the first row of a table that names its columns, to be added to every later piece of a long table."""

from __future__ import annotations

import re

_MAX_CHARS = 200  # a longer header is truncated
_MAX_CELL_CHARS = 60  # a longer cell is no name of a column
_SEPARATORS = ("\t", "|", ";", ",")
_NUMBER = re.compile(r"[\d\s.,:%€$£¥+\-/()]+")


def column_header(text: str, start: int, end: int) -> tuple[int, str] | None:
    """Return where the header of the table `text[start:end]` ends, and its names in one line; None if the first row
    holds values, as in a table without a header."""
    line_end = text.find("\n", start, end)
    if line_end < 0:
        return None
    cells = _cells(text[start:line_end])
    if len(cells) < 2 or not all(map(_is_name, cells)):
        return None
    return line_end, " | ".join(cells)[:_MAX_CHARS]


def _cells(line: str) -> list[str]:
    separator = max(_SEPARATORS, key=line.count)
    cells = (cell.strip().strip("\"'*_ ") for cell in line.strip().strip("|").split(separator))
    return [cell for cell in cells if cell]


def _is_name(cell: str) -> bool:
    return len(cell) <= _MAX_CELL_CHARS and not _NUMBER.fullmatch(cell) and cell[0] not in "{["
