"""Packages of Office Open XML (DOCX, PPTX, XLSX; ECMA-376-2): their properties, and the relations between parts."""

from __future__ import annotations

import posixpath

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.readers.archive import Archive
from core.parsing.readers.xml_events import TextCollector, feed


def core_title(archive: Archive, label: str) -> str:
    """Return the title among a package's properties; "" if a program generated it."""
    title = _property(archive, "title", label)
    generated = title.casefold().startswith(("microsoft word", "powerpoint presentation", "untitled", "word document"))
    return "" if generated else title


def write_core_properties(archive: Archive, label: str, out: DocumentBuilder) -> None:
    """Write subject, keywords and description, which people fill in to find a document by."""
    names = (("Subject", "subject"), ("Keywords", "keywords"), ("Description", "description"))
    found = [f"{shown}: {value}" for shown, name in names if (value := _property(archive, name, label))]
    out.paragraph("\n".join(found))


def _property(archive: Archive, name: str, label: str) -> str:
    values = TextCollector(name)
    feed(archive.open("docProps/core.xml"), values, label, tolerant=True)
    return one_line(values.texts[0]) if values.texts else ""


def relations_by_id(archive: Archive, name: str, label: str) -> dict[str, tuple[str, str]]:
    """Return the kind ("image", "chart") and member name of each part that the part `name` refers to, by the id of the
    relation."""
    folder, _, file = name.rpartition("/")
    found = _Relations()
    feed(archive.open(f"{folder}/_rels/{file}.rels"), found, label, tolerant=True)
    result = {}
    for key, target in found.targets.items():
        if target.startswith("/"):
            result[key] = (found.kinds[key], target.lstrip("/"))
        else:
            result[key] = (found.kinds[key], posixpath.normpath(posixpath.join(folder, target)))
    return result


class _Relations:
    """XML target for a .rels part: internal targets and their kinds by id."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}
        self.kinds: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            key = attributes.get("Id", "")
            self.targets[key] = attributes.get("Target", "")
            self.kinds[key] = attributes.get("Type", "").rpartition("/")[2]

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass
