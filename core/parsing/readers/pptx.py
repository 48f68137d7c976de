"""Reads PPTX slide by slide: title, text, tables, charts and diagrams, then the speaker's notes and comments."""

from __future__ import annotations

from functools import partial

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.archive import Archive, open_archive
from core.parsing.readers.charts import write_chart
from core.parsing.readers.embedded_pictures import EmbeddedPictures
from core.parsing.readers.package import core_title, relations_by_id
from core.parsing.readers.shapes import read_shapes
from core.parsing.readers.xml_events import feed
from core.parsing.source import Source


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
    slide = read_shapes(archive, name, source.label)
    out.begin_page(slide.title)
    parts = relations_by_id(archive, name, source.label)
    slide.write(out, partial(pictures.write_relation, parts))
    margins.update(dict.fromkeys(slide.margins))
    for kind, target in parts.values():
        if kind == "chart":
            write_chart(archive, target, source.label, out)
        elif kind == "diagramData":
            read_shapes(archive, target, source.label).write(out)
    for kind, target in parts.values():
        if kind in ("notesSlide", "comments"):
            lines = read_shapes(archive, target, source.label).lines()
            if lines:
                out.paragraph(("Notes: " if kind == "notesSlide" else "Comment: ") + "\n".join(lines))


def _slides(archive: Archive, source: Source) -> list[str]:
    """Return the names of the slides that the file holds, in the order in which they are shown."""
    order = _SlideOrder()
    feed(archive.open("ppt/presentation.xml"), order, source.label, tolerant=True)
    parts = relations_by_id(archive, "ppt/presentation.xml", source.label)
    shown = [parts[key][1] for key in order.ids if key in parts and parts[key][1] in archive]
    return shown or archive.names("ppt/slides/slide", ".xml")


class _SlideOrder:
    """XML target for presentation.xml: the relation ids of its slides."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sldId":
            self.ids.append(attributes.get("id", ""))

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass
