"""Maps the lines of a text to the cells of a sheet, so that a location is given as a spreadsheet gives it
("A12:F14")."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

ROWS_PER_RUN = 64  # so that little text is counted through for the row of a place
MOST_RUNS = 100_000
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # of Excel and Calc alike
_TAB = "\t"
_LAYOUTS_KEPT = 64  # nearly all runs of a sheet have the same columns: worked out once, and shared


@dataclass(frozen=True, slots=True)
class SheetRows:
    """Lines of a document's text, from `start` to `end`, that are rows of a sheet: the first is row `row` (from 1),
    each next line the next row. The tab-separated cells of a line are in `columns` (from 1), those of the first line
    without the first `skipped` ones."""

    start: int
    end: int
    row: int
    columns: tuple[int, ...]
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of text that is row `row` of a sheet, and the columns of its cells."""

    text: str
    row: int
    columns: tuple[int, ...]


def runs(lines: Iterable[SheetLine], start: int) -> Iterator[SheetRows]:
    """These lines as runs to store; they follow one another in the text from `start` on."""
    first, row, last_row, at = start, 0, 0, start
    columns: tuple[int, ...] = ()
    for line in lines:
        if not columns or line.row != last_row + 1 or line.columns != columns or line.row - row >= ROWS_PER_RUN:
            if columns:
                yield SheetRows(first, at - 1, row, columns)
            first, row, columns = at, line.row, line.columns
        last_row = line.row
        at += len(line.text) + 1
    if columns:
        yield SheetRows(first, at - 1, row, columns)


def within(rows: Sequence[SheetRows], start: int, end: int, text: str, offset: int = 0) -> tuple[SheetRows, ...]:
    """Those of `rows`, or parts of them, between `start` and `end`. `text` is the document's from `offset` on, at least
    from the first of these rows to `start`."""
    found: list[SheetRows] = []
    first = max(0, bisect_right(rows, start, key=lambda run: run.start) - 1)
    for run in rows[first : bisect_left(rows, end, key=lambda run: run.start)]:
        if run.end <= start:
            continue
        if run.start < start:
            run = _from(run, start, text[max(0, run.start - offset) : max(0, start - offset)])
        found.append(replace(run, end=min(run.end, end)))
    return tuple(found)


def _from(run: SheetRows, start: int, passed: str) -> SheetRows:
    """The rest of a run after the text `passed`."""
    newlines = passed.count("\n")
    skipped = passed[passed.rfind("\n") + 1 :].count(_TAB) + (0 if newlines else run.skipped)
    return SheetRows(start, run.end, run.row + newlines, run.columns, skipped)


def range_of(rows: Sequence[SheetRows], text: str, offset: int) -> str:
    """The smallest range of cells that holds all of `rows`, as spreadsheets write it ("A12:F14", "B3"); "" for none.
    `text` is the document's from `offset` on."""
    cells = [cell for run in rows for cell in _corners(run, text[max(0, run.start - offset) : run.end - offset])]
    if not cells:
        return ""
    top_left = _name(min(row for row, _ in cells), min(column for _, column in cells))
    bottom_right = _name(max(row for row, _ in cells), max(column for _, column in cells))
    return top_left if top_left == bottom_right else f"{top_left}:{bottom_right}"


def _corners(run: SheetRows, text: str) -> Iterator[tuple[int, int]]:
    """Row and column of the first and the last filled cell of each line."""
    for number, line in enumerate(text.split("\n")):
        if not line or line.isspace():
            continue
        before = run.skipped if number == 0 else 0
        first = before + line[: len(line) - len(line.lstrip())].count(_TAB)
        last = before + line.rstrip().count(_TAB)
        for index in (first, last):
            if index < len(run.columns):
                yield run.row + number, run.columns[index]


def _name(row: int, column: int) -> str:
    letters = ""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{row}"


def column_number(letters: str) -> int:
    """The number of the column of this name: 1 for "A"."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


@lru_cache(maxsize=_LAYOUTS_KEPT)
def packed(columns: tuple[int, ...]) -> str:
    """Columns in few characters: "1-6,9"."""
    runs = [list(run) for _, run in groupby(enumerate(columns), key=lambda pair: pair[1] - pair[0])]
    return ",".join(f"{run[0][1]}-{run[-1][1]}" if len(run) > 1 else str(run[0][1]) for run in runs)


@lru_cache(maxsize=_LAYOUTS_KEPT)
def unpacked(columns: str) -> tuple[int, ...]:
    """The columns that `packed` wrote. Raises `ValueError` for anything else."""
    found: list[int] = []
    for part in columns.split(","):
        first, _, last = part.partition("-")
        low, high = int(first), int(last or first)
        if not (found[-1] if found else 0) < low <= high <= LAST_COLUMN:
            raise ValueError("no columns of a sheet")
        found.extend(range(low, high + 1))
    return tuple(found)
