"""Finds a file's format and parses it with the reader for that format. The only table of readers."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from core.domain.file_formats import LABELS, NAMES, SUFFIXES
from core.parsing.document import DocumentBuilder, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem, fault_from_os_error
from core.parsing.limits import ParseLimits
from core.parsing.ocr_engine import OcrEngine
from core.parsing.open_file import OpenFile, open_file
from core.parsing.readers import code, data_files, markdown, markup, plain
from core.parsing.sniffing import sniff_format
from core.parsing.source import Source

if TYPE_CHECKING:
    from core.parsing.ocr.recogniser import Recogniser

log = logging.getLogger(__name__)

OCR_FORMATS = {"pdf", "image", "docx", "pptx", "odt", "odp", "eml", "msg", "mbox"}
"""Formats whose pages, pictures or attachments may need OCR."""
_TextParser = Callable[[Source, ParseLimits], ParsedDocument]
_BlockParser = Callable[[Source, DocumentBuilder], None]


def format_of(path: PurePath) -> str | None:
    """Return the format that a file's name promises ("pdf"); None for one that is not supported. Touches no disk."""
    return NAMES.get(path.name.casefold()) or SUFFIXES.get(path.suffix.casefold())


def is_supported(path: PurePath) -> bool:
    return format_of(path) is not None


def label_of(format: str) -> str:
    """Return what a person calls the format ("Word")."""
    return LABELS.get(format, format)


def parse_file(
    path: PurePath,
    limits: ParseLimits | None = None,
    *,
    file: OpenFile | None = None,
    password: str | None = None,
    other_passwords: tuple[str, ...] = (),
    ocr_languages: Sequence[str] = (),
    recogniser: Recogniser | None = None,
    saved_pages: Mapping[int, str] | None = None,
    on_pages: Callable[[int], None] | None = None,
    on_ocr_start: Callable[[], None] | None = None,
    on_ocr_page: Callable[[int, str], None] | None = None,
) -> ParsedDocument:
    """Parse a document. Runs in a worker process, where a hostile file can harm nothing else.

    It is read from `file` if that is given, and `path` is then only its name. Raises no exception but `ParseFault`,
    whatever a parser raises (errors in our own installation excepted). Pictures are read by OCR if `ocr_languages`
    (Tesseract's names) is not empty, or by `recogniser`. `on_pages` is called with the number of pages that the file
    claims, `on_ocr_start` before each picture that is read, `on_ocr_page` with its index and its words; a later call
    with these as `saved_pages` does not read them again.
    """
    limits = limits or ParseLimits()
    named = format_of(path)
    if named is None:
        raise ParseFault(ParseProblem.UNSUPPORTED, format=path.suffix or path.name)
    with _raising_only_faults(named), nullcontext(file) if file is not None else open_file(path) as opened:
        source = Source(path, named, label_of(named), password, file=opened, other_passwords=other_passwords)
        format = sniff_format(source, limits)
        ocr: OcrEngine | None = None
        if (ocr_languages or recogniser) and format in OCR_FORMATS:
            from core.parsing.ocr.recogniser import Recogniser
            from core.parsing.ocr.tesseract import TesseractEngine

            recogniser = recogniser or Recogniser(ocr_languages)
            ocr = TesseractEngine(recogniser, limits.ocr_pages, saved_pages, on_ocr_page)
        source = replace(source, format=format, label=label_of(format))
        return _parse(source, limits, ocr, on_pages, on_ocr_start)


def _parse(
    source: Source,
    limits: ParseLimits,
    ocr: OcrEngine | None,
    on_pages: Callable[[int], None] | None,
    on_ocr_start: Callable[[], None] | None,
) -> ParsedDocument:
    text_parser = _text_parser(source.format)
    if text_parser is not None:
        return text_parser(source, limits)
    builder = DocumentBuilder(
        source.format,
        limits,
        on_pages=on_pages,
        on_ocr_start=on_ocr_start,
        ocr=ocr,
        parse_attachment=parse_attachment,
    )
    _block_parser(source)(source, builder)
    document = builder.build(source.stem)
    if not document.text.strip():
        raise source.fault(_problem_without_text(builder))
    return document


def _problem_without_text(builder: DocumentBuilder) -> ParseProblem:
    if builder.unread_pictures:
        return ParseProblem.SCANNED
    return ParseProblem.NOTHING_RECOGNISED if builder.used_ocr else ParseProblem.EMPTY


def parse_attachment(name: PurePath, data: bytes, outer: DocumentBuilder, depth: int) -> ParsedDocument | None:
    """Parse a file inside the document that `outer` builds, whose limits and OCR budget it shares; None if its format
    is not supported. Raises `ParseFault` as `parse_file` does."""
    named = format_of(name)
    if named is None or named == "archive":
        return None
    with _raising_only_faults(named):
        source = Source(PurePath(name.name), named, label_of(named), data=data, depth=depth)
        format = sniff_format(source, outer.limits)
        ocr = outer.ocr.for_embedded_document() if outer.ocr is not None else None
        source = replace(source, format=format, label=label_of(format))
        return _parse(source, outer.limits, ocr, on_pages=None, on_ocr_start=outer.begin_ocr)


@contextmanager
def _raising_only_faults(format: str) -> Iterator[None]:
    """Turn whatever a parser raises into a `ParseFault`, except errors of our own code or installation."""
    try:
        yield
    except (ParseFault, ImportError, SyntaxError):
        raise
    except OSError as error:
        raise fault_from_os_error(error) from error
    except MemoryError as error:
        raise ParseFault(ParseProblem.OUT_OF_MEMORY) from error
    except Exception as error:  # third-party parsers raise anything on files they were not made for
        log.info("parser for %s failed: %s", format, _error_site(error))
        raise ParseFault(ParseProblem.DAMAGED, format=label_of(format), detail=_error_site(error)) from error


def _error_site(error: Exception) -> str:
    """Return an error's type and the place in our own code that it passed, for the log: never its message, which may
    quote the document."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame.f_globals.get("__name__", "").startswith("core.parsing")]
    where = f" in {ours[-1].f_globals['__name__']}:{ours[-1].f_lineno}" if ours else ""
    return type(error).__name__ + where


def _text_parser(format: str) -> _TextParser | None:
    """Return the parser of a format whose document is the decoded file itself; None for other formats."""
    match format:
        case "text":
            return plain.parse
        case "markdown":
            return markdown.parse
        case "markup":
            return markup.parse
        case "code":
            return code.parse
        case "csv":
            return data_files.parse_csv
        case "json":
            return data_files.parse_json
        case "jsonl":
            return data_files.parse_json_lines
    return None


def _block_parser(source: Source) -> _BlockParser:
    """Return the parser of any other format. Each is imported when first needed, by a statement that the packaging of
    the frozen application finds."""
    for parser_for in (_office_parser, _mail_parser, _other_parser):
        parser = parser_for(source.format)
        if parser is not None:
            return parser
    raise source.fault(ParseProblem.UNSUPPORTED)


def _office_parser(format: str) -> _BlockParser | None:
    match format:
        case "docx":
            from core.parsing.readers import docx

            return docx.parse
        case "pptx":
            from core.parsing.readers import pptx

            return pptx.parse
        case "xlsx" | "xls":
            from core.parsing.readers import spreadsheet

            return spreadsheet.parse
        case "odt" | "ods" | "odp":
            from core.parsing.readers import odf

            return odf.parse
        case "doc":
            from core.parsing.readers import doc

            return doc.parse
        case "ppt":
            from core.parsing.readers import ppt

            return ppt.parse
        case "rtf":
            from core.parsing.readers import rtf

            return rtf.parse
    return None


def _mail_parser(format: str) -> _BlockParser | None:
    if format == "msg":
        from core.parsing.readers import msg

        return msg.parse
    if format in ("eml", "mbox", "mhtml"):
        from core.parsing.readers import mail

        return {"eml": mail.parse, "mbox": mail.parse_mbox, "mhtml": mail.parse_mhtml}[format]
    return None


def _other_parser(format: str) -> _BlockParser | None:
    match format:
        case "pdf":
            from core.parsing.readers import pdf

            return pdf.parse
        case "html":
            from core.parsing.readers import html

            return html.parse
        case "epub":
            from core.parsing.readers import epub

            return epub.parse
        case "xml":
            from core.parsing.readers import xml_file

            return xml_file.parse
        case "subtitles":
            from core.parsing.readers import subtitles

            return subtitles.parse
        case "notebook":
            return data_files.parse_notebook
        case "image":
            from core.parsing.readers import image

            return image.parse
        case "archive":
            from core.parsing.readers import unopened_archive

            return unopened_archive.parse
    return None
