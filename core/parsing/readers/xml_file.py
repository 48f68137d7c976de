"""Reads XML of any vocabulary: the text of its elements; files with little text between the tags unchanged."""

from __future__ import annotations

import io

from core.parsing.cleaning import clean
from core.parsing.document import BlockKind, DocumentBuilder
from core.parsing.readers.encoding import declared_encoding, decode
from core.parsing.readers.html import write_html
from core.parsing.readers.xml_events import feed
from core.parsing.source import Source

_TITLES = {"title", "head", "name"}
_INLINE = {"b", "i", "em", "strong", "a", "span", "emphasis", "hi", "ref", "code", "sup", "sub", "u", "link", "quote"}
_MARKUP = {"description", "encoded", "content", "summary"}
_MIN_TEXT_SHARE = 0.1  # of the file; with less text, the data is in the attributes
_MAX_PARSED_CHARS = 4_000_000  # a longer file is written unchanged
_MAX_HEADING_CHARS = 200


def parse(source: Source, out: DocumentBuilder) -> None:
    data = source.read_text_file(out.limits)
    text = decode(data, declared_encoding(data))
    source.require_text(text, out.limits)
    if len(text) > _MAX_PARSED_CHARS:
        out.raw(BlockKind.CODE, clean(text))
        return
    body = text[text.find("?>", 0, 200) + 2 :] if text.lstrip().startswith("<?xml") else text
    elements = _Elements()
    feed(io.BytesIO(body.encode("utf-8", "replace")), elements, source.label, tolerant=True)
    if sum(len(piece) for _, piece in elements.pieces) < _MIN_TEXT_SHARE * len(text):
        out.raw(BlockKind.CODE, clean(text))
        return
    for name, piece in elements.pieces:
        if name in _TITLES and len(piece) < _MAX_HEADING_CHARS:
            out.heading(piece, 1 if not out.length else 2)
        elif name in _MARKUP and "<" in piece and ">" in piece:
            write_html(piece, out, show_title=False)
        else:
            out.paragraph(piece)


class _Elements:
    """XML target: the name and text of each element that has any; inline elements belong to the text around them."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []
        self._names: list[str] = []
        self._text: list[str] = []
        self._has_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name.lower() not in _INLINE or not self._has_text:
            self._flush()
        self._names.append(name.lower())

    def end(self, name: str) -> None:
        if self._names and (self._names[-1] not in _INLINE or len(self._names) < 2):
            self._flush()
        if self._names:
            self._names.pop()

    def data(self, text: str) -> None:
        self._text.append(text)
        self._has_text = self._has_text or not text.isspace()

    def _flush(self) -> None:
        text = "".join(self._text).strip()
        if text:
            self.pieces.append((self._names[-1] if self._names else "", text))
        self._text.clear()
        self._has_text = False
