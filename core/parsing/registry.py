"""The formats Papermoor reads: which file is of which format, and reading one. The only table of formats."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from core.parsing.document import DocumentBuilder, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem, fault_of
from core.parsing.formats import LABELS, NAMES, SUFFIXES
from core.parsing.limits import ParseLimits
from core.parsing.source import Source

log = logging.getLogger(__name__)

_HEAD_BYTES = 4096
_ONLY_TEXT = {"text", "markdown", "code"}


def format_of(path: Path) -> str | None:
    """The format that a file's name promises ("pdf"); None for one that is not read. Touches no disk."""
    return NAMES.get(path.name.casefold()) or SUFFIXES.get(path.suffix.casefold())


def supported(path: Path) -> bool:
    return format_of(path) is not None


def label_of(format: str) -> str:
    """What a person calls the format ("Word")."""
    return LABELS.get(format, format)


def parse_file(
    path: Path,
    limits: ParseLimits | None = None,
    *,
    password: str | None = None,
    on_pages: Callable[[int], None] | None = None,
) -> ParsedDocument:
    """Read a document. Runs in a worker process: what a hostile file can do to a parser stays there.

    Raises `ParseFault` alone, whatever a parser raises. `on_pages` is told how many pages the file says it has.
    """
    limits = limits or ParseLimits()
    named = format_of(path)
    if named is None:
        raise ParseFault(ParseProblem.UNSUPPORTED, format=path.suffix or path.name)
    try:
        format = _sniffed(path, named)
        source = Source(path, format, label_of(format), password)
        return _parse(source, limits, on_pages)
    except (ParseFault, ImportError, SyntaxError):  # the last two are ours to mend, not the file's
        raise
    except OSError as error:
        raise fault_of(error) from error
    except MemoryError as error:
        raise ParseFault(ParseProblem.OUT_OF_MEMORY) from error
    except Exception as error:  # a third party's parser met a file it was not made for
        log.info("parser for %s failed: %s", named, type(error).__name__)
        raise ParseFault(ParseProblem.DAMAGED, format=label_of(named)) from error


def _parse(source: Source, limits: ParseLimits, on_pages: Callable[[int], None] | None) -> ParsedDocument:
    whole = _whole_parser(source.format)
    if whole is not None:
        return whole(source, limits)
    builder = DocumentBuilder(source.format, limits, on_pages)
    _building_parser(source)(source, builder)
    document = builder.build(source.stem)
    if not document.text.strip():
        raise source.fault(ParseProblem.EMPTY)
    return document


def _whole_parser(format: str) -> Callable[[Source, ParseLimits], ParsedDocument] | None:
    """Parsers whose document is the file's own text. Imports stand here so that a frozen application finds them."""
    match format:
        case "text":
            from core.parsing import plain

            return plain.parse
        case "markdown":
            from core.parsing import markdown

            return markdown.parse
        case "code":
            from core.parsing import code

            return code.parse
    return None


def _building_parser(source: Source) -> Callable[[Source, DocumentBuilder], None]:
    match source.format:
        case "pdf":
            from core.parsing import pdf

            return pdf.parse
        case "docx":
            from core.parsing import docx

            return docx.parse
        case "html":
            from core.parsing import html

            return html.parse
    raise source.fault(ParseProblem.UNSUPPORTED)


def _sniffed(path: Path, named: str) -> str:
    """The format by the file's first bytes where these leave no doubt, else the one its name promises."""
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise ParseFault(ParseProblem.EMPTY)
    if b"%PDF-" in head[:1024] and named != "html":
        return "pdf"
    if named in _ONLY_TEXT:
        return named
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if named == "pdf" and start.startswith((b"<!doctype html", b"<html")):
        return "html"
    return named
