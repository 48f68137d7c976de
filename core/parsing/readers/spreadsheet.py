"""Reads XLSX, XLSB and XLS sheet by sheet: with calamine, or cell by cell if a sheet spans more than memory holds."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.domain.sheet_cells import column_number
from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.archive import Archive, open_archive
from core.parsing.readers.charts import write_chart
from core.parsing.readers.package import core_title
from core.parsing.readers.shapes import read_shapes
from core.parsing.readers.sparse_sheet import sparse_sheets
from core.parsing.source import Source

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_CELL_REFERENCE = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d{1,7})"')
_THREAD_COPY = "[Threaded comment]"  # begins the copy of a thread of comments that older programs show
_MAX_DENSE_CELLS = 8_000_000
_NOTE_PARTS = ("xl/comments", "xl/threadedComments/", "xl/drawings/drawing")


def parse(source: Source, out: DocumentBuilder) -> None:
    if source.format == "xls":
        _write_book(_open_calamine(source, out), out)
        return
    with open_archive(source, out.limits) as archive:
        out.title = core_title(archive, source.label)
        if _is_dense(archive):
            _write_book(_open_calamine(source, out), out)
        else:
            _write_sparse(archive, source, out)
        _write_notes(archive, source, out)


def _open_calamine(source: Source, out: DocumentBuilder) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    if source.size_bytes > out.limits.file_bytes:
        raise source.too_large(source.size_bytes, out.limits.file_bytes)
    try:
        with source.open() as file:
            return CalamineWorkbook.from_filelike(file)
    except PasswordError as error:
        raise source.fault(ParseProblem.ENCRYPTED) from error
    except CalamineError as error:
        raise source.fault(ParseProblem.DAMAGED) from error


def _write_book(book: CalamineWorkbook, out: DocumentBuilder) -> None:
    from python_calamine import CalamineError

    for name in book.sheet_names:
        out.begin_page(name)
        try:
            sheet = book.get_sheet_by_name(name)
            out.heading(name, 1)
            out.sheet((_cells(row) for row in sheet.iter_rows()), sheet.start[1] + 1 if sheet.start else 1)
        except CalamineError:
            out.warn(f"The sheet “{name}” could not be read.")


def _is_dense(archive: Archive) -> bool:
    """Return whether every sheet's bounding rectangle is small enough for calamine, which allocates all its cells."""
    for name in archive.names("xl/worksheets/", ".xml"):
        rows, columns = 0, b""
        for column, row in _CELL_REFERENCE.findall(archive.read(name)):
            rows = max(rows, int(row))
            if (len(column), column) > (len(columns), columns):
                columns = column
        if rows * column_number(columns.decode("ascii")) > _MAX_DENSE_CELLS:
            return False
    return True


def _write_sparse(archive: Archive, source: Source, out: DocumentBuilder) -> None:
    for name, lines in sparse_sheets(archive, source.label):
        out.begin_page(name)
        out.heading(name, 1)
        out.sheet_lines(lines)
    out.warn("A sheet is very large and almost empty; its cells are here without their columns.")


def _cells(row: Iterable[object]) -> list[str]:
    return [_shown(value) for value in row]


def _shown(value: object) -> str:
    """Return a cell as a person writes it: numbers without ".0", dates in ISO format and without midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
    return str(value)


def _write_notes(archive: Archive, source: Source, out: DocumentBuilder) -> None:
    """Write comments, and the text of shapes and charts. They may belong to any sheet, so their page has no name."""
    charts = archive.names("xl/charts/chart", ".xml")
    parts = [name for prefix in _NOTE_PARTS for name in archive.names(prefix, ".xml")]
    notes = [line for name in parts for line in _note_lines(archive, name, source)]
    if charts or notes:
        out.begin_page()
    for name in charts:
        write_chart(archive, name, source.label, out)
    for line in notes:
        out.paragraph(line)


def _note_lines(archive: Archive, name: str, source: Source) -> list[str]:
    lines = read_shapes(archive, name, source.label).lines()
    return [line for line in lines if any(map(str.isalpha, line)) and not line.startswith(_THREAD_COPY)]
