"""Reads EPUB: the chapters in the order of the spine, each as HTML."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.archive import Archive, open_archive
from core.parsing.readers.encoding import declared_encoding, decode
from core.parsing.readers.html import write_html
from core.parsing.readers.xml_events import TextCollector, feed
from core.parsing.source import Source


def parse(source: Source, out: DocumentBuilder) -> None:
    with open_archive(source, out.limits) as archive:
        package = _package(archive, source)
        _refuse_encrypted(archive, source)
        titles = TextCollector("title")
        feed(archive.open(package), titles, source.label, tolerant=True)
        title = one_line(titles.texts[0]) if titles.texts else ""
        for name in _chapters(archive, package, source):
            data = archive.read(name)
            write_html(decode(data, declared_encoding(data)), out, show_title=False)
        out.title = title


def _package(archive: Archive, source: Source) -> str:
    container = _Package()
    feed(archive.open("META-INF/container.xml"), container, source.label, tolerant=True)
    for name in (*container.roots, *archive.names("", ".opf")):
        if name in archive:
            return name
    raise source.fault(ParseProblem.DAMAGED)


def _refuse_encrypted(archive: Archive, source: Source) -> None:
    """Raise `ParseFault` if digital rights management has encrypted the chapters; obfuscated fonts do no harm."""
    if "META-INF/rights.xml" in archive or b"html" in archive.read("META-INF/encryption.xml"):
        raise source.fault(ParseProblem.ENCRYPTED)


def _chapters(archive: Archive, package: str, source: Source) -> list[str]:
    found = _Package()
    feed(archive.open(package), found, source.label, tolerant=True)
    folder = posixpath.dirname(package)
    wanted = [found.items[key] for key in found.spine if key in found.items] or list(found.items.values())
    names = [posixpath.normpath(posixpath.join(folder, unquote(href))) for href in wanted]
    return [name for name in names if name in archive]


class _Package:
    """XML target for container.xml and the package file: root files, chapters by id, and the reading order."""

    def __init__(self) -> None:
        self.roots: list[str] = []
        self.items: dict[str, str] = {}
        self.spine: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "rootfile":
            self.roots.append(attributes.get("full-path", ""))
        elif name == "item" and "html" in attributes.get("media-type", ""):
            self.items[attributes.get("id", "")] = attributes.get("href", "")
        elif name == "itemref":
            self.spine.append(attributes.get("idref", ""))

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass
