"""Reads DOC (Word 6 to 2003): the text by its piece table ([MS-DOC] 2.4.1), with tables, without styles."""

from __future__ import annotations

import re
import struct

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.ole import ole_property, open_ole, read_stream
from core.parsing.source import Source

# Offsets in the file information block ([MS-DOC] 2.5.1 to 2.5.7), and the values of its fields.
_FIB_BYTES = 0x20
_VERSION, _FLAGS, _FC_MIN, _FC_CLX = 0x02, 0x0A, 0x18, 0x01A2
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_WORD_97 = 0x00C1
_COMPRESSED = 0x4000_0000  # in a piece's offset: its text has eight bits a character
_FIELD_CODE = re.compile("\x13[^\x13\x14\x15]*\x14?|\x15|\x14")
_DROPPED = re.compile("[\x00-\x06\x08\x0e-\x12\x16-\x1d\x1f]")


def parse(source: Source, out: DocumentBuilder) -> None:
    with open_ole(source, out.limits) as ole:
        main = read_stream(ole, "WordDocument")
        if len(main) < _FIB_BYTES:
            raise source.fault(ParseProblem.DAMAGED)
        (flags,) = struct.unpack_from("<H", main, _FLAGS)
        if flags & _ENCRYPTED:
            raise source.fault(ParseProblem.ENCRYPTED)
        out.title = ole_property(ole, "title")
        (version,) = struct.unpack_from("<H", main, _VERSION)
        if version < _WORD_97:
            start, end = struct.unpack_from("<II", main, _FC_MIN)
            text = main[start:end].decode("cp1252", "replace")
        else:
            text = _pieces(main, read_stream(ole, "1Table" if flags & _SECOND_TABLE else "0Table"))
        if out.title and out.title not in text:
            out.heading(out.title, 1)
        _write(text, out)
        if subject := ole_property(ole, "subject"):
            out.paragraph(f"Subject: {subject}")


def _pieces(main: bytes, table: bytes) -> str:
    """The text, assembled from its pieces."""
    offset, size = struct.unpack_from("<II", main, _FC_CLX)
    clx = table[offset : offset + size]
    position = 0
    while position + 3 <= len(clx) and clx[position] == 1:
        position += 3 + struct.unpack_from("<H", clx, position + 1)[0]
    if position + 5 > len(clx) or clx[position] != 2:
        return ""
    (plc_size,) = struct.unpack_from("<I", clx, position + 1)
    plc = clx[position + 5 : position + 5 + plc_size]
    count = (len(plc) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plc)
    parts = []
    for index in range(count):
        (offset,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * index + 2)
        length = max(0, ends[index + 1] - ends[index])
        if offset & _COMPRESSED:
            start = (offset & ~_COMPRESSED) // 2
            parts.append(main[start : start + length].decode("cp1252", "replace"))
        else:
            parts.append(main[offset : offset + 2 * length].decode("utf-16-le", "replace"))
    return "".join(parts)


def _write(text: str, out: DocumentBuilder) -> None:
    before = None
    while before != text:  # innermost fields first, since they nest
        before, text = text, _FIELD_CODE.sub("", text)
    text = _DROPPED.sub("", text.replace("\x0b", "\n").replace("\x1e", "-"))
    rows: list[list[str]] = []
    cells: list[list[str]] = []  # the paragraphs of each
    for found in re.finditer("([^\r\x07\x0c]*)([\r\x07\x0c]|$)", text):
        words, mark = found[1], found[2]
        if mark == "\x07":
            if not words.strip() and cells and found.start() and text[found.start() - 1] == "\x07":
                rows.append(list(map(" ".join, cells)))  # two marks in succession end the row
                cells = []
            else:
                cells.append([words])
            continue
        if cells:  # a paragraph inside a cell
            cells[-1].append(words)
            continue
        if rows:
            out.table(rows)
            rows = []
        out.paragraph(words)
    if rows or cells:
        out.table([*rows, list(map(" ".join, cells))])
