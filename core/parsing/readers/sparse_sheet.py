"""Reads XLSX sheets that are huge and almost empty: only their filled cells, as a stream."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from core.domain.sheet_cells import LAST_COLUMN, LAST_ROW, SheetLine, column_number
from core.parsing.cleaning import one_line
from core.parsing.readers.archive import Archive
from core.parsing.readers.package import relations_by_id
from core.parsing.readers.xml_events import feed

_MAX_CELLS = 5_000_000
_CELL_REFERENCE = re.compile(r"([A-Z]{0,3})([0-9]{0,7})")


def sparse_sheets(archive: Archive, label: str) -> Iterator[tuple[str, list[SheetLine]]]:
    """Yield name and rows of each sheet, without empty rows and cells. Dates are numbers, as Excel stores them."""
    strings = _SharedStrings()
    feed(archive.open("xl/sharedStrings.xml"), strings, label, tolerant=True, skipped=_PHONETIC)
    for name, part in _named_parts(archive, label):
        sheet = _Cells(strings.texts)
        feed(archive.open(part), sheet, label, tolerant=True)
        yield name, list(sheet.lines())


def _named_parts(archive: Archive, label: str) -> list[tuple[str, str]]:
    """Return name and part of each sheet, in the workbook's order, which is not that of the parts' names."""
    sheets = _SheetNames()
    feed(archive.open("xl/workbook.xml"), sheets, label, tolerant=True)
    by_id = relations_by_id(archive, "xl/workbook.xml", label)
    found = [(name, by_id[key][1]) for name, key in sheets.names if key in by_id and by_id[key][0] == "worksheet"]
    found = [(name, part) for name, part in found if part in archive]
    return found or [(posixpath.basename(part), part) for part in archive.names("xl/worksheets/", ".xml")]


class _SheetNames:
    """XML target for workbook.xml: each sheet's name and relation id."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            self.names.append((attributes.get("name", ""), attributes.get("id", "")))

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass


_PHONETIC = {"rPh"}
"""Elements of shared strings that say how to read them."""


class _SharedStrings:
    """XML target for sharedStrings.xml: the text of each item, without phonetic guides."""

    def __init__(self) -> None:
        self._items: list[list[str]] = []
        self._open = False

    @property
    def texts(self) -> list[str]:
        return ["".join(pieces) for pieces in self._items]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._items.append([])
        elif name == "t":
            self._open = True

    def end(self, name: str) -> None:
        if name == "t":
            self._open = False

    def data(self, text: str) -> None:
        if self._open and self._items:
            self._items[-1].append(text)


class _Cells:
    """XML target for a worksheet: its rows of filled cells. A row or cell without a reference follows the last one."""

    def __init__(self, strings: list[str]) -> None:
        self._rows: list[tuple[int, list[str], list[int]]] = []
        self._strings = strings
        self._kind = ""
        self._value: list[str] = []
        self._open = False
        self._count = 0
        self._row = self._column = 0

    def lines(self) -> Iterator[SheetLine]:
        return (SheetLine("\t".join(cells), row, tuple(columns)) for row, cells, columns in self._rows if cells)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = _row_number(attributes.get("r", ""), self._row + 1)
            self._column = 0
            self._rows.append((self._row, [], []))
        elif name == "c":
            self._kind, self._value = attributes.get("t", "n"), []
            self._column = _column_number(attributes.get("r", ""), self._column + 1)
        elif name in ("v", "t"):
            self._open = True

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._open = False
        elif name == "c" and self._value and self._rows and self._count < _MAX_CELLS:
            self._add(one_line(self._shown()))

    def data(self, text: str) -> None:
        if self._open:
            self._value.append(text)

    def _add(self, text: str) -> None:
        _, cells, columns = self._rows[-1]
        if text and (not columns or columns[-1] < self._column):
            self._count += 1
            cells.append(text)
            columns.append(self._column)

    def _shown(self) -> str:
        value = "".join(self._value)
        if self._kind == "s" and value.isdecimal() and int(value) < len(self._strings):
            return self._strings[int(value)]
        return {"1": "TRUE", "0": "FALSE"}.get(value, value) if self._kind == "b" else value


def _row_number(reference: str, default: int) -> int:
    row = int(reference) if reference.isdecimal() and len(reference) < 8 else default
    return min(max(row, 1), LAST_ROW)


def _column_number(reference: str, default: int) -> int:
    found = _CELL_REFERENCE.fullmatch(reference)
    return min(column_number(found[1]) if found and found[1] else default, LAST_COLUMN)
