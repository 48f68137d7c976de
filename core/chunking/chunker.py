"""Cuts a parsed document into chunks along its structure, so that an edit changes only the chunks near it.

A section (a heading and what is under it) and a page start a new chunk. Inside, a cut is chosen among the places
between `min_chars` and `max_chars` from the last one: the strongest kind of place wins (paragraph, sentence, line,
clause, word), and among equals the one whose neighbouring characters have the smallest hash. That makes the cuts
depend on content and not on running offsets: after an edit, the old cuts are met again within a few chunks.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from core.chunking.table_header import header_of
from core.domain.heading_paths import SECTION_SEPARATOR, headings_within, section_over
from core.parsing.cleaning import one_line
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.text.graphemes import splits_character, splits_word
from core.text.sentences import clause_ends, sentence_ends

_SECTION_CHARS = 200
_HASH_REACH = 16
_LONGEST_CHARACTER = 4096
_SHORTEST_CHARS = 40  # a chunk that does not fit is not cut for it below this
_LINE_END = re.compile(r"\n(?P<blank>\s*\n)?(?=[ \t]*\S)")
_NEWLINE = re.compile(r"\n")

# Strength of a place to cut. Cuts below SENTENCE break something a reader takes as one.
_SECTION, _BLOCK, _SENTENCE, _LINE, _CLAUSE = 5, 4, 3, 2, 1


@dataclass(frozen=True, slots=True)
class ChunkingRules:
    """Sizes in characters. A chunk is at most `max_chars` long (but one visible character is never cut), and shorter
    than `min_chars` only where a section, a page or the document ends. Sections shorter than `small_chars` are joined
    with what follows them. `cut_at_pages`: no chunk holds text of two pages, unless a page has less than
    `small_chars`.

    The defaults are small on purpose: one thought to a vector. With all-MiniLM-L6-v2 alone, chunks of about 420 instead
    of 850 characters raise what the first 3,000 characters hold from 86 % to 100 % (questions in other words over an
    FAQ); what is shown is put together again from neighbours (core.retrieval.selection). They are characters, not
    tokens of the embedding model: sized by tokens (100 on average), chunks of source code shrink by a quarter, and
    what the first 3,000 characters hold falls from 79 % to 72 %. What a model does not read whole is cut further
    (`fits`)."""

    min_chars: int = 300
    max_chars: int = 550
    small_chars: int = 150
    cut_at_pages: bool = True

    @classmethod
    def sized(cls, size_chars: int) -> ChunkingRules:
        """Rules for chunks of about `size_chars` characters."""
        return cls(size_chars // 2, size_chars * 4 // 3, size_chars * 2 // 9)

    def halved(self) -> ChunkingRules:
        return replace(
            self, min_chars=self.min_chars // 2, max_chars=self.max_chars // 2, small_chars=self.small_chars // 2
        )


DEFAULT_RULES = ChunkingRules()


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text[start:end]` of the document; `page` is the 0-based page of its start, `section` its heading path, in a
    piece of a long table that does not hold the header with what the columns are called. `headings` are those that its
    words stand under and from where on, where that is not all of it the section."""

    ordinal: int
    start: int
    end: int
    page: int | None
    section: str
    headings: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows from `start` to `end` that stand under `header`."""

    start: int
    end: int
    header: str


@dataclass(slots=True)
class _Group:
    """A stretch of text that begins at a heading or a page: its places to cut, and the sections inside it."""

    start: int
    end: int
    sections: list[tuple[int, str]] = field(default_factory=list)
    tables: list[_Table] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    has_body: bool = False


def chunk(
    parsed: ParsedDocument, rules: ChunkingRules = DEFAULT_RULES, fits: Callable[[str, str], bool] | None = None
) -> tuple[Chunk, ...]:
    """The chunks of `parsed`, in order, without overlap; together they hold every non-blank character. One whose
    section and text do not fit is cut further."""
    chunks: list[Chunk] = []
    for run in _runs(_groups(parsed, rules), rules):
        headings = _Headings(run)

        def is_fitting(start: int, end: int, headings: _Headings = headings) -> bool:
            return fits is None or fits(headings.over(start, end), parsed.text[start:end])

        for start, end in _cut_run(parsed.text, run, rules, is_fitting):
            page = parsed.page_at(start)
            chunks.append(Chunk(len(chunks), start, end, page, headings.over(start, end), headings.apart(start, end)))
    return tuple(chunks)


def _units(parsed: ParsedDocument) -> Iterator[Block]:
    """The blocks, with the text that lies in none of them as paragraphs, each without surrounding white space."""
    text, offset = parsed.text, 0
    for block in parsed.blocks:
        if block.start > offset:
            yield from _trimmed(text, Block(BlockKind.PARAGRAPH, offset, block.start))
        if block.end > offset:
            yield from _trimmed(
                text, block if block.start >= offset else Block(block.kind, offset, block.end, block.level)
            )
            offset = block.end
    yield from _trimmed(text, Block(BlockKind.PARAGRAPH, offset, len(text)))


def _trimmed(text: str, block: Block) -> Iterator[Block]:
    start, end = _trim(text, block.start, block.end)
    if start < end:
        yield Block(block.kind, start, end, block.level, block.label)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _groups(parsed: ParsedDocument, rules: ChunkingRules) -> Iterator[_Group]:
    path: list[tuple[int, str]] = []
    group: _Group | None = None
    page: int | None = None
    for unit in _units(parsed):
        unit_page = parsed.page_at(unit.start) if rules.cut_at_pages else None
        is_heading = unit.kind is BlockKind.HEADING
        if is_heading:
            label = unit.label or one_line(parsed.text[unit.start : unit.end])
            path = [entry for entry in path if entry[0] < unit.level] + [(unit.level, label)]
        if group is None or unit_page != page or (is_heading and group.has_body):
            if group is not None:
                yield group
            group, page = _Group(unit.start, unit.end), unit_page
        section = SECTION_SEPARATOR.join(label for _, label in path)[:_SECTION_CHARS]
        if not group.sections or group.sections[-1][1] != section:
            group.sections.append((unit.start, section))
        group.end = unit.end
        if unit.kind is BlockKind.TABLE and (header := header_of(parsed.text, unit.start, unit.end)):
            group.tables.append(_Table(header[0], unit.end, header[1]))
        if not is_heading:
            group.has_body = True
            group.places += _places(parsed.text, unit)
            group.places.append((unit.end, _BLOCK))
    if group is not None:
        yield group


def _places(text: str, unit: Block) -> Iterator[tuple[int, int]]:
    """Where `unit` may be cut inside, with the strength of each place."""
    if unit.kind in (BlockKind.CODE, BlockKind.TABLE):
        yield from _line_places(text, unit)
        return
    strengths: dict[int, int] = {}
    for offset in clause_ends(text, unit.start, unit.end):
        strengths[offset] = _CLAUSE
    for found in _NEWLINE.finditer(text, unit.start, unit.end):
        strengths[found.start()] = _LINE
    for offset in sentence_ends(text, unit.start, unit.end):
        strengths[offset] = _SENTENCE
    yield from sorted(strengths.items())


def _line_places(text: str, unit: Block) -> Iterator[tuple[int, int]]:
    """Line ends, in code the blank lines first. A table's header stays with its first row."""
    is_table = unit.kind is BlockKind.TABLE
    for count, found in enumerate(_LINE_END.finditer(text, unit.start, unit.end)):
        if not is_table or count:
            yield found.start(), _LINE if is_table or found["blank"] else _CLAUSE


def _runs(groups: Iterator[_Group], rules: ChunkingRules) -> Iterator[list[_Group]]:
    """Groups that are cut together: a small one with what follows it, a small last one with what is before it."""
    held: list[_Group] = []
    run: list[_Group] = []
    for group in groups:
        if run and run[-1].end - run[-1].start >= rules.small_chars:
            if held:
                yield held
            held, run = run, []
        run.append(group)
    if held and run and run[-1].end - run[0].start < rules.small_chars:
        held, run = held + run, []
    if held:
        yield held
    if run:
        yield run


def _cut_run(
    text: str, run: list[_Group], rules: ChunkingRules, fits: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    for group in run:
        places += group.places
        if places:
            places[-1] = (places[-1][0], _SECTION)
    start, end = run[0].start, run[-1].end
    offsets = [offset for offset, _ in places]
    while start < end:
        cut, now = end, rules
        if end - start > rules.max_chars:
            cut = _best_cut(text, places, offsets, start, rules)
        while now.max_chars >= _SHORTEST_CHARS and not fits(start, cut):
            now = now.halved()
            if cut - start > now.max_chars:
                cut = _best_cut(text, places, offsets, start, now)
        yield _trim(text, start, cut)
        start, _ = _trim(text, cut, end)


def _best_cut(text: str, places: list[tuple[int, int]], offsets: list[int], start: int, rules: ChunkingRules) -> int:
    low = bisect_right(offsets, start + rules.min_chars)
    high = bisect_right(offsets, start + rules.max_chars)
    window = places[low:high]
    best = max((strength for _, strength in window), default=0)
    if best < _SENTENCE:
        early = places[bisect_right(offsets, start + rules.small_chars) : low]
        strongest = max((strength for _, strength in early), default=0)
        if strongest >= _SENTENCE:
            window, best = early, strongest
    if best:
        return -min((_hash(text, offset), -offset) for offset, strength in window if strength == best)[1]
    return _forced_cut(text, start + rules.min_chars, start + rules.max_chars)


def _forced_cut(text: str, low: int, high: int) -> int:
    """A cut in a stretch without any punctuation: between words, else between visible characters."""
    spaces = [offset for offset in range(low, high + 1) if text[offset].isspace() and not text[offset - 1].isspace()]
    candidates = spaces or [o for o in range(low, high + 1) if not (splits_character(text, o) or splits_word(text, o))]
    candidates = candidates or [offset for offset in range(low, high + 1) if not splits_character(text, offset)]
    candidates = [offset for offset in candidates if _is_likely(text, offset)] or candidates
    if candidates:
        return -min((_hash(text, offset), -offset) for offset in candidates)[1]
    cut = high
    while cut < len(text) and cut < high + _LONGEST_CHARACTER and splits_character(text, cut):
        cut += 1
    return cut


def _is_likely(text: str, offset: int) -> bool:
    """One place in eight, by the characters beside it: spares hashing them all."""
    return (31 * ord(text[offset - 1]) + 7 * ord(text[offset % len(text)])) % 8 == 0


def _hash(text: str, offset: int) -> int:
    around = text[max(0, offset - _HASH_REACH) : offset + _HASH_REACH]
    return zlib.crc32(around.encode("utf-8", "surrogatepass"))


class _Headings:
    """What the pieces of a run stand under: headings, and in a long table its header."""

    def __init__(self, run: list[_Group]) -> None:
        self._all = [section for group in run for section in group.sections]
        self._of_bodies = [(group.start, group.sections[-1][1]) for group in run]
        self._tables = [table for group in run for table in group.tables]

    def over(self, start: int, end: int) -> str:
        return SECTION_SEPARATOR.join(filter(None, (section_over(self._all, start, end), self._header(start))))

    def apart(self, start: int, end: int) -> tuple[tuple[int, str], ...]:
        """The headings of what stands there, unless it is all under the one that `over` tells."""
        within = headings_within(self._of_bodies, start, end)
        return () if [path for _, path in within] == [section_over(self._all, start, end)] else within

    def _header(self, start: int) -> str:
        """That of the table among whose rows a piece begins."""
        last = bisect_right(self._tables, start, key=lambda table: table.start) - 1
        return self._tables[last].header if last >= 0 and start < self._tables[last].end else ""
