"""Names the passages of a run: the heading path of each, and the header of the table that it continues."""

from __future__ import annotations

from bisect import bisect_right

from core.domain.cut_text import RunOutline
from core.domain.heading_paths import SECTION_SEPARATOR, headings_within, section_over


def section_of(run: RunOutline, start: int, end: int) -> str:
    """Return the heading path of most of a passage, and the header of the table that it continues."""
    return SECTION_SEPARATOR.join(filter(None, (section_over(run.headings, start, end), _table_header(run, start))))


def headings_of(run: RunOutline, start: int, end: int) -> tuple[tuple[int, str], ...]:
    """Return the heading paths in effect inside a passage; empty if the one that `section_of` names is the only one."""
    within = headings_within(run.bodies, start, end)
    return () if [path for _, path in within] == [section_over(run.headings, start, end)] else within


def _table_header(run: RunOutline, start: int) -> str:
    """The header of the table among whose rows a passage begins; "" if there is none."""
    last = bisect_right(run.tables, start, key=lambda table: table.start) - 1
    return run.tables[last].header if last >= 0 and start < run.tables[last].end else ""
