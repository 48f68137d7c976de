"""The readers of text formats, each as a function from a text to what it makes of a file of this text."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.chunking.chunker import chunk_document
from core.parsing.document import DocumentBuilder, ParsedDocument
from core.parsing.faults import ParseFault
from core.parsing.limits import ParseLimits
from core.parsing.readers import (
    code,
    data_files,
    html,
    mail,
    markdown,
    markup,
    plain,
    rtf,
    subtitles,
    xml_file,
)
from core.parsing.source import Source

_PATH = Path("/folder/file")


def _parsed(parse: Callable[[Source, ParseLimits], ParsedDocument], suffix: str, text: str) -> ParsedDocument:
    data = text.encode("utf-8", "surrogatepass")
    return parse(Source(_PATH.with_suffix(suffix), suffix[1:], suffix, data=data), ParseLimits())


def _built(parse: Callable[[Source, DocumentBuilder], None], suffix: str, text: str) -> ParsedDocument:
    out = DocumentBuilder(suffix[1:], ParseLimits())
    parse(Source(_PATH.with_suffix(suffix), suffix[1:], suffix, data=text.encode("utf-8", "surrogatepass")), out)
    return out.build("file")


def cut(parse: Callable[[str], ParsedDocument], text: str) -> None:
    with contextlib.suppress(ParseFault):
        chunk_document(parse(text))


def read(parse: Callable[[str], ParsedDocument], text: str) -> None:
    with contextlib.suppress(ParseFault):
        parse(text)


def _mail(body: str) -> str:
    return f"From: a@b.c\nTo: {body[:2000]}\nSubject: {body[:2000]}\nContent-Type: text/plain\n\n{body}"


READERS: dict[str, Callable[[str], ParsedDocument]] = {
    "txt": partial(_parsed, plain.parse, ".txt"),
    "md": partial(_parsed, markdown.parse, ".md"),
    "py": partial(_parsed, code.parse, ".py"),
    "csv": partial(_parsed, data_files.parse_csv, ".csv"),
    "json": partial(_parsed, data_files.parse_json, ".json"),
    "jsonl": partial(_parsed, data_files.parse_json_lines, ".jsonl"),
    "tex": partial(_parsed, markup.parse, ".tex"),
    "adoc": partial(_parsed, markup.parse, ".adoc"),
    "org": partial(_parsed, markup.parse, ".org"),
    "wiki": partial(_parsed, markup.parse, ".wiki"),
    "textile": partial(_parsed, markup.parse, ".textile"),
    "html": partial(_built, html.parse, ".html"),
    "srt": partial(_built, subtitles.parse, ".srt"),
    "rtf": lambda text: _built(rtf.parse, ".rtf", "{\\rtf1 " + text),
    "xml": lambda text: _built(xml_file.parse, ".xml", f"<a>{text}"),
    "eml": lambda text: _built(mail.parse, ".eml", _mail(text)),
    "mbox": lambda text: _built(mail.parse_mbox, ".mbox", f"From a 2021\n{_mail(text)}"),
}
"""By the suffix of a file."""
