"""CSV, TSV, JSON, JSON lines and notebooks: data that people keep as text files."""

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

_LONG_LINE = 2_000
_LAID_OUT_CHARS = 4_000_000
_OUTPUT_CHARS = 5_000


def parse_csv(source: Source, limits: ParseLimits) -> ParsedDocument:
    """The decoded file itself, as one table of lines."""
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    return _as_it_is(source, text, BlockKind.TABLE)


def parse_json(source: Source, limits: ParseLimits) -> ParsedDocument:
    """The decoded file itself where a person can read it; laid out anew where it is one long line or full of
    escapes."""
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    if len(text) <= _LAID_OUT_CHARS and ("\\u" in text or max(map(len, text.split("\n")), default=0) > _LONG_LINE):
        text = _laid_out(text) or text
        source.require_text(text, limits)
    return _as_it_is(source, text, BlockKind.CODE)


def parse_json_lines(source: Source, limits: ParseLimits) -> ParsedDocument:
    text = decode(source.read_text_file(limits))
    source.require_text(text, limits)
    if "\\u" in text:
        text = "\n".join(_one_record(line) for line in text.split("\n"))
    return _as_it_is(source, text, BlockKind.TABLE)


def parse_notebook(source: Source, out: DocumentBuilder) -> None:
    """A Jupyter notebook: its Markdown, its code and the text its code gave."""
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
            out.code(_lines(data.get("text/plain") or data.get("text"))[:_OUTPUT_CHARS])


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
    """A notebook's text, which is a string or a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _as_it_is(source: Source, text: str, kind: BlockKind) -> ParsedDocument:
    block = Block(kind, 0, len(text))
    return ParsedDocument(text=text, title=source.stem, format=source.format, blocks=(block,))


def _laid_out(text: str) -> str:
    try:
        return clean(json.dumps(json.loads(text), ensure_ascii=False, indent=1))
    except (ValueError, RecursionError):
        return ""


def _one_record(line: str) -> str:
    try:
        if "\\u" not in line:
            return line
        return clean(json.dumps(json.loads(line), ensure_ascii=False)).replace("\n", " ")  # a line stays one
    except (ValueError, RecursionError):
        return line
