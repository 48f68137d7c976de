"""Cuts a parsed document into passages along its structure, so that an edit changes only the passages near it.

A section (a heading and its text) and a page begin a new passage (core.chunking.segments); inside them, cuts depend on
content and not on running offsets (core.chunking.cutting). The work is done in two steps, in two processes:
`cut_document` cuts as if an embedding model read every passage whole; `fitting_passages` keeps what does fit, and cuts
the rest again where the first step found that it may be cut.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.chunking.cutting import cut_run
from core.chunking.heading_names import headings_of, section_of
from core.chunking.rules import DEFAULT_RULES, ChunkingRules
from core.chunking.segments import SECTION, Segment, group_into_runs, split_into_segments
from core.domain.cut_text import CutPassage, CutText, RunOutline, boundary, offset_of
from core.parsing.document import ParsedDocument
from core.text.tokenizer import search_terms


@dataclass(frozen=True, slots=True)
class PassageDraft:
    """A passage to be stored: `text[start:end]` of the document. `page` is the 0-based page of its start, `section`,
    `headings` and `terms` as in `CutPassage`; `terms` are None where they are not known."""

    ordinal: int
    start: int
    end: int
    page: int | None
    section: str
    headings: tuple[tuple[int, str], ...] = ()
    terms: tuple[str, str] | None = None


def cut_document(parsed: ParsedDocument, rules: ChunkingRules = DEFAULT_RULES) -> Iterator[RunOutline | CutPassage]:
    """Yield each run of `parsed`, followed by its passages, in order and without overlap; together they hold every
    non-blank character."""
    for segments in group_into_runs(split_into_segments(parsed), rules):
        run = _outline(segments)
        yield run
        for start, end, cut in cut_run(parsed.text, run, rules):
            yield _passage(parsed.text, run, start, end, cut)


def fitting_passages(
    parsed: ParsedDocument,
    cut: CutText,
    fits: Callable[[str, str], bool] | None = None,
    rules: ChunkingRules = DEFAULT_RULES,
) -> tuple[PassageDraft, ...]:
    """Return the passages of a document that has been `cut`. A passage is cut further until `fits(section, text)`, or
    it is too short to be cut."""
    if fits is None:
        return tuple(_draft(parsed, ordinal, passage) for ordinal, passage in enumerate(cut.passages))
    passages: list[PassageDraft] = []
    for run, known in zip(cut.runs, _by_run(cut), strict=True):
        for passage in _fitting(parsed.text, run, known, fits, rules):
            passages.append(_draft(parsed, len(passages), passage))
    return tuple(passages)


def chunk_document(
    parsed: ParsedDocument, rules: ChunkingRules = DEFAULT_RULES, fits: Callable[[str, str], bool] | None = None
) -> tuple[PassageDraft, ...]:
    """Return the passages of `parsed`, both steps in one."""
    return fitting_passages(parsed, cut_text(parsed, rules), fits, rules)


def cut_text(parsed: ParsedDocument, rules: ChunkingRules = DEFAULT_RULES) -> CutText:
    """What `cut_document` yields, together."""
    runs: list[RunOutline] = []
    passages: list[CutPassage] = []
    for part in cut_document(parsed, rules):
        if isinstance(part, RunOutline):
            runs.append(part)
        else:
            passages.append(part)
    return CutText(tuple(runs), tuple(passages))


def _outline(segments: Sequence[Segment]) -> RunOutline:
    boundaries = array("i")
    for segment in segments:
        boundaries += segment.boundaries
        if boundaries:
            boundaries[-1] = boundary(offset_of(boundaries[-1]), SECTION)
    return RunOutline(
        segments[0].start,
        segments[-1].end,
        tuple(heading for segment in segments for heading in segment.headings),
        tuple((segment.start, segment.headings[-1][1]) for segment in segments),
        tuple(table for segment in segments for table in segment.tables),
        boundaries,
    )


def _passage(text: str, run: RunOutline, start: int, end: int, cut: int) -> CutPassage:
    section = section_of(run, start, end)
    section_to_cut = section if cut == end else section_of(run, start, cut)
    terms = _section_terms(section), search_terms(text[start:end])
    return CutPassage(start, end, cut, section, section_to_cut, headings_of(run, start, end), terms)


@lru_cache(maxsize=64)
def _section_terms(section: str) -> str:
    """Most passages have the section of the one before."""
    return search_terms(section)


def _draft(parsed: ParsedDocument, ordinal: int, passage: CutPassage) -> PassageDraft:
    page = parsed.page_at(passage.start)
    return PassageDraft(ordinal, passage.start, passage.end, page, passage.section, passage.headings, passage.terms)


def _by_run(cut: CutText) -> Iterator[dict[int, CutPassage]]:
    """The passages of each run, by their start."""
    for run in cut.runs:
        first = bisect_left(cut.passages, run.start, key=lambda passage: passage.start)
        last = bisect_left(cut.passages, run.end, key=lambda passage: passage.start)
        yield {passage.start: passage for passage in cut.passages[first:last]}


def _fitting(
    text: str,
    run: RunOutline,
    known: dict[int, CutPassage],
    fits: Callable[[str, str], bool],
    rules: ChunkingRules,
) -> Iterator[CutPassage]:
    def is_fitting(start: int, cut: int) -> bool:
        passage = known.get(start)
        is_known = passage is not None and passage.cut == cut
        section = passage.section_to_cut if passage is not None and is_known else section_of(run, start, cut)
        return fits(section, text[start:cut])

    cuts = {start: passage.cut for start, passage in known.items()}
    for start, end, cut in cut_run(text, run, rules, is_fitting, cuts):
        passage = known.get(start)
        if passage is not None and passage.cut == cut:
            yield passage
        else:
            yield _passage(text, run, start, end, cut)
