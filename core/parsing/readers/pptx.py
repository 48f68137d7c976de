"""PPTX: slide by slide as a stream: title, text, tables, charts and diagrams, then the speaker's notes and comments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.archive import Archive, open_archive
from core.parsing.readers.charts import write_chart
from core.parsing.readers.embedded_pictures import EmbeddedPictures
from core.parsing.readers.package import core_title, relations_by_id
from core.parsing.readers.xml_events import feed
from core.parsing.source import Source

_SKIPPED = {"Fallback", "extLst", "fld"}
_TITLES = {"title", "ctrTitle"}
_IGNORED_PLACES = {"sldNum", "sldImg"}
_MARGINS = {"dt", "ftr", "hdr"}


def parse(source: Source, out: DocumentBuilder) -> None:
    with open_archive(source, out.limits) as archive:
        slides = _slides(archive, source)
        if not slides and "ppt/presentation.xml" not in archive:
            raise source.fault(ParseProblem.DAMAGED)
        out.title = core_title(archive, source.label)
        out.expect_pages(len(slides))
        margins: dict[str, None] = {}
        pictures = EmbeddedPictures(archive, out)
        for name in slides:
            _write_slide(archive, name, source, out, margins, pictures)
        for text in margins:
            out.paragraph(text)


def _write_slide(
    archive: Archive,
    name: str,
    source: Source,
    out: DocumentBuilder,
    margins: dict[str, None],
    pictures: EmbeddedPictures,
) -> None:
    slide = Shapes()
    feed(archive.open(name), slide, source.label, tolerant=True)
    out.begin_page(slide.title)
    parts = relations_by_id(archive, name, source.label)
    slide.write(out, partial(pictures.write_relation, parts))
    margins.update(dict.fromkeys(slide.margins))
    targets = list(parts.values())
    for kind, target in targets:
        if kind == "chart":
            write_chart(archive, target, source.label, out)
        elif kind == "diagramData":
            part = Shapes()
            feed(archive.open(target), part, source.label, tolerant=True)
            part.write(out)
    for kind, target in targets:
        if kind in ("notesSlide", "comments"):
            part = Shapes()
            feed(archive.open(target), part, source.label, tolerant=True)
            lines = part.lines()
            if lines:
                out.paragraph(("Notes: " if kind == "notesSlide" else "Comment: ") + "\n".join(lines))


def _slides(archive: Archive, source: Source) -> list[str]:
    """The slides' names in the order they are shown, without those the file does not hold."""
    order = _Order()
    feed(archive.open("ppt/presentation.xml"), order, source.label, tolerant=True)
    parts = relations_by_id(archive, "ppt/presentation.xml", source.label)
    shown = [parts[key][1] for key in order.ids if key in parts and parts[key][1] in archive]
    return shown or archive.names("ppt/slides/slide", ".xml")


class _Order:
    """Target for presentation.xml: the relation ids of its slides."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sldId":
            self.ids.append(attributes.get("id", ""))

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture, by the id of its relation."""

    key: str


class Shapes:
    """Target for a slide, notes page, chart or diagram: the paragraphs of its shapes and its tables, in order."""

    def __init__(self) -> None:
        self.title = ""
        self.margins: list[str] = []
        self._items: list[tuple[str, int] | list[list[str]] | _Picture] = []
        self._place = ""
        self._in_place = False
        self._text: list[str] = []
        self._open_text = False
        self._level = 0
        self._rows: list[list[str]] | None = None
        self._skip = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._skip or name in _SKIPPED:
            self._skip += 1
        elif name in ("sp", "graphicFrame"):
            self._place, self._in_place = "", False
        elif name == "ph":
            self._place, self._in_place = attributes.get("type", "body"), True
        elif name == "tbl":
            self._rows = []
        elif name == "tr" and self._rows is not None:
            self._rows.append([])
        elif name == "tc" and self._rows:
            self._rows[-1].append("")
        elif name in ("t", "v", "text"):
            self._open_text = True
        elif name == "pPr":
            self._level = int(level) if (level := attributes.get("lvl", "0")).isdecimal() else 0
        elif name == "br":
            self._text.append("\n")
        elif name == "blip":
            self._items.append(_Picture(attributes.get("embed", "")))

    def end(self, name: str) -> None:
        if self._skip:
            self._skip -= 1
        elif name in ("t", "v", "text"):
            self._open_text = False
            if name != "t":
                self._paragraph()
        elif name == "p":
            self._paragraph()
        elif name == "tbl" and self._rows is not None:
            self._items.append(self._rows)
            self._rows = None

    def data(self, text: str) -> None:
        if self._open_text and not self._skip:
            self._text.append(text)

    def _paragraph(self) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        level, self._level = self._level, 0
        if not text or self._place in _IGNORED_PLACES:
            return
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] = one_line(f"{self._rows[-1][-1]} {text}")
        elif self._place in _MARGINS:
            self.margins.append(one_line(text))
        elif self._place in _TITLES:
            self.title = one_line(f"{self.title} {text}")
        else:
            self._items.append((text, level + 1 if self._in_place else 0))

    def write(self, out: DocumentBuilder, show_picture: Callable[[str], None] = lambda key: None) -> None:
        """`show_picture` is called with the relation id of each picture, in its place."""
        if self.title:
            out.heading(self.title, 1)
        for item in self._items:
            if isinstance(item, _Picture):
                show_picture(item.key)
            elif isinstance(item, list):
                out.table(item)
            elif item[1]:
                out.list_item(item[0], item[1] - 1)
            else:
                out.paragraph(item[0])

    def lines(self) -> list[str]:
        rows = ["\t".join(row) for item in self._items if isinstance(item, list) for row in item]
        return [item[0] for item in self._items if isinstance(item, tuple)] + rows
