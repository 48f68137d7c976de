"""How a document's text is cut into passages, and where else it could be: what a parser process works out and the
library stores."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

_STRENGTH_BITS = 3


def boundary(offset: int, strength: int) -> int:
    """A possible cut and its strength (0 to 7) in one number. Numbers are in the order of their offsets."""
    return offset << _STRENGTH_BITS | strength


def offset_of(number: int) -> int:
    return number >> _STRENGTH_BITS


def strength_of(number: int) -> int:
    return number & (1 << _STRENGTH_BITS) - 1


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of a table from `start` to `end`, without the first one, which is the `header`."""

    start: int
    end: int
    header: str


@dataclass(frozen=True, slots=True)
class RunOutline:
    """A run of text that is cut as a whole, from `start` to `end`: the heading paths in effect from each offset on
    (`headings`), that of the text of each of its segments (`bodies`), its tables that have a header, and the
    boundaries at which it may be cut."""

    start: int
    end: int
    headings: tuple[tuple[int, str], ...] = ()
    bodies: tuple[tuple[int, str], ...] = ()
    tables: tuple[TableRows, ...] = ()
    boundaries: array[int] = field(default_factory=lambda: array("i"))


@dataclass(frozen=True, slots=True)
class CutPassage:
    """A passage of a run, `text[start:end]`; the run was cut at `cut`, which may be after white space. `section` is its
    heading path, to which the header of a long table is added in the pieces after the first; `section_to_cut` the same
    for the text up to `cut`. `headings` are the heading paths in effect inside it, as (offset, path); empty if
    `section` is the only one. `terms` are the search terms of section and text, as the keyword index stores them."""

    start: int
    end: int
    cut: int
    section: str
    section_to_cut: str
    headings: tuple[tuple[int, str], ...] = ()
    terms: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class CutText:
    """All runs and passages of a document, in order, each passage inside one run."""

    runs: tuple[RunOutline, ...] = ()
    passages: tuple[CutPassage, ...] = ()
