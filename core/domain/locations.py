"""Locations in documents and their wording by format: page, slide, sheet and cells, message, lines."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Protocol

from core.domain.documents import Document, DocumentText, Location, Passage
from core.domain.file_formats import SUFFIXES
from core.domain.heading_paths import SECTION_SEPARATOR, Headings, headings_within, section_over
from core.domain.sheet_cells import SheetRows, range_of, within
from core.i18n import N_, ngettext, tr

LINED = frozenset({"text", "markdown", "markup", "code", "csv", "json", "jsonl"})
"""Formats whose text is the decoded file itself, line by line; JSON only where it was not laid out anew."""
SHEETS = frozenset({"xlsx", "xls", "ods"})
_PAGE = (N_("page {page}"), N_("pages {page}–{last}"), N_("page {page} of {all}"))
_SLIDE = (N_("slide {page}"), N_("slides {page}–{last}"), N_("slide {page} of {all}"))
_MESSAGE = (N_("message {page}"), N_("messages {page}–{last}"), N_("message {page} of {all}"))
_SHEET = (N_("sheet {name}"), N_("sheets {names}"), "")
_READ = {_PAGE[0]: N_("page {page}, read by OCR"), _PAGE[1]: N_("pages {page}–{last}, read by OCR")}
_UNITS = {"pptx": _SLIDE, "ppt": _SLIDE, "odp": _SLIDE, "mbox": _MESSAGE} | dict.fromkeys(SHEETS, _SHEET)
_ONE_READ = {
    _PAGE: N_("Read page {page} of {name}"),
    _SLIDE: N_("Read slide {page} of {name}"),
    _MESSAGE: N_("Read message {page} of {name}"),
    _SHEET: N_("Read sheet {page} of {name}"),
}
_SOME_READ = {
    _PAGE: N_("Read {read} of {total} pages of {name}."),
    _SLIDE: N_("Read {read} of {total} slides of {name}."),
    _MESSAGE: N_("Read {read} of {total} messages of {name}."),
    _SHEET: N_("Read {read} of {total} sheets of {name}."),
}
_MANY = {_PAGE: "pages", _SLIDE: "slides", _MESSAGE: "messages", _SHEET: "sheets"}
_LONE_RETURN = re.compile(r"\r(?!\n|\Z)")
_LAID_OUT = re.compile(r"[\[{](?:\n \S|[\]}])|[^\s\[{]")  # as core.parsing.readers.data_files lays JSON out


class _Quoting(Protocol):
    """What locates a quotation in a document: a citation, or anything with the same fields."""

    @property
    def page(self) -> int | None: ...
    @property
    def section(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def location(self) -> Location: ...
    @property
    def quote(self) -> str: ...


def locations_of(
    format: str,
    pages: Sequence[int],
    labels: Sequence[str],
    text: str,
    places: Sequence[tuple[int, int]],
    rows: Sequence[SheetRows] = (),
    headings: Headings = (),
) -> list[Location]:
    """The location of each range (start, end) of `places` in a document of this format. `pages` are the start offsets
    of its pages, `labels` their names, `rows` its rows of sheets, `headings` the heading paths in effect. `text` is
    needed up to the last start, for `LINED` formats and for `rows` alone."""
    lined = format in LINED and not (format == "json" and _LAID_OUT.match(text))
    returns = lined and text.count("\r") != text.count("\r\n")
    mixed = _LONE_RETURN.search(text) if returns else None  # programs differ in what a line is from there on
    lines: dict[int, int] = {}
    at, line = 0, 1
    for start in sorted({start for start, _ in places}) if lined else ():
        line += text.count("\n", at, start)
        at = start
        if mixed is None or start <= mixed.start():
            lines[start] = line
    return [
        Location(
            format,
            _sheet(format, labels, page_at(pages, start)),
            lines.get(start),
            tuple((pages[n], _sheet(format, labels, n)) for n in range(bisect_right(pages, start), len(pages))
                  if pages[n] < end),
            within(rows, start, end, text),
            _several(headings, start, end),
        )
        for start, end in places
    ]  # fmt: skip


def location_in(document: DocumentText, start: int, end: int) -> Location:
    (location,) = locations_in(document, [(start, end)])
    return location


def locations_in(document: DocumentText, places: Sequence[tuple[int, int]]) -> list[Location]:
    """The location of each range of `places`, which takes one pass over the text."""
    of = document
    return locations_of(of.format, of.pages, of.page_labels, of.text, places, of.rows, of.headings)


def was_recognised(document: DocumentText, start: int, end: int) -> bool:
    """Whether some of the text in this range was read from a picture."""
    return overlaps(recognised_ranges(document.pages, document.recognised, document.pictured), start, end)


def recognised_ranges(
    pages: Sequence[int], recognised: Sequence[int], pictured: Iterable[Sequence[int]]
) -> list[tuple[int, int]]:
    """The ranges of a text that were read from pictures: the `recognised` pages, of which the last may be open, and the
    `pictured` ranges."""
    last = len(pages) - 1
    ranges = [(pages[page], pages[page + 1] if page < last else sys.maxsize) for page in recognised]
    return ranges + [(start, end) for start, end in pictured]


def overlaps(ranges: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    return any(first < max(end, start + 1) and start < last for first, last in ranges)


def narrowed(source: _Quoting, start: int, end: int) -> tuple[int | None, str, Location]:
    """Page, section and location of the characters from `start` to `end` of the source's quotation."""
    place = (source.start + start, source.start + end)
    location = location_after(source.location, source.quote[:start])
    passed = [turn for turn in source.location.turns if turn[0] <= source.start + start]
    inside = tuple(turn for turn in source.location.turns if source.start + start < turn[0] < source.start + end)
    page = None if source.page is None else source.page + len(passed)
    rows = within(location.rows, source.start + start, source.start + end, source.quote, source.start)
    sheet = passed[-1][1] if passed else location.sheet
    whole = not location.headings or end - start >= len(source.quote)
    section = source.section if whole else section_over(location.headings, *place)
    return (
        page,
        section,
        Location(location.format, sheet, location.line, inside, rows, _several(location.headings, *place)),
    )


def _several(headings: Headings, start: int, end: int) -> tuple[tuple[int, str], ...]:
    within = headings_within(headings, start, end)
    return within if len(within) > 1 else ()


def page_at(pages: Sequence[int], offset: int) -> int | None:
    """The 0-based page that holds `offset`, given the start offsets of the pages; None without pages."""
    return max(0, bisect_right(pages, offset) - 1) if pages else None


def location_after(location: Location, passed: str) -> Location:
    """The location of what follows the text `passed`, which begins at `location`."""
    line = None if location.line is None or _LONE_RETURN.search(passed) else location.line + passed.count("\n")
    return replace(location, line=line)


def location_words(place: Passage | _Quoting, recognised: bool = False) -> str:
    """The location as people count ("page 3"); empty where there is nothing to count. `recognised` adds that it was
    read from a picture."""
    template, values = _told(place)
    if recognised and template in _READ:
        return tr(_READ[template], **values)
    words = tr(template, **values) if template else ""
    if not recognised:
        return words
    return tr("{place}, read by OCR", place=words) if words else tr("read by OCR")


def location_in_english(place: Passage | _Quoting) -> str:
    """The location in English, for the model."""
    template, values = _told(place)
    return template.format(**values)


def section_words(place: Passage | _Quoting) -> str:
    """The heading path; in spreadsheets what follows the sheet's name, which `location_words` gives."""
    section = place.section
    return section.partition(SECTION_SEPARATOR)[2] if place.location.format in SHEETS else section


def page_name(document: DocumentText, page: int, *, of_all: bool = False) -> str:
    """The name of a page ("page 3", on request "page 3 of 10"); "" for a sheet without a name."""
    if document.format in SHEETS:
        name = _sheet(document.format, document.page_labels, page)
        return tr("sheet {name}", name=name) if name else ""
    one, _, of_many = _UNITS.get(document.format, _PAGE)
    return tr(of_many, page=page + 1, all=len(document.pages)) if of_all else tr(one, page=page + 1)


def count_words(document: Document) -> str:
    """The number of pages in words; "" where there are none, and for spreadsheets, whose comments are a page of their
    own."""
    unit, count = _unit(document.path.name), document.page_count
    if not count or unit is _SHEET:
        return ""
    if unit is _SLIDE:
        return ngettext("{n} slide", "{n} slides", count)
    if unit is _MESSAGE:
        return ngettext("{n} message", "{n} messages", count)
    return ngettext("{n} page", "{n} pages", count)


def read_words(name: str, page: str) -> str:
    """That this page, slide or sheet of the file was read, counted from 1."""
    return tr(_ONE_READ[_unit(name)], page=page, name=name)


def partly_read_words(name: str, read: int, total: int) -> str:
    return tr(_SOME_READ[_unit(name)], read=read, total=total, name=name)


def unit_in_english(name: str) -> str:
    """The plural of what the pages of a file of this name are called."""
    return _MANY[_unit(name)]


def _unit(name: str) -> tuple[str, str, str]:
    return _UNITS.get(SUFFIXES.get(PurePath(name).suffix.casefold(), ""), _PAGE)


def _told(place: Passage | _Quoting) -> tuple[str, dict[str, object]]:
    location = place.location
    words = place.text if isinstance(place, Passage) else place.quote
    if location.format in SHEETS:
        names = [name for name in (location.sheet, *(sheet for _, sheet in location.turns)) if name]
        return _sheets(names, range_of(location.rows, words, place.start))
    if location.line is not None:
        return _lines(location, words)
    if place.page is None:
        return "", {}
    one, several, _ = _UNITS.get(location.format, _PAGE)
    last = place.page + 1 + len(location.turns)
    return (several, {"page": place.page + 1, "last": last}) if location.turns else (one, {"page": last})


def _sheets(names: Sequence[str], cells: str) -> tuple[str, dict[str, object]]:
    """The sheet, and of a single one the cells."""
    if len(names) == 1 and cells:
        return N_("sheet {name}, {cells}"), {"name": names[0], "cells": cells}
    if len(names) < 2:
        return (N_("sheet {name}"), {"name": names[0]}) if names else ("", {})
    return N_("sheets {names}"), {"names": ", ".join(names if len(names) <= 3 else (*names[:2], "…", names[-1]))}


def _lines(location: Location, text: str) -> tuple[str, dict[str, object]]:
    """The lines of `text`, which begins at `location`, without blank ones at its ends."""
    words = text.strip()
    first = location_after(location, text[: len(text) - len(text.lstrip())])
    last = location_after(first, words)
    if first.line is None or last.line is None or not words:
        return "", {}
    if first.line == last.line:
        return N_("line {first}"), {"first": first.line}
    return N_("lines {first}–{last}"), {"first": first.line, "last": last.line}


def _sheet(format: str, labels: Sequence[str], page: int | None) -> str:
    return labels[page] if format in SHEETS and page is not None and page < len(labels) else ""
