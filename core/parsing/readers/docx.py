"""Reads DOCX: its parts as streams of XML, headings by style, lists with their numbers, headers, notes and charts."""

from __future__ import annotations

from functools import partial

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.archive import Archive, open_archive
from core.parsing.readers.charts import write_chart
from core.parsing.readers.docx_body import SKIPPED_ELEMENTS, Body
from core.parsing.readers.docx_styles import Numbering, Styles
from core.parsing.readers.embedded_pictures import EmbeddedPictures
from core.parsing.readers.package import core_title, relations_by_id, write_core_properties
from core.parsing.readers.xml_events import feed
from core.parsing.source import Source

_NOTE_PARTS = {"footnotes": "footnote", "endnotes": "endnote", "comments": "comment"}  # part, element of a note


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
        notes = {kind: _notes(archive, folder, part, kind, source) for part, kind in _NOTE_PARTS.items()}
        for text in _margins(archive, folder, "header", source):
            out.paragraph(text)
        parts = relations_by_id(archive, main, source.label)
        write_picture = partial(EmbeddedPictures(archive, out).write_relation, parts)
        body = Body(out, styles, numbering, notes, write_picture)
        feed(archive.open(main), body, source.label, skipped=SKIPPED_ELEMENTS)
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
    """Return the texts of the document's headers or footers (`kind`), each once, without page numbers."""
    texts: list[str] = []
    for name in archive.names(f"{folder}/{kind}", ".xml"):
        collector = _Paragraphs()
        feed(archive.open(name), collector, source.label, tolerant=True, skipped=SKIPPED_ELEMENTS)
        text = "\n".join(line for line in collector.lines if any(char.isalpha() for char in line))
        if text and text not in texts:
            texts.append(text)
    return texts


def _notes(archive: Archive, folder: str, part: str, kind: str, source: Source) -> dict[str, str]:
    """Return the texts of the footnotes, endnotes or comments in a part, by id."""
    collector = _Paragraphs(kind)
    feed(archive.open(f"{folder}/{part}.xml"), collector, source.label, tolerant=True, skipped=SKIPPED_ELEMENTS)
    return collector.by_id


class _Paragraphs:
    """XML target for the small parts: their paragraphs as lines, and the text of each note (element `note`) by its
    id."""

    def __init__(self, note: str = "") -> None:
        self.lines: list[str] = []
        self._notes: dict[str, list[str]] = {}
        self._note = note
        self._note_id = ""
        self._text: list[str] = []
        self._in_text = False

    @property
    def by_id(self) -> dict[str, str]:
        """The text of each note by its id."""
        return {note_id: "".join(parts) for note_id, parts in self._notes.items()}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._note:
            self._note_id = attributes.get("id", "")
            author = attributes.get("author", "")
            self._notes[self._note_id] = [f"{author}: "] if author else []
        elif name == "t":
            self._in_text = True
        elif name in ("tab", "br", "cr"):
            self._text.append(" ")

    def end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "p":
            line = one_line("".join(self._text))
            self._text.clear()
            if line:
                self.lines.append(line)
                if self._note_id:
                    self._notes[self._note_id].append(line + " ")

    def data(self, text: str) -> None:
        if self._in_text:
            self._text.append(text)
