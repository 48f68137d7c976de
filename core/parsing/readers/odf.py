"""ODT, ODS, ODP: OpenDocument's content.xml read as a stream: headings, lists, tables, notes, slides, sheets."""

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
_MAX_REPEAT = 100
_LAYOUT_CELL_CHARS = 600


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
        feed(archive.open("content.xml"), _Content(out, source.format, EmbeddedPictures(archive, out)), source.label)
        for text in _margins(archive, source, "footer"):
            out.paragraph(text)


def _margins(archive: Archive, source: Source, kind: str) -> list[str]:
    """The texts of the headers or footers in the page styles, each once."""
    collector = TextCollector(kind)
    feed(archive.open("styles.xml"), collector, source.label, tolerant=True)
    texts = [one_line(text) for text in collector.texts]
    return list(dict.fromkeys(text for text in texts if sum(map(str.isalpha, text)) > 2 and text != "<number>"))


@dataclass(slots=True)
class _Table:
    """`places` are the numbers of its rows in the sheet, `columns` where in it the cells of each row stand: of rows and
    cells that are repeated without end only some are written down."""

    rows: list[list[str]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    columns: list[list[int]] = field(default_factory=list)
    next_row: int = 1
    next_column: int = 1
    row_repeat: int = 1
    cell_repeat: int = 1

    def end_cell(self) -> None:
        row, again = self.rows[-1], min(self.cell_repeat, _MAX_REPEAT) - 1
        row.extend([row[-1]] * again)
        self.columns[-1].extend(range(self.next_column + 1, self.next_column + 1 + again))
        self.next_column += self.cell_repeat

    def end_row(self) -> None:
        again = min(self.row_repeat, _MAX_REPEAT) - 1
        if any(self.rows[-1]):
            self.rows.extend([self.rows[-1]] * again)
            self.columns.extend([self.columns[-1]] * again)
            self.places.extend(range(self.next_row, self.next_row + 1 + again))
        else:
            self.rows.pop()
            self.columns.pop()
        self.next_row += self.row_repeat

    def lines(self) -> Iterator[SheetLine]:
        """Its rows as those of a sheet."""
        for line in table_lines(self.rows):
            own = self.columns[line.row - 1]
            columns = (own[at - 1] if at <= len(own) else own[-1] + at - len(own) for at in line.columns)
            there = tuple(column for column in columns if column <= LAST_COLUMN)
            yield SheetLine(line.text, min(self.places[line.row - 1], LAST_ROW), there)

    def cells(self) -> Iterator[tuple[str, int, int]]:
        """Text, row and column of each cell."""
        for row, place, columns in zip(self.rows, self.places, self.columns, strict=True):
            for text, column in zip(row, columns, strict=True):
                yield text, min(place, LAST_ROW), min(column, LAST_COLUMN)


@dataclass(slots=True)
class _Text:
    """A paragraph or heading that is open, and what was found inside it that follows it."""

    level: int = 0
    pieces: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


class _Content:
    """Target for content.xml."""

    def __init__(self, out: DocumentBuilder, format: str, pictures: EmbeddedPictures) -> None:
        self._out = out
        self._pictures = pictures
        self._waiting: list[str] = []  # parts with pictures that are not written yet
        self._is_sheet = format == "ods"
        self._texts: list[_Text] = []
        self._tables: list[_Table] = []
        self._lists = 0
        self._item_fresh = False
        self._notes: list[str] = []
        self._skip = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._skip or name in _SKIPPED:
            self._skip += 1
        elif name in ("p", "h"):
            level = attributes.get("outline-level", "1") if name == "h" else "0"
            self._texts.append(_Text(int(level) if level.isdecimal() else 1))
        elif name in ("s", "tab", "line-break"):
            self._put_space(name, attributes)
        elif name == "list":
            self._lists += 1
        elif name in ("list-item", "list-header"):
            self._item_fresh = True
        elif name in ("note", "annotation"):
            self._notes.append("Footnote" if name == "note" else "Comment")
        elif name == "image" and not self._is_sheet:  # those of spreadsheets are not read
            self._waiting.append(attributes.get("href", ""))
            self._show_pictures()
        elif name == "page":
            self._out.begin_page(attributes.get("name", ""))
        elif name == "table":
            self._begin_table(attributes)
        elif self._tables:
            self._in_table(self._tables[-1], name, attributes)

    def _begin_table(self, attributes: dict[str, str]) -> None:
        self._tables.append(_Table())
        if self._is_sheet and len(self._tables) == 1:
            self._out.begin_page(attributes.get("name", ""))
            self._out.heading(attributes.get("name", ""), 1)

    def _in_table(self, table: _Table, name: str, attributes: dict[str, str]) -> None:
        if name == "table-row":
            table.rows.append([])
            table.columns.append([])
            table.next_column = 1
            table.row_repeat = _repeat(attributes, "number-rows-repeated")
        elif name in ("table-cell", "covered-table-cell") and table.rows:
            table.rows[-1].append("")
            table.columns[-1].append(table.next_column)
            table.cell_repeat = _repeat(attributes, "number-columns-repeated")

    def end(self, name: str) -> None:
        if self._skip:
            self._skip -= 1
        elif name in ("p", "h") and self._texts:
            self._finish(self._texts.pop())
            self._show_pictures()
        elif name == "list":
            self._lists -= 1
        elif name in ("note", "annotation") and self._notes:
            self._notes.pop()
        elif name in ("table-cell", "covered-table-cell") and self._tables and self._tables[-1].rows:
            self._tables[-1].end_cell()
        elif name == "table-row" and self._tables and self._tables[-1].rows:
            self._tables[-1].end_row()
        elif name == "table" and self._tables:
            self._finish_table(self._tables.pop())
            self._show_pictures()

    def _show_pictures(self) -> None:
        """Those of a paragraph or a table come after it."""
        if self._texts or self._tables:
            return
        for name in self._waiting:
            self._pictures.write(name)
        self._waiting.clear()

    def data(self, text: str) -> None:
        if not self._skip and self._texts:
            self._texts[-1].pieces.append(" ".join(text.split("\n")))

    def _put_space(self, name: str, attributes: dict[str, str]) -> None:
        if self._texts:
            self._texts[-1].pieces.append("\n" if name == "line-break" else "\t" if name == "tab" else " ")

    def _finish(self, text: _Text) -> None:
        words = "".join(text.pieces).strip()
        if self._notes:
            if words and self._texts:
                self._texts[-1].after.append(f"[{self._notes[-1]}: {words}]")
            elif words:
                self._write(f"[{self._notes[-1]}: {words}]", 0)
            return
        if words:
            self._write(words, text.level)
        for note in text.after:
            self._write(note, 0)

    def _write(self, words: str, level: int) -> None:
        if self._tables and self._tables[-1].rows and self._tables[-1].rows[-1]:
            row = self._tables[-1].rows[-1]
            row[-1] = one_line(f"{row[-1]} {words}")
        elif self._texts:  # a text box inside a paragraph
            self._texts[-1].after.append(words)
        elif level:
            self._out.heading(words, level)
        elif self._lists:
            self._out.list_item(words, self._lists - 1, "•" if self._item_fresh else " ")
            self._item_fresh = False
        else:
            self._out.paragraph(words)

    def _finish_table(self, table: _Table) -> None:
        if self._tables or self._texts:
            for row in table.rows:
                self._write(" | ".join(filter(None, row)), 0)
        elif max((len(row) for row in table.rows), default=0) <= 1 or _has_long_cells(table):
            for text, place, column in table.cells():
                if self._is_sheet:
                    self._out.cell(text, place, column)
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
