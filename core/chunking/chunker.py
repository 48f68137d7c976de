"""Cuts a parsed document into passages along its structure, so that an edit changes only the passages near it.

A section (a heading and its text) and a page begin a new passage (core.chunking.segments); inside them, cuts depend on
content and not on running offsets (core.chunking.cutting).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.chunking.cutting import cut_run
from core.chunking.rules import DEFAULT_RULES, ChunkingRules
from core.chunking.segments import Segment, group_into_runs, split_into_segments
from core.domain.heading_paths import SECTION_SEPARATOR, headings_within, section_over
from core.parsing.document import ParsedDocument


@dataclass(frozen=True, slots=True)
class PassageDraft:
    """A passage to be stored: `text[start:end]` of the document. `page` is the 0-based page of its start, `section` its
    heading path, to which the header of a long table is added in the pieces after the first. `headings` are the heading
    paths in effect inside it, as (offset, path); empty if `section` is the only one."""

    ordinal: int
    start: int
    end: int
    page: int | None
    section: str
    headings: tuple[tuple[int, str], ...] = ()


def chunk_document(
    parsed: ParsedDocument, rules: ChunkingRules = DEFAULT_RULES, fits: Callable[[str, str], bool] | None = None
) -> tuple[PassageDraft, ...]:
    """Return the passages of `parsed`, in order and without overlap; together they hold every non-blank character. A
    passage is cut further until `fits(section, text)`, or it is too short to be cut."""
    passages: list[PassageDraft] = []
    for run in group_into_runs(split_into_segments(parsed), rules):
        paths = _HeadingPaths(run)

        def is_fitting(start: int, end: int, paths: _HeadingPaths = paths) -> bool:
            return fits is None or fits(paths.section_of(start, end), parsed.text[start:end])

        for start, end in cut_run(parsed.text, run, rules, is_fitting):
            section, headings = paths.section_of(start, end), paths.headings_of(start, end)
            passages.append(PassageDraft(len(passages), start, end, parsed.page_at(start), section, headings))
    return tuple(passages)


class _HeadingPaths:
    """The heading paths of the passages of a run, and the headers of its tables."""

    def __init__(self, run: Sequence[Segment]) -> None:
        self._all = [heading for segment in run for heading in segment.headings]
        self._of_bodies = [(segment.start, segment.headings[-1][1]) for segment in run]
        self._tables = [table for segment in run for table in segment.tables]

    def section_of(self, start: int, end: int) -> str:
        """Return the heading path of most of a passage, and the header of the table that it continues."""
        return SECTION_SEPARATOR.join(filter(None, (section_over(self._all, start, end), self._table_header(start))))

    def headings_of(self, start: int, end: int) -> tuple[tuple[int, str], ...]:
        """Return the heading paths in effect inside a passage; empty if the one that `section_of` names is the only
        one."""
        within = headings_within(self._of_bodies, start, end)
        return () if [path for _, path in within] == [section_over(self._all, start, end)] else within

    def _table_header(self, start: int) -> str:
        """The header of the table among whose rows a passage begins; "" if there is none."""
        last = bisect_right(self._tables, start, key=lambda table: table.start) - 1
        return self._tables[last].header if last >= 0 and start < self._tables[last].end else ""
