"""Messages about how a document is cut into passages: a part of it each, sent before the document itself."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from core.domain.cut_text import CutPassage, CutText, RunOutline, TableRows
from core.parsing.limits import MIB, ParseLimits
from core.parsing.process.fields import LARGEST, FieldReader, FieldWriter, WireError, check_in_order

_T = TypeVar("_T")
_PASSAGES_PER_PART = 256
_BOUNDARIES_PER_PART = 1 << 18
_MOST_ITEMS = 1 << 16  # runs or passages in a part
_MOST_PAIRS = 4_000_000  # headings of the runs in a part
_MOST_PASSAGE_CHARS = 8192  # core.chunking makes at most 550, and 4096 more where one character is as long
_SECTION_CHARS = 1024  # a heading path and the header of a table have 200 each
_TERMS_PER_CHAR = 64  # characters of terms: one ligature of Arabic stands for 18 letters
_TERMS_PER_CHAR_OF_ALL = 24  # Chinese has 3, English some 1, a text of nothing but such ligatures 19
_SPARE_TERMS = MIB
_TOGETHER_CHARS = 64 * MIB  # of the texts in a part


def largest_part_bytes(limits: ParseLimits) -> int:
    """Of a part: one run may have a boundary at every character."""
    return 4 * limits.text_chars + 64 * MIB


def parts(items: Iterable[RunOutline | CutPassage]) -> Iterator[CutText]:
    """Collect what is yielded into parts of a message's size."""
    runs: list[RunOutline] = []
    passages: list[CutPassage] = []
    boundaries = 0
    for item in items:
        if isinstance(item, RunOutline):
            runs.append(item)
            boundaries += len(item.boundaries)
        else:
            passages.append(item)
        if len(passages) >= _PASSAGES_PER_PART or boundaries >= _BOUNDARIES_PER_PART:
            yield CutText(tuple(runs), tuple(passages))
            runs, passages, boundaries = [], [], 0
    if runs or passages:
        yield CutText(tuple(runs), tuple(passages))


def pack_part(part: CutText, out: FieldWriter) -> None:
    """Texts that come again, as most headings do, are sent once."""
    texts = {path: 0 for run in part.runs for pairs in (run.headings, run.bodies) for _, path in pairs}
    texts |= {table.header: 0 for run in part.runs for table in run.tables}
    for passage in part.passages:
        texts |= dict.fromkeys((passage.section, passage.section_to_cut, passage.terms[0]), 0)
        texts |= {path: 0 for _, path in passage.headings}
    texts = {text: number for number, text in enumerate(texts)}
    out.texts(list(texts))
    runs, passages = part.runs, part.passages
    out.numbers(value for run in runs for value in (run.start, run.end))
    for pairs in ([run.headings for run in runs], [run.bodies for run in runs], [one.headings for one in passages]):
        _pack_pairs(pairs, texts, out)
    out.numbers(len(run.tables) for run in runs)
    out.numbers(value for run in runs for one in run.tables for value in (one.start, one.end, texts[one.header]))
    for run in runs:
        out.numbers(run.boundaries)
    out.numbers(value for one in passages for value in (one.start, one.end, one.cut))
    out.numbers(texts[text] for one in passages for text in (one.section, one.section_to_cut, one.terms[0]))
    out.texts([passage.terms[1] for passage in passages])


def read_part(fields: FieldReader, limits: ParseLimits) -> CutText:
    """The part that was packed. Raises `WireError` for what cannot be one. The order of boundaries is not checked:
    core.chunking.cutting takes only those that can be cuts."""
    length = limits.text_chars
    texts = fields.texts(_MOST_PAIRS, _SECTION_CHARS * _TERMS_PER_CHAR, _TOGETHER_CHARS)
    ends = fields.numbers(2 * _MOST_ITEMS, 0, length)
    headings, bodies, inner = (_read_pairs(fields, texts, length) for _ in range(3))
    tables = _read_tables(fields, texts, length)
    if len(ends) % 2 or not 2 * len(headings) == 2 * len(bodies) == 2 * len(tables) == len(ends):
        raise WireError("runs of different numbers")
    runs = tuple(
        RunOutline(ends[2 * n], ends[2 * n + 1], headings[n], bodies[n], tables[n], fields.numbers(length, 0, LARGEST))
        for n in range(len(headings))
    )
    return CutText(runs, _read_passages(fields, texts, inner, length))


def check_cut(cut: CutText, text: str) -> None:
    """Raise `WireError` unless the runs and passages of `text` are in order and do not overlap, each passage inside a
    run, and there are some."""
    if not cut.passages and text and not text.isspace():
        raise WireError("a text that was not cut")
    at = 0
    for run in cut.runs:
        if not at <= run.start < run.end <= len(text):
            raise WireError("runs out of order")
        at = run.end
    if sum(len(one.terms[1]) for one in cut.passages) > _TERMS_PER_CHAR_OF_ALL * len(text) + _SPARE_TERMS:
        raise WireError("too many terms")
    runs = iter(cut.runs)
    within: RunOutline | None = None
    at = 0
    for passage in cut.passages:
        while within is None or passage.start >= within.end:
            within = next(runs, None)
            if within is None:
                raise WireError("a passage outside the runs")
        if not max(at, within.start) <= passage.start < passage.end <= passage.cut <= within.end:
            raise WireError("passages out of order")
        at = passage.cut


def _pack_pairs(lists: Sequence[Sequence[tuple[int, str]]], texts: dict[str, int], out: FieldWriter) -> None:
    out.numbers(map(len, lists))
    out.numbers(value for pairs in lists for offset, text in pairs for value in (offset, texts[text]))


def _read_pairs(fields: FieldReader, texts: Sequence[str], length: int) -> list[tuple[tuple[int, str], ...]]:
    """Lists of (offset, text), for each run or passage one."""
    sizes = fields.numbers(_MOST_ITEMS, 0, _MOST_PAIRS)
    numbers = fields.numbers(2 * _MOST_PAIRS, 0, max(length, len(texts)))
    pairs = list(zip(numbers[::2], _names(texts, numbers[1::2]), strict=False))
    if len(numbers) != 2 * len(pairs):
        raise WireError("half a pair")
    lists = [tuple(part) for part in _split(pairs, sizes)]
    for part in lists:
        check_in_order([offset for offset, _ in part], 0, length)
    return lists


def _read_tables(fields: FieldReader, texts: Sequence[str], length: int) -> list[tuple[TableRows, ...]]:
    sizes = fields.numbers(_MOST_ITEMS, 0, _MOST_PAIRS)
    numbers = fields.numbers(3 * _MOST_PAIRS, 0, max(length, len(texts)))
    if len(numbers) % 3:
        raise WireError("a third of a table")
    tables = list(map(TableRows, numbers[::3], numbers[1::3], _names(texts, numbers[2::3])))
    lists = [tuple(part) for part in _split(tables, sizes)]
    for part in lists:
        check_in_order([table.start for table in part], 0, length)
    return lists


def _read_passages(
    fields: FieldReader, texts: Sequence[str], headings: Sequence[tuple[tuple[int, str], ...]], length: int
) -> tuple[CutPassage, ...]:
    offsets = fields.numbers(3 * _MOST_ITEMS, 0, length)
    sections = _chosen(texts, fields.numbers(3 * _MOST_ITEMS, 0, LARGEST))
    bodies = fields.texts(_MOST_ITEMS, _MOST_PASSAGE_CHARS * _TERMS_PER_CHAR, _TOGETHER_CHARS)
    if not len(offsets) == len(sections) == 3 * len(headings) == 3 * len(bodies):
        raise WireError("passages of different numbers")
    starts, ends, cuts = offsets[::3], offsets[1::3], offsets[2::3]
    terms = list(zip(sections[2::3], bodies, strict=True))
    passages = tuple(map(CutPassage, starts, ends, cuts, sections[::3], sections[1::3], headings, terms))
    for passage in passages:
        _check_sizes(passage)
    return passages


def _check_sizes(passage: CutPassage) -> None:
    size = passage.cut - passage.start
    section = max(len(passage.section), len(passage.section_to_cut))
    paths = max((len(path) for _, path in passage.headings), default=0)
    if not 0 < size <= _MOST_PASSAGE_CHARS or max(section, paths) > _SECTION_CHARS or len(passage.headings) > size:
        raise WireError("too long a passage")
    if len(passage.terms[1]) > _TERMS_PER_CHAR * size or len(passage.terms[0]) > _TERMS_PER_CHAR * section:
        raise WireError("too many terms")


def _names(texts: Sequence[str], numbers: array[int]) -> list[str]:
    """Texts that are heading paths, or headers of tables."""
    chosen = _chosen(texts, numbers)
    if any(len(text) > _SECTION_CHARS for text in chosen):
        raise WireError("too long a heading")
    return chosen


def _chosen(texts: Sequence[str], numbers: array[int]) -> list[str]:
    if numbers and max(numbers) >= len(texts):
        raise WireError("a text that was not sent")
    return [texts[number] for number in numbers]


def _split(items: Sequence[_T], sizes: array[int]) -> Iterator[Sequence[_T]]:
    if sum(sizes) != len(items):
        raise WireError("lists of different numbers")
    at = 0
    for size in sizes:
        yield items[at : at + size]
        at += size
