"""Reads the shapes of a part of PPTX or XLSX: their paragraphs, tables and pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.readers.archive import Archive
from core.parsing.readers.xml_events import feed

_SKIPPED = {"Fallback", "extLst", "fld"}
# Types of placeholders, ECMA-376-1 19.7.10.
_TITLES = {"title", "ctrTitle"}
_IGNORED = {"sldNum", "sldImg"}
_MARGINS = {"dt", "ftr", "hdr"}


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """`list_depth` is that of a list item, from 0; None outside placeholders, where text is no list."""

    text: str
    list_depth: int | None


@dataclass(frozen=True, slots=True)
class _Table:
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class _Picture:
    relation_id: str


class Shapes:
    """XML target for a slide, a notes page, a diagram or a sheet's drawing or comments: the paragraphs of its shapes,
    its tables and its pictures, in order."""

    def __init__(self) -> None:
        self.title = ""
        self.margins: list[str] = []
        self._items: list[_Paragraph | _Table | _Picture] = []
        self._placeholder = ""  # type of the placeholder that the open shape fills, "" if none
        self._text: list[str] = []
        self._in_text = False
        self._level = 0
        self._rows: list[list[str]] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name:
            case "sp" | "graphicFrame":
                self._placeholder = ""
            case "ph":
                self._placeholder = attributes.get("type") or "body"
            case "tbl":
                self._rows = []
            case "tr" if self._rows is not None:
                self._rows.append([])
            case "tc" if self._rows:
                self._rows[-1].append("")
            case "t" | "v" | "text":
                self._in_text = True
            case "pPr":
                self._level = int(level) if (level := attributes.get("lvl", "0")).isdecimal() else 0
            case "br":
                self._text.append("\n")
            case "blip":
                self._items.append(_Picture(attributes.get("embed", "")))

    def end(self, name: str) -> None:
        match name:
            case "t":
                self._in_text = False
            case "v" | "text":
                self._in_text = False
                self._finish_paragraph()
            case "p":
                self._finish_paragraph()
            case "tbl" if self._rows is not None:
                self._items.append(_Table(self._rows))
                self._rows = None

    def data(self, text: str) -> None:
        if self._in_text:
            self._text.append(text)

    def _finish_paragraph(self) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        level, self._level = self._level, 0
        if not text or self._placeholder in _IGNORED:
            return
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] = one_line(f"{self._rows[-1][-1]} {text}")
        elif self._placeholder in _MARGINS:
            self.margins.append(one_line(text))
        elif self._placeholder in _TITLES:
            self.title = one_line(f"{self.title} {text}")
        else:
            self._items.append(_Paragraph(text, level if self._placeholder else None))

    def write(self, out: DocumentBuilder, write_picture: Callable[[str], None] = lambda relation_id: None) -> None:
        """Write the title and the items. `write_picture` is called with the relation id of each picture, in its
        place."""
        if self.title:
            out.heading(self.title, 1)
        for item in self._items:
            match item:
                case _Picture():
                    write_picture(item.relation_id)
                case _Table():
                    out.table(item.rows)
                case _Paragraph() if item.list_depth is not None:
                    out.list_item(item.text, item.list_depth)
                case _Paragraph():
                    out.paragraph(item.text)

    def lines(self) -> list[str]:
        """Return the paragraphs, then the rows of the tables."""
        rows = ["\t".join(row) for item in self._items if isinstance(item, _Table) for row in item.rows]
        return [item.text for item in self._items if isinstance(item, _Paragraph)] + rows


def read_shapes(archive: Archive, name: str, label: str) -> Shapes:
    """Return the shapes of the part `name`, up to the first flaw of its XML."""
    shapes = Shapes()
    feed(archive.open(name), shapes, label, tolerant=True, skipped=_SKIPPED)
    return shapes
