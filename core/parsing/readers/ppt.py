"""Reads PPT (PowerPoint 97 to 2003): the text atoms of its slides ([MS-PPT] 2.9), slide by slide."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import zip_longest

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.ole import ole_property, open_ole, read_stream
from core.parsing.source import Source

# Record types, [MS-PPT] 2.13.24.
_SLIDE, _NOTES, _MASTER, _OUTLINE, _PERSIST = 1006, 1008, 1016, 4080, 1011
_TEXT_CHARS, _TEXT_BYTES = 4000, 4008
_CONTAINER = 0xF  # version of a record that holds others
_MAX_DEPTH = 32
_ENCRYPTED_TOKEN = 0xF3D1C4DF  # [MS-PPT] 2.3.2


def parse(source: Source, out: DocumentBuilder) -> None:
    with open_ole(source, out.limits) as ole:
        user = read_stream(ole, "Current User")
        if len(user) >= 16 and struct.unpack_from("<I", user, 12)[0] == _ENCRYPTED_TOKEN:
            raise source.fault(ParseProblem.ENCRYPTED)
        data = read_stream(ole, "PowerPoint Document")
        out.title = ole_property(ole, "title")
    outlined: list[list[str]] = []
    drawn: list[list[str]] = []
    notes: list[list[str]] = []
    for kind, start, end, instance in _records(data, 0, len(data)):
        if kind == _SLIDE:
            drawn.append(_texts(data, start, end))
        elif kind == _NOTES:
            notes.append(_texts(data, start, end))
        elif kind == _OUTLINE and instance == 0:
            outlined += _outline_texts(data, start, end)
    out.expect_pages(max(len(outlined), len(drawn)))
    nothing: list[str] = []
    for first, second, slide_notes in zip_longest(outlined, drawn, notes, fillvalue=nothing):
        _write_slide(first + [text for text in second if text not in first], slide_notes, out)


def _write_slide(texts: list[str], notes: list[str], out: DocumentBuilder) -> None:
    out.begin_page(texts[0] if texts else "")
    for index, text in enumerate(texts):
        lines = [line for line in text.replace("\x0b", "\r").split("\r") if line.strip()]
        if index == 0 and len(lines) == 1:
            out.heading(lines[0], 1)
        elif len(lines) == 1:
            out.paragraph(lines[0])
        else:
            for line in lines:
                out.list_item(line)
    spoken = "\n".join(note.replace("\r", "\n") for note in notes if note not in texts).strip()
    if spoken and spoken != "*":  # "*" stands for the slide's number
        out.paragraph(f"Notes: {spoken}")


def _records(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int, int, int]]:
    """Yield type, start, end and instance of the records that are read, also of those inside other containers."""
    while start + 8 <= end:
        head, kind, size = struct.unpack_from("<HHI", data, start)
        begin, until = start + 8, min(start + 8 + size, end)
        if kind in (_SLIDE, _NOTES, _OUTLINE, _TEXT_CHARS, _TEXT_BYTES, _PERSIST):
            yield kind, begin, until, head >> 4
        elif kind != _MASTER and head & 0xF == _CONTAINER and depth < _MAX_DEPTH:
            yield from _records(data, begin, until, depth + 1)
        start = until


def _texts(data: bytes, start: int, end: int) -> list[str]:
    found = []
    for kind, begin, until, _ in _records(data, start, end):
        text = _text(data, kind, begin, until)
        if text.strip():
            found.append(text)
    return found


def _outline_texts(data: bytes, start: int, end: int) -> list[list[str]]:
    """The texts of each slide in the outline."""
    slides: list[list[str]] = []
    for kind, begin, until, _ in _records(data, start, end):
        if kind == _PERSIST:
            slides.append([])
        elif slides and (text := _text(data, kind, begin, until)).strip():
            slides[-1].append(text)
    return slides


def _text(data: bytes, kind: int, start: int, end: int) -> str:
    if kind == _TEXT_CHARS:
        return data[start:end].decode("utf-16-le", "replace")
    return data[start:end].decode("latin-1") if kind == _TEXT_BYTES else ""
