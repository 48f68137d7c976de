"""The formats Papermoor reads: which file is of which format, and reading one. The only table of formats."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath

from core.domain.file_formats import LABELS, NAMES, SUFFIXES
from core.parsing.document import A_PICTURE, DocumentBuilder, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem, fault_of
from core.parsing.limits import ParseLimits
from core.parsing.readers import code, data_files, markdown, markup, plain
from core.parsing.recogniser import Recogniser
from core.parsing.sniffing import sniffed
from core.parsing.source import Source

log = logging.getLogger(__name__)

WITH_PICTURES = {"pdf", "image", "docx", "pptx", "odt", "odp", "eml", "msg", "mbox"}
_BuildingParser = Callable[[Source, DocumentBuilder], None]


def format_of(path: PurePath) -> str | None:
    """The format that a file's name promises ("pdf"); None for one that is not read. Touches no disk."""
    return NAMES.get(path.name.casefold()) or SUFFIXES.get(path.suffix.casefold())


def supported(path: PurePath) -> bool:
    return format_of(path) is not None


def label_of(format: str) -> str:
    """What a person calls the format ("Word")."""
    return LABELS.get(format, format)


def parse_file(
    path: Path,
    limits: ParseLimits | None = None,
    *,
    password: str | None = None,
    other_passwords: tuple[str, ...] = (),
    on_pages: Callable[[int], None] | None = None,
    recognise: Sequence[str] = (),
    known_pages: Mapping[int, str] | None = None,
    on_page_words: Callable[[int, str], None] | None = None,
) -> ParsedDocument:
    """Read a document. Runs in a worker process: what a hostile file can do to a parser stays there.

    Raises `ParseFault` alone, whatever a parser raises. `on_pages` is told how many pages the file says it has,
    and `A_PICTURE` before each that is read from a picture, if there are languages to `recognise` text in; of what is
    read so `on_page_words` is told, and `known_pages` are given back another time.
    """
    limits = limits or ParseLimits()
    named = format_of(path)
    if named is None:
        raise ParseFault(ParseProblem.UNSUPPORTED, format=path.suffix or path.name)
    with _only_faults(named):
        source = Source(path, named, label_of(named), password, other_passwords=other_passwords)
        format = sniffed(source, limits)
        recogniser: Recogniser | None = None
        if recognise and format in WITH_PICTURES:
            from core.parsing.ocr.engine import OcrRecogniser

            recogniser = OcrRecogniser(recognise, limits.recognised_pages, known_pages, on_page_words)
        return _parse(replace(source, format=format, label=label_of(format)), limits, on_pages, recogniser)


def _parse(
    source: Source,
    limits: ParseLimits,
    on_pages: Callable[[int], None] | None = None,
    recogniser: Recogniser | None = None,
) -> ParsedDocument:
    whole = _whole_parser(source.format)
    if whole is not None:
        return whole(source, limits)
    builder = DocumentBuilder(source.format, limits, on_pages, recogniser, parse_attachment)
    _building_parser(source)(source, builder)
    document = builder.build(source.stem)
    if not document.text.strip():
        raise source.fault(_problem_without_text(builder))
    return document


def _problem_without_text(builder: DocumentBuilder) -> ParseProblem:
    if builder.unread_pages:
        return ParseProblem.SCANNED
    return ParseProblem.NOTHING_RECOGNISED if builder.tried_pictures else ParseProblem.EMPTY


def parse_attachment(name: PurePath, data: bytes, outer: DocumentBuilder, depth: int) -> ParsedDocument | None:
    """A file that lies inside another one, `outer`, of whose limits it has a part; None if its kind is not read.
    Raises `ParseFault` as `parse_file` does."""
    named = format_of(name)
    if named is None or named == "archive":
        return None
    with _only_faults(named):
        source = Source(Path(name.name), named, label_of(named), None, data, depth)
        format = sniffed(source, outer.limits)
        recogniser = outer.recogniser.inside() if outer.recogniser is not None else None
        source = replace(source, format=format, label=label_of(format))
        return _parse(source, outer.limits, lambda pages: _tell_of_picture(pages, outer), recogniser)


def _tell_of_picture(pages: int, outer: DocumentBuilder) -> None:
    if pages == A_PICTURE:
        outer.begin_recognition()


@contextmanager
def _only_faults(format: str) -> Iterator[None]:
    """Whatever a parser raises leaves as a `ParseFault`; but what is ours to mend, not the file's, leaves as it is."""
    try:
        yield
    except (ParseFault, ImportError, SyntaxError):
        raise
    except OSError as error:
        raise fault_of(error) from error
    except MemoryError as error:
        raise ParseFault(ParseProblem.OUT_OF_MEMORY) from error
    except Exception as error:  # a third party's parser met a file it was not made for
        log.info("parser for %s failed: %s", format, _place_of(error))
        raise ParseFault(ParseProblem.DAMAGED, format=label_of(format), detail=_place_of(error)) from error


def _place_of(error: Exception) -> str:
    """The kind of an error and where in our own code it passed, for the log: never its message, which may quote
    text."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame.f_globals.get("__name__", "").startswith("core.parsing")]
    where = f" in {ours[-1].f_globals['__name__']}:{ours[-1].f_lineno}" if ours else ""
    return type(error).__name__ + where


def _whole_parser(format: str) -> Callable[[Source, ParseLimits], ParsedDocument] | None:
    """Parsers whose document is the file's own text."""
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


def _building_parser(source: Source) -> _BuildingParser:
    """The other parsers. Each is imported when it is first needed, in a way that a frozen application finds."""
    for of_family in (_office_parser, _mail_parser, _other_parser):
        parser = of_family(source.format)
        if parser is not None:
            return parser
    raise source.fault(ParseProblem.UNSUPPORTED)


def _office_parser(format: str) -> _BuildingParser | None:
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


def _mail_parser(format: str) -> _BuildingParser | None:
    if format == "msg":
        from core.parsing.readers import msg

        return msg.parse
    if format in ("eml", "mbox", "mhtml"):
        from core.parsing.readers import mail

        return {"eml": mail.parse, "mbox": mail.parse_mbox, "mhtml": mail.parse_mhtml}[format]
    return None


def _other_parser(format: str) -> _BuildingParser | None:
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
            from core.parsing.readers import zipped

            return zipped.parse
    return None
