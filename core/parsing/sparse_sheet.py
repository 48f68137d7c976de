"""XLSX sheets that are wide and almost empty: only the cells that are there, read as a stream."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator

from core.parsing.archive import Archive
from core.parsing.pptx import relations_by_id
from core.parsing.xml_events import feed

_MAX_CELLS = 5_000_000


def sparse_sheets(archive: Archive, label: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Name and rows of each sheet, without empty rows and cells. Dates are the numbers that Excel keeps for them."""
    strings = _SharedStrings()
    feed(archive.open("xl/sharedStrings.xml"), strings, label, tolerant=True)
    for name, part in _named_parts(archive, label):
        sheet = _Cells(strings.texts)
        feed(io.BytesIO(archive.read(part)), sheet, label, tolerant=True)
        yield name, [row for row in sheet.rows if row]


def _named_parts(archive: Archive, label: str) -> list[tuple[str, str]]:
    """Name and part of each sheet, in the workbook's order, which is not that of the parts' names."""
    sheets = _SheetNames()
    feed(archive.open("xl/workbook.xml"), sheets, label, tolerant=True)
    by_id = relations_by_id(archive, "xl/workbook.xml", label)
    found = [(name, by_id[key][1]) for name, key in sheets.names if key in by_id and by_id[key][0] == "worksheet"]
    found = [(name, part) for name, part in found if part in archive]
    return found or [(posixpath.basename(part), part) for part in archive.names("xl/worksheets/", ".xml")]


class _SheetNames:
    """Target for workbook.xml: each sheet's name and relation id."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            self.names.append((attributes.get("name", ""), attributes.get("id", "")))

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass


class _SharedStrings:
    """Target for sharedStrings.xml: the text of each item, phonetic guides left out."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._open = False
        self._skip = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self.texts.append("")
        elif name == "rPh":
            self._skip += 1
        elif name == "t":
            self._open = True

    def end(self, name: str) -> None:
        if name == "t":
            self._open = False
        elif name == "rPh":
            self._skip -= 1

    def data(self, text: str) -> None:
        if self._open and not self._skip and self.texts:
            self.texts[-1] += text


class _Cells:
    """Target for a worksheet: its rows of filled cells."""

    def __init__(self, strings: list[str]) -> None:
        self.rows: list[list[str]] = []
        self._strings = strings
        self._kind = ""
        self._value = ""
        self._open = False
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self.rows.append([])
        elif name == "c":
            self._kind, self._value = attributes.get("t", "n"), ""
        elif name in ("v", "t"):
            self._open = True

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._open = False
        elif name == "c" and self._value and self.rows and self._count < _MAX_CELLS:
            self._count += 1
            self.rows[-1].append(self._shown())

    def data(self, text: str) -> None:
        if self._open:
            self._value += text

    def _shown(self) -> str:
        if self._kind == "s" and self._value.isdecimal() and int(self._value) < len(self._strings):
            return self._strings[int(self._value)]
        return {"1": "TRUE", "0": "FALSE"}.get(self._value, self._value) if self._kind == "b" else self._value
