"""The XML target for the main part of a Word document: paragraphs, lists, tables, text boxes, notes and pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.parsing.cleaning import one_line
from core.parsing.document import MAX_LEVEL, DocumentBuilder
from core.parsing.readers.docx_styles import Numbering, Styles

SKIPPED_ELEMENTS = {
    "Fallback",
    "del",
    "moveFrom",
    "instrText",
    "delInstrText",
    "delText",
    "rPrChange",
    "pPrChange",
    "annotationRef",
}
"""Elements that hold what is not shown: deleted text, field codes, and copies for older programs."""
_PICTURE_ATTRIBUTES = {"blip": "embed", "imagedata": "id"}  # which names the picture's part; imagedata is Word 2003's
_LAYOUT_CELL_CHARS = 600  # a table with a longer cell only arranges text on the page


@dataclass(frozen=True, slots=True)
class _Item:
    """A finished paragraph: a heading of `level`, a list item with a `marker`, or neither."""

    text: str
    level: int = 0
    marker: str | None = None
    depth: int = 0


@dataclass(slots=True)
class _Paragraph:
    """An open paragraph. `box_items` are the paragraphs of the text boxes inside it, `pictures` relation ids."""

    pieces: list[str] = field(default_factory=list)
    style: str = ""
    outline: int | None = None
    numbering: str | None = None
    depth: int | None = None
    notes: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    box_items: list[_Item] = field(default_factory=list)

    def set_property(self, name: str, value: str) -> None:
        match name:
            case "pStyle":
                self.style = value
            case "outlineLvl" if value.isdecimal():
                self.outline = int(value)
            case "numId":
                self.numbering = value
            case "ilvl" if value.isdecimal():
                self.depth = int(value)


@dataclass(slots=True)
class _Table:
    """An open table: the items of each cell of each row."""

    rows: list[list[list[_Item]]] = field(default_factory=list)


class Body:
    """XML target for document.xml. Paragraphs may hold text boxes with paragraphs, and cells may hold tables.

    `notes` are the texts of footnotes, endnotes and comments, by kind and id. `write_picture` is called with the
    relation id of each picture, where it belongs in the text.
    """

    def __init__(
        self,
        out: DocumentBuilder,
        styles: Styles,
        numbering: Numbering,
        notes: dict[str, dict[str, str]],
        write_picture: Callable[[str], None],
    ) -> None:
        self._out = out
        self._styles = styles
        self._numbering = numbering
        self._notes = notes
        self._write_picture = write_picture
        self._pending_pictures: list[str] = []
        self._paragraphs: list[_Paragraph] = []
        self._tables: list[_Table | None] = []  # None stands for a text box, whose paragraphs are in no cell
        self._in_text = False
        self._in_properties = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name:
            case "t":
                self._in_text = True
            case "p":
                self._paragraphs.append(_Paragraph())
            case "pPr" | "rPr":
                self._in_properties += 1
            case "tbl":
                self._tables.append(_Table())
            case "tr":
                self._begin_row()
            case "tc":
                self._begin_cell()
            case "txbxContent":
                self._tables.append(None)
            case _ if self._paragraphs and self._in_properties:
                self._paragraphs[-1].set_property(name, attributes.get("val", ""))
            case _ if self._paragraphs:
                self._add_inline(self._paragraphs[-1], name, attributes)

    def end(self, name: str) -> None:
        match name:
            case "t":
                self._in_text = False
            case "pPr" | "rPr":
                self._in_properties -= 1
            case "p" if self._paragraphs:
                self._finish_paragraph(self._paragraphs.pop())
            case "tbl" if self._tables:
                self._finish_table(self._tables.pop())
            case "txbxContent" if self._tables:
                self._tables.pop()

    def data(self, text: str) -> None:
        if self._in_text and self._paragraphs:
            self._paragraphs[-1].pieces.append(text)

    def _open_table(self) -> _Table | None:
        return self._tables[-1] if self._tables else None

    def _begin_row(self) -> None:
        if table := self._open_table():
            table.rows.append([])

    def _begin_cell(self) -> None:
        if (table := self._open_table()) and table.rows:
            table.rows[-1].append([])

    def _add_inline(self, paragraph: _Paragraph, name: str, attributes: dict[str, str]) -> None:
        match name:
            case "tab" | "ptab":
                paragraph.pieces.append("\t")
            case "br" | "cr":
                paragraph.pieces.append("\n")
            case "noBreakHyphen":
                paragraph.pieces.append("-")
            case "sym":
                paragraph.pieces.append(_symbol(attributes.get("char", "")))
            case "blip" | "imagedata":
                paragraph.pictures.append(attributes.get(_PICTURE_ATTRIBUTES[name], ""))
            case _ if name.endswith("Reference"):
                self._add_note(paragraph, name.removesuffix("Reference"), attributes.get("id", ""))

    def _add_note(self, paragraph: _Paragraph, kind: str, note_id: str) -> None:
        text = self._notes.get(kind, {}).get(note_id, "").strip()
        if text:
            paragraph.notes.append(f"[{kind.capitalize()}: {text}]")

    def _finish_paragraph(self, paragraph: _Paragraph) -> None:
        text = "".join(paragraph.pieces).strip()
        items = [self._item(paragraph, text)] if text else []
        items += [_Item(note) for note in paragraph.notes]
        for item in items + paragraph.box_items:
            self._put(item)
        self._pending_pictures += paragraph.pictures
        self._write_pictures()

    def _write_pictures(self) -> None:
        """Write the pending pictures; those in a table or a text box follow it."""
        if self._paragraphs or any(self._tables):
            return
        for picture in self._pending_pictures:
            self._write_picture(picture)
        self._pending_pictures.clear()

    def _item(self, paragraph: _Paragraph, text: str) -> _Item:
        """Return the paragraph as a heading, list item or text, by its own properties or else those of its style."""
        level = paragraph.outline + 1 if paragraph.outline is not None else self._styles.heading_level(paragraph.style)
        styled, styled_depth = self._styles.numbering(paragraph.style)
        numbering = styled if paragraph.numbering is None else paragraph.numbering
        depth = styled_depth if paragraph.depth is None else paragraph.depth
        if not numbering or numbering == "0":
            return _Item(text, level if level <= MAX_LEVEL else 0)
        marker = self._numbering.marker(numbering, depth)
        if 0 < level <= MAX_LEVEL:
            return _Item(f"{marker} {text}" if marker not in ("", "•") else text, level)
        return _Item(text, 0, marker, depth)

    def _put(self, item: _Item) -> None:
        """Add an item to the open cell, to the paragraph around a text box, or to the document."""
        table = self._open_table()
        if table is not None and table.rows and table.rows[-1]:
            table.rows[-1][-1].append(item)
        elif self._paragraphs:
            self._paragraphs[-1].box_items.append(item)
        else:
            self._write(item)

    def _write(self, item: _Item) -> None:
        if item.level:
            self._out.heading(item.text, item.level)
        elif item.marker is not None:
            self._out.list_item(item.text, item.depth, item.marker)
        else:
            self._out.paragraph(item.text)

    def _finish_table(self, table: _Table | None) -> None:
        if table is None:
            return
        cells = [cell for row in table.rows for cell in row if cell]
        if self._paragraphs or any(self._tables):  # inside a cell or a text box, its rows become lines
            for row in table.rows:
                line = " | ".join(filter(None, (_cell_text(cell) for cell in row)))
                if line:
                    self._put(_Item(line))
        elif _is_layout(table, cells):
            for cell in cells:
                for item in cell:
                    self._write(item)
        else:
            self._out.table([[_cell_text(cell) for cell in row] for row in table.rows])
        self._write_pictures()


def _is_layout(table: _Table, cells: list[list[_Item]]) -> bool:
    """Whether a table only arranges text on the page: it has one column, or whole paragraphs in its cells."""
    if max((len(row) for row in table.rows), default=0) <= 1:
        return True
    return any(sum(len(item.text) for item in cell) > _LAYOUT_CELL_CHARS for cell in cells)


def _cell_text(cell: list[_Item]) -> str:
    return one_line(" ".join(f"{item.marker} {item.text}" if item.marker else item.text for item in cell))


def _symbol(code: str) -> str:
    """Return a character of a symbol font by its hexadecimal code; "•" for those in the private use area."""
    try:
        value = int(code, 16)
    except ValueError:
        return ""
    return "•" if 0xF000 <= value <= 0xF0FF else chr(value) if 0 < value < 0x110000 else ""
