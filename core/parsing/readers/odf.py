"""Reads ODT, ODS and ODP: OpenDocument's content.xml as a stream of headings, lists, tables, notes, slides, sheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.domain.sheet_cells import LAST_COLUMN, LAST_ROW, SheetLine
from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder, table_lines
from core.parsing.faults import ParseProblem
from core.parsing.readers.archive import Archive, open_archive
from core.parsing.readers.embedded_pictures import EmbeddedPictures
from core.parsing.readers.xml_events import TextCollector, feed
from core.parsing.source import Source

_SKIPPED = {"tracked-changes", "note-citation", "forms", "settings", "script", "title-cell", "object-ole"}
_MAX_REPEAT = 100  # written of a cell or row that repeats
_LAYOUT_CELL_CHARS = 600  # a table with a longer cell only arranges text on the page


def parse(source: Source, out: DocumentBuilder) -> None:
    with open_archive(source, out.limits) as archive:
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise source.fault(ParseProblem.ENCRYPTED)
        if "content.xml" not in archive:
            raise source.fault(ParseProblem.DAMAGED)
        titles = TextCollector("title")
        feed(archive.open("meta.xml"), titles, source.label, tolerant=True)
        out.title = one_line(titles.texts[0]) if titles.texts else ""
        for text in _margins(archive, source, "header"):
            out.paragraph(text)
        content = _Content(out, source.format, EmbeddedPictures(archive, out))
        feed(archive.open("content.xml"), content, source.label, skipped=_SKIPPED)
        for text in _margins(archive, source, "footer"):
            out.paragraph(text)


def _margins(archive: Archive, source: Source, kind: str) -> list[str]:
    """Return the texts of the headers or footers in the page styles, each once."""
    collector = TextCollector(kind)
    feed(archive.open("styles.xml"), collector, source.label, tolerant=True)
    texts = [one_line(text) for text in collector.texts]
    return list(dict.fromkeys(text for text in texts if sum(map(str.isalpha, text)) > 2 and text != "<number>"))


@dataclass(slots=True)
class _Table:
    """An open table. `row_numbers` and `columns` are where its rows and the cells of each row are in the sheet (from
    1), since of repeated rows and cells only the first `_MAX_REPEAT` are kept."""

    rows: list[list[str]] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    columns: list[list[int]] = field(default_factory=list)
    next_row: int = 1
    next_column: int = 1
    row_repeat: int = 1
    cell_repeat: int = 1

    def begin_row(self, repeat: int) -> None:
        self.rows.append([])
        self.columns.append([])
        self.next_column = 1
        self.row_repeat = repeat

    def begin_cell(self, repeat: int) -> None:
        self.rows[-1].append("")
        self.columns[-1].append(self.next_column)
        self.cell_repeat = repeat

    def end_cell(self) -> None:
        row, copies = self.rows[-1], min(self.cell_repeat, _MAX_REPEAT) - 1
        row.extend([row[-1]] * copies)
        self.columns[-1].extend(range(self.next_column + 1, self.next_column + 1 + copies))
        self.next_column += self.cell_repeat

    def end_row(self) -> None:
        copies = min(self.row_repeat, _MAX_REPEAT) - 1
        if any(self.rows[-1]):
            self.rows.extend([self.rows[-1]] * copies)
            self.columns.extend([self.columns[-1]] * copies)
            self.row_numbers.extend(range(self.next_row, self.next_row + 1 + copies))
        else:
            self.rows.pop()
            self.columns.pop()
        self.next_row += self.row_repeat

    def lines(self) -> Iterator[SheetLine]:
        """Yield its rows as lines of a sheet."""
        for line in table_lines(self.rows):
            own = self.columns[line.row - 1]
            columns = (own[at - 1] if at <= len(own) else own[-1] + at - len(own) for at in line.columns)
            valid = tuple(column for column in columns if column <= LAST_COLUMN)
            yield SheetLine(line.text, min(self.row_numbers[line.row - 1], LAST_ROW), valid)

    def cells(self) -> Iterator[tuple[str, int, int]]:
        """Yield text, row and column of each cell."""
        for row, row_number, columns in zip(self.rows, self.row_numbers, self.columns, strict=True):
            for text, column in zip(row, columns, strict=True):
                yield text, min(row_number, LAST_ROW), min(column, LAST_COLUMN)


@dataclass(slots=True)
class _Text:
    """An open paragraph or heading; `following` are the notes and text boxes inside it, which are written after it."""

    level: int = 0
    pieces: list[str] = field(default_factory=list)
    following: list[str] = field(default_factory=list)


class _Content:
    """XML target for content.xml. Paragraphs may hold notes and text boxes, and cells may hold tables."""

    def __init__(self, out: DocumentBuilder, format: str, pictures: EmbeddedPictures) -> None:
        self._out = out
        self._pictures = pictures
        self._pending_pictures: list[str] = []  # names of parts
        self._is_sheet = format == "ods"
        self._texts: list[_Text] = []
        self._tables: list[_Table] = []
        self._lists = 0
        self._at_item_start = False
        self._notes: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name:
            case "p":
                self._texts.append(_Text())
            case "h":
                level = attributes.get("outline-level", "1")
                self._texts.append(_Text(int(level) if level.isdecimal() else 1))
            case "s":
                self._add_space(" ")
            case "tab":
                self._add_space("\t")
            case "line-break":
                self._add_space("\n")
            case "list":
                self._lists += 1
            case "list-item" | "list-header":
                self._at_item_start = True
            case "note":
                self._notes.append("Footnote")
            case "annotation":
                self._notes.append("Comment")
            case "page":
                self._out.begin_page(attributes.get("name", ""))
            case "image":
                self._add_picture(attributes.get("href", ""))
            case "table":
                self._begin_table(attributes)
            case "table-row" if self._tables:
                self._tables[-1].begin_row(_repeat(attributes, "number-rows-repeated"))
            case "table-cell" | "covered-table-cell" if self._tables and self._tables[-1].rows:
                self._tables[-1].begin_cell(_repeat(attributes, "number-columns-repeated"))

    def end(self, name: str) -> None:
        match name:
            case "p" | "h" if self._texts:
                self._finish_text(self._texts.pop())
                self._write_pictures()
            case "list":
                self._lists -= 1
            case "note" | "annotation" if self._notes:
                self._notes.pop()
            case "table-cell" | "covered-table-cell" if self._tables and self._tables[-1].rows:
                self._tables[-1].end_cell()
            case "table-row" if self._tables and self._tables[-1].rows:
                self._tables[-1].end_row()
            case "table" if self._tables:
                self._finish_table(self._tables.pop())
                self._write_pictures()

    def data(self, text: str) -> None:
        if self._texts:
            self._texts[-1].pieces.append(" ".join(text.split("\n")))

    def _add_space(self, space: str) -> None:
        if self._texts:
            self._texts[-1].pieces.append(space)

    def _add_picture(self, name: str) -> None:
        """Take note of a picture. Those of spreadsheets are not read."""
        if not self._is_sheet:
            self._pending_pictures.append(name)
            self._write_pictures()

    def _write_pictures(self) -> None:
        """Write the pending pictures; those in a paragraph or a table follow it."""
        if self._texts or self._tables:
            return
        for name in self._pending_pictures:
            self._pictures.write(name)
        self._pending_pictures.clear()

    def _begin_table(self, attributes: dict[str, str]) -> None:
        self._tables.append(_Table())
        if self._is_sheet and len(self._tables) == 1:
            self._out.begin_page(attributes.get("name", ""))
            self._out.heading(attributes.get("name", ""), 1)

    def _finish_text(self, text: _Text) -> None:
        words = "".join(text.pieces).strip()
        if self._notes:
            if words and self._texts:
                self._texts[-1].following.append(f"[{self._notes[-1]}: {words}]")
            elif words:
                self._write(f"[{self._notes[-1]}: {words}]", 0)
            return
        if words:
            self._write(words, text.level)
        for note in text.following:
            self._write(note, 0)

    def _write(self, words: str, level: int) -> None:
        if self._tables and self._tables[-1].rows and self._tables[-1].rows[-1]:
            row = self._tables[-1].rows[-1]
            row[-1] = one_line(f"{row[-1]} {words}")
        elif self._texts:  # a text box inside a paragraph
            self._texts[-1].following.append(words)
        elif level:
            self._out.heading(words, level)
        elif self._lists:
            self._out.list_item(words, self._lists - 1, "•" if self._at_item_start else " ")
            self._at_item_start = False
        else:
            self._out.paragraph(words)

    def _finish_table(self, table: _Table) -> None:
        if self._tables or self._texts:
            for row in table.rows:
                self._write(" | ".join(filter(None, row)), 0)
        elif max((len(row) for row in table.rows), default=0) <= 1 or _has_long_cells(table):
            for text, row_number, column in table.cells():
                if self._is_sheet:
                    self._out.cell(text, row_number, column)
                else:
                    self._out.paragraph(text)
        elif self._is_sheet:
            self._out.sheet_lines(list(table.lines()))
        else:
            self._out.table(table.rows)


def _has_long_cells(table: _Table) -> bool:
    return any(len(cell) > _LAYOUT_CELL_CHARS for row in table.rows for cell in row)


def _repeat(attributes: dict[str, str], name: str) -> int:
    value = attributes.get(name, "1")
    return max(1, int(value)) if value.isdecimal() and len(value) < 9 else 1
