"""Reads data kept in text files: CSV, TSV, JSON, JSON lines and Jupyter notebooks."""

from __future__ import annotations

import json
from typing import Any

from core.parsing.cleaning import clean
from core.parsing.document import Block, BlockKind, DocumentBuilder, ParsedDocument
from core.parsing.faults import ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.readers.encoding import decode
from core.parsing.readers.markdown import markdown_blocks
from core.parsing.source import Source

_LONG_LINE_CHARS = 2_000  # JSON with a longer line is laid out anew
_MAX_LAYOUT_CHARS = 4_000_000  # larger JSON is not
_MAX_OUTPUT_CHARS = 5_000  # of a notebook's cell


def parse_csv(source: Source, limits: ParseLimits) -> ParsedDocument:
    """Return the decoded file itself, as one table."""
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    return _as_one_block(source, text, BlockKind.TABLE)


def parse_json(source: Source, limits: ParseLimits) -> ParsedDocument:
    """Return the decoded file itself if a person can read it; laid out anew if it has long lines or escapes."""
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    if len(text) <= _MAX_LAYOUT_CHARS and not _is_readable(text):
        text = _laid_out(text) or text
        source.require_text(text, limits)
    return _as_one_block(source, text, BlockKind.CODE)


def parse_json_lines(source: Source, limits: ParseLimits) -> ParsedDocument:
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    if "\\u" in text:
        text = "\n".join(_without_escapes(line) for line in text.split("\n"))
    return _as_one_block(source, text, BlockKind.TABLE)


def parse_notebook(source: Source, out: DocumentBuilder) -> None:
    """Read a Jupyter notebook: its Markdown, its code and the text that the code printed."""
    try:
        notebook = json.loads(decode(source.read_text_file(out.limits)))
        cells = notebook.get("cells") or [cell for sheet in notebook.get("worksheets", ()) for cell in sheet["cells"]]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise source.fault(ParseProblem.DAMAGED) from error
    for cell in cells:
        text = _lines(cell.get("source") or cell.get("input"))
        if cell.get("cell_type") == "markdown":
            _write_markdown(text, out)
        elif cell.get("cell_type") == "heading":
            out.heading(text, int(cell.get("level", 1)))
        else:
            out.code(text)
        for output in cell.get("outputs", ()):
            data = output.get("data", output)
            out.code(_lines(data.get("text/plain") or data.get("text"))[:_MAX_OUTPUT_CHARS])


def _write_markdown(text: str, out: DocumentBuilder) -> None:
    text = clean(text)
    blocks, _ = markdown_blocks(text)
    for block in blocks:
        piece = text[block.start : block.end]
        if block.kind is BlockKind.HEADING:
            out.heading(block.label, block.level)
        else:
            out.raw(block.kind, piece, block.level)


def _lines(value: Any) -> str:
    """Return a notebook's text, which is a string or a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _as_one_block(source: Source, text: str, kind: BlockKind) -> ParsedDocument:
    block = Block(kind, 0, len(text))
    return ParsedDocument(text=text, title=source.stem, format=source.format, blocks=(block,))


def _is_readable(text: str) -> bool:
    return "\\u" not in text and max(map(len, text.split("\n")), default=0) <= _LONG_LINE_CHARS


def _laid_out(text: str) -> str:
    """Return JSON with line breaks and without escapes; "" if it cannot be parsed."""
    try:
        return clean(json.dumps(json.loads(text), ensure_ascii=False, indent=1))
    except (ValueError, RecursionError):
        return ""


def _without_escapes(line: str) -> str:
    """Return a line of JSON without escapes, as one line; unchanged if it cannot be parsed."""
    try:
        if "\\u" not in line:
            return line
        return clean(json.dumps(json.loads(line), ensure_ascii=False)).replace("\n", " ")
    except (ValueError, RecursionError):
        return line
