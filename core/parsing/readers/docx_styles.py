"""Reads a Word document's styles and numbering: the heading level, list depth and marker of a paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING_NAME = re.compile(r"heading\s*([1-9])$", re.I)
_TITLE_NAMES = {"title"}
_LEVEL_REFERENCE = re.compile(r"%([1-9])")  # in the text of a level: "%1.%2"
_MAX_ANCESTORS = 20  # of a style; damaged files have cycles


@dataclass(slots=True)
class ParagraphStyle:
    """What a style sets itself. `outline` is 0 for the highest heading, `numbering` the id of a list."""

    name: str = ""
    based_on: str = ""
    outline: int | None = None
    numbering: str = ""
    depth: int | None = None


class Styles:
    """XML target for styles.xml. Built-in styles keep their English names in every language; their ids do not."""

    def __init__(self) -> None:
        self._styles: dict[str, ParagraphStyle] = {}
        self._current: ParagraphStyle | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        value = attributes.get("val", "")
        if name == "style":
            self._current = self._styles.setdefault(attributes.get("styleId", ""), ParagraphStyle())
        elif self._current is None:
            return
        elif name == "name":
            self._current.name = value
        elif name == "basedOn":
            self._current.based_on = value
        elif name == "outlineLvl":
            self._current.outline = _number(value)
        elif name == "numId":
            self._current.numbering = value
        elif name == "ilvl":
            self._current.depth = _number(value)

    def end(self, name: str) -> None:
        if name == "style":
            self._current = None

    def data(self, text: str) -> None:
        pass

    def heading_level(self, style_id: str) -> int:
        """Return 1 to 9 for a heading style, else 0."""
        for style in self._ancestry(style_id):
            named = _HEADING_NAME.match(style.name)
            if named:
                return int(named[1])
            if style.name.casefold() in _TITLE_NAMES:
                return 1
            if style.outline is not None:
                return style.outline + 1 if 0 <= style.outline <= 8 else 0
        return 0

    def numbering(self, style_id: str) -> tuple[str, int]:
        """Return the numbering id and depth that a style gives its paragraphs; ("", 0) if none."""
        for style in self._ancestry(style_id):
            if style.numbering:
                return style.numbering, style.depth or 0
        return "", 0

    def _ancestry(self, style_id: str) -> list[ParagraphStyle]:
        """Return the style and those it is based on, nearest first."""
        found: list[ParagraphStyle] = []
        while style_id in self._styles and len(found) < _MAX_ANCESTORS:
            found.append(self._styles[style_id])
            style_id = found[-1].based_on
        return found


@dataclass(slots=True)
class _Level:
    """How the items of one depth of a list are numbered: numeral `format`, `text` around the numerals, `start`."""

    format: str = "decimal"
    text: str = ""
    start: int = 1


class Numbering:
    """XML target for numbering.xml; then counts list items as Word does and returns the marker of each."""

    def __init__(self) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._abstract_ids: dict[str, str] = {}
        self._counters: dict[str, dict[int, int]] = {}
        self._open_abstract: dict[int, _Level] | None = None
        self._open_number = ""
        self._level: _Level | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        value = attributes.get("val", "")
        if name == "abstractNum":
            self._open_abstract = self._abstract.setdefault(attributes.get("abstractNumId", ""), {})
        elif name == "num":
            self._open_number = attributes.get("numId", "")
        elif name == "abstractNumId":
            self._abstract_ids[self._open_number] = value
        elif name == "lvl" and self._open_abstract is not None:
            self._level = self._open_abstract.setdefault(_number(attributes.get("ilvl", "0")) or 0, _Level())
        elif self._level is None:
            return
        elif name == "numFmt":
            self._level.format = value
        elif name == "lvlText":
            self._level.text = value
        elif name == "start":
            self._level.start = _number(value) or 0

    def end(self, name: str) -> None:
        if name == "lvl":
            self._level = None
        elif name == "abstractNum":
            self._open_abstract = None

    def data(self, text: str) -> None:
        pass

    def marker(self, numbering: str, depth: int) -> str:
        """Count the next item of the list `numbering` at `depth` and return its marker ("•", "2.1", "(a)"; "" for
        none)."""
        abstract = self._abstract_ids.get(numbering, "")
        levels = self._abstract.get(abstract, {})
        level = levels.get(depth)
        if level is None or level.format == "bullet":
            return "•"
        if level.format == "none":
            return ""
        counters = self._counters.setdefault(abstract, {})
        counters[depth] = counters.get(depth, level.start - 1) + 1
        for deeper in [d for d in counters if d > depth]:
            del counters[deeper]

        def numeral(found: re.Match[str]) -> str:
            referenced = int(found[1]) - 1
            shown = levels.get(referenced, _Level())
            return _numeral(counters.get(referenced, shown.start), shown.format)

        return _LEVEL_REFERENCE.sub(numeral, level.text)


def _numeral(value: int, format: str) -> str:
    if format in ("lowerLetter", "upperLetter") and value > 0:
        letter = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)
        return letter.upper() if format == "upperLetter" else letter
    if format in ("lowerRoman", "upperRoman") and 0 < value < 4000:
        roman = _roman(value)
        return roman if format == "upperRoman" else roman.lower()
    return f"{value:02d}" if format == "decimalZero" else str(value)


def _roman(value: int) -> str:
    result = ""
    pairs = zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), "M CM D CD C XC L XL X IX V IV I".split(), strict=True
    )
    for unit, letters in pairs:
        count, value = divmod(value, unit)
        result += letters * count
    return result


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 9 else None
