"""DOCX: WordprocessingML read as a stream: headings by style, lists with their numbers, tables, notes, text boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.archive import Archive, open_archive
from core.parsing.readers.charts import write_chart
from core.parsing.readers.docx_styles import Numbering, Styles
from core.parsing.readers.embedded import Pictures
from core.parsing.readers.package import core_title, relations_by_id, write_core_properties
from core.parsing.readers.xml_events import feed
from core.parsing.source import Source

_SKIPPED = {
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
_NOTE_NAMES = {"footnotes": "footnote", "endnotes": "endnote", "comments": "comment"}
_PICTURES = {"blip": "embed", "imagedata": "id"}  # today's pictures and those of Word 2003: what names their part
_LAYOUT_CELL_CHARS = 600
_TABLE_DEPTH = 20


def parse(source: Source, out: DocumentBuilder) -> None:
    with open_archive(source, out.limits) as archive:
        main = _main_part(archive)
        if not main:
            raise source.fault(ParseProblem.DAMAGED)
        folder = main.rpartition("/")[0]
        out.title = core_title(archive, source.label)
        styles, numbering = Styles(), Numbering()
        feed(archive.open(f"{folder}/styles.xml"), styles, source.label, tolerant=True)
        feed(archive.open(f"{folder}/numbering.xml"), numbering, source.label, tolerant=True)
        notes = {kind: _notes(archive, folder, part, kind, source) for part, kind in _NOTE_NAMES.items()}
        for text in _margins(archive, folder, "header", source):
            out.paragraph(text)
        parts = relations_by_id(archive, main, source.label)
        show_picture = partial(Pictures(archive, out).write_related, parts)
        feed(archive.open(main), _Body(out, styles, numbering, notes, show_picture), source.label)
        for text in _margins(archive, folder, "footer", source):
            out.paragraph(text)
        for name in archive.names(f"{folder}/charts/chart", ".xml"):
            write_chart(archive, name, source.label, out)
        write_core_properties(archive, source.label, out)


def _main_part(archive: Archive) -> str:
    if "word/document.xml" in archive:
        return "word/document.xml"
    named = [name for name in archive.names("word/document", ".xml") if "/" not in name[5:]]
    return named[0] if named else ""


def _margins(archive: Archive, folder: str, kind: str, source: Source) -> list[str]:
    """The texts of the document's headers or footers, each once, page numbers left out."""
    texts: list[str] = []
    for name in archive.names(f"{folder}/{kind}", ".xml"):
        collector = _Paragraphs()
        feed(archive.open(name), collector, source.label, tolerant=True)
        text = "\n".join(line for line in collector.lines if any(char.isalpha() for char in line))
        if text and text not in texts:
            texts.append(text)
    return texts


def _notes(archive: Archive, folder: str, part: str, kind: str, source: Source) -> dict[str, str]:
    """Footnotes, endnotes or comments by their id."""
    collector = _Paragraphs(kind)
    feed(archive.open(f"{folder}/{part}.xml"), collector, source.label, tolerant=True)
    return collector.by_id


class _Paragraphs:
    """Target for the small parts: their paragraphs as lines, and by the id of the note they are in."""

    def __init__(self, note: str = "") -> None:
        self.lines: list[str] = []
        self.by_id: dict[str, str] = {}
        self._note = note
        self._id = ""
        self._text = ""
        self._in_text = False
        self._skip = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._skip or name in _SKIPPED:
            self._skip += 1
        elif name == self._note:
            self._id = attributes.get("id", "")
            author = attributes.get("author", "")
            self.by_id[self._id] = f"{author}: " if author else ""
        elif name == "t":
            self._in_text = True
        elif name in ("tab", "br", "cr"):
            self._text += " "

    def end(self, name: str) -> None:
        if self._skip:
            self._skip -= 1
        elif name == "t":
            self._in_text = False
        elif name == "p":
            line = one_line(self._text)
            self._text = ""
            if line:
                self.lines.append(line)
                if self._id:
                    self.by_id[self._id] += line + " "

    def data(self, text: str) -> None:
        if self._in_text and not self._skip:
            self._text += text


@dataclass(slots=True)
class _Paragraph:
    pieces: list[str] = field(default_factory=list)
    style: str = ""
    outline: int | None = None
    numbering: str | None = None
    depth: int | None = None
    notes: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    inside: list[_Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Item:
    """A finished paragraph: a heading of `level`, a list item with a `marker`, or neither."""

    text: str
    level: int = 0
    marker: str | None = None
    depth: int = 0


@dataclass(slots=True)
class _Table:
    rows: list[list[list[_Item]]] = field(default_factory=list)


class _Body:
    """Target for document.xml. Paragraphs may hold text boxes (with paragraphs), cells may hold tables."""

    def __init__(
        self,
        out: DocumentBuilder,
        styles: Styles,
        numbering: Numbering,
        notes: dict[str, dict[str, str]],
        show_picture: Callable[[str], None],
    ) -> None:
        self._out = out
        self._styles = styles
        self._numbering = numbering
        self._notes = notes
        self._show_picture = show_picture
        self._pictures: list[str] = []
        self._paragraphs: list[_Paragraph] = []
        self._tables: list[_Table | None] = []
        self._in_text = False
        self._in_properties = 0
        self._skip = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._skip or name in _SKIPPED:
            self._skip += 1
        elif name == "t":
            self._in_text = True
        elif name == "p":
            self._paragraphs.append(_Paragraph())
        elif name in ("pPr", "rPr"):
            self._in_properties += 1
        elif name == "tbl":
            self._tables.append(_Table())
        elif name == "tr" and self._tables and (table := self._tables[-1]):
            table.rows.append([])
        elif name == "tc" and self._tables and (table := self._tables[-1]) and table.rows:
            table.rows[-1].append([])
        elif name == "txbxContent":
            self._tables.append(None)
        elif self._paragraphs:
            self._in_paragraph(self._paragraphs[-1], name, attributes)

    def _in_paragraph(self, paragraph: _Paragraph, name: str, attributes: dict[str, str]) -> None:
        value = attributes.get("val", "")
        if self._in_properties:
            if name == "pStyle":
                paragraph.style = value
            elif name == "outlineLvl" and value.isdecimal():
                paragraph.outline = int(value)
            elif name == "numId":
                paragraph.numbering = value
            elif name == "ilvl" and value.isdecimal():
                paragraph.depth = int(value)
        elif name == "tab" or name == "ptab":
            paragraph.pieces.append("\t")
        elif name in ("br", "cr"):
            paragraph.pieces.append("\n")
        elif name in _PICTURES:
            paragraph.pictures.append(attributes.get(_PICTURES[name], ""))
        elif name == "noBreakHyphen":
            paragraph.pieces.append("-")
        elif name == "sym":
            paragraph.pieces.append(_symbol(attributes.get("char", "")))
        elif name.endswith("Reference") and (kind := name[: -len("Reference")]) in self._notes:
            text = self._notes[kind].get(attributes.get("id", ""), "").strip()
            if text:
                paragraph.notes.append(f"[{kind.capitalize()}: {text}]")

    def end(self, name: str) -> None:
        if self._skip:
            self._skip -= 1
        elif name == "t":
            self._in_text = False
        elif name in ("pPr", "rPr"):
            self._in_properties -= 1
        elif name == "p" and self._paragraphs:
            self._finish(self._paragraphs.pop())
        elif name == "tbl" and self._tables:
            self._finish_table(self._tables.pop())
        elif name == "txbxContent" and self._tables:
            self._tables.pop()

    def data(self, text: str) -> None:
        if self._in_text and not self._skip and self._paragraphs:
            self._paragraphs[-1].pieces.append(text)

    def _finish(self, paragraph: _Paragraph) -> None:
        text = "".join(paragraph.pieces).strip()
        items = [self._item(paragraph, text)] if text else []
        items += [_Item(note) for note in paragraph.notes]
        for item in items + paragraph.inside:
            self._put(item)
        self._pictures += paragraph.pictures
        self._show_pictures()

    def _show_pictures(self) -> None:
        """Those of a table or a text box come after it."""
        if self._paragraphs or any(self._tables):
            return
        for picture in self._pictures:
            self._show_picture(picture)
        self._pictures.clear()

    def _item(self, paragraph: _Paragraph, text: str) -> _Item:
        level = paragraph.outline + 1 if paragraph.outline is not None else self._styles.heading_level(paragraph.style)
        styled, styled_depth = self._styles.numbering(paragraph.style)
        numbering = styled if paragraph.numbering is None else paragraph.numbering
        depth = styled_depth if paragraph.depth is None else paragraph.depth
        if not numbering or numbering == "0":
            return _Item(text, level if level <= 9 else 0)
        marker = self._numbering.marker(numbering, depth)
        if 0 < level <= 9:
            return _Item(f"{marker} {text}" if marker not in ("", "•") else text, level)
        return _Item(text, 0, marker, depth)

    def _put(self, item: _Item) -> None:
        """Into the open cell, the paragraph around a text box, or the document."""
        table = self._tables[-1] if self._tables else None
        if table is not None and table.rows and table.rows[-1]:
            table.rows[-1][-1].append(item)
        elif self._paragraphs:
            self._paragraphs[-1].inside.append(item)
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
        if self._paragraphs or any(self._tables):  # inside a cell or a text box: its rows become lines there
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
        self._show_pictures()


def _is_layout(table: _Table, cells: list[list[_Item]]) -> bool:
    """A table of one column, or with whole paragraphs in its cells, only arranges text on the page."""
    if max((len(row) for row in table.rows), default=0) <= 1:
        return True
    return any(sum(len(item.text) for item in cell) > _LAYOUT_CELL_CHARS for cell in cells)


def _cell_text(cell: list[_Item]) -> str:
    return one_line(" ".join(f"{item.marker} {item.text}" if item.marker else item.text for item in cell))


def _symbol(code: str) -> str:
    """A character of a symbol font; those in the private area are bullets and the like."""
    try:
        value = int(code, 16)
    except ValueError:
        return ""
    return "•" if 0xF000 <= value <= 0xF0FF else chr(value) if 0 < value < 0x110000 else ""
