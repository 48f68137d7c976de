"""Texts are cut in the parser process, within its limits, and what it says of them is checked."""

from __future__ import annotations

import random
import zlib
from array import array
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chunking.chunker import chunk_document, cut_document, cut_text, fitting_passages
from core.domain.cut_text import CutText
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process import cut_wire, wire
from core.parsing.process.fields import WireError
from core.parsing.process.pool import ParserPool
from core.parsing.process.worker import Cutter
from core.parsing.registry import parse_file
from core.text.tokenizer import search_terms
from tests.support import cutters
from tests.support.slow_texts import slow_texts

LIMITS = ParseLimits(base_s=0.5, per_million_chars_s=1.0, memory_bytes=600 << 20)
SENTENCES = (
    "The mill grinds 1,874 sacks a year, e.g. of rye.",
    "Der Müller fährt zum Beispiel am 3. Mai nach Köln.",
    "风车每年磨一千袋面粉。",
    "粉屋は年に千袋を挽きます。",
    "โรงสีบดข้าวสาลี",
    "Мельница мелет рожь.",
    "المطحنة تطحن القمح؟",
    "getUserName() returns snake_case_names and U.S. v2.4.6 parts, don't they?",
)


def article(seed: int, sentences: int = 400) -> str:
    source = random.Random(seed)
    lines = []
    for _ in range(sentences):
        lines.append(source.choice(SENTENCES) * source.randint(1, 4))
        if source.random() < 0.1:
            lines.append(f"\n{'#' * source.randint(1, 4)} {source.choice(SENTENCES)}\n")
        if source.random() < 0.05:
            lines.append("\n| Name | Size |\n|---|---|\n" + "| mill | 3 |\n" * source.randint(1, 40))
        if source.random() < 0.3:
            lines.append("\n\n")
    return " ".join(lines)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "article.md"
    path.write_text(article(1), encoding="utf-8")
    return path


def keep_some(section: str, text: str) -> bool:
    return zlib.crc32(f"{section}|{text}".encode()) % 3 > 0


def test_a_parser_process_cuts_as_this_one_does(path: Path) -> None:
    """In every language, though it can open no file; and what does not fit is cut again the same."""
    with ParserPool(1, cutter=cut_document) as pool:
        (outcome,) = pool.parse_many([path])
    here = parse_file(path)
    assert outcome.document == replace(here, blocks=()) and outcome.cut is not None
    assert outcome.cut == cut_text(here)
    for fits in (None, keep_some, lambda section, text: len(text) < 100, lambda section, text: False):
        assert fitting_passages(outcome.document, outcome.cut, fits) == chunk_document(here, fits=fits)


def test_the_terms_of_every_passage_are_those_of_its_text(path: Path) -> None:
    document = parse_file(path)
    for passage in chunk_document(document, fits=keep_some):
        text = document.text[passage.start : passage.end]
        assert passage.terms == (search_terms(passage.section), search_terms(text))


@pytest.mark.parametrize(
    ("cutter", "problem"),
    [
        (cutters.endless, ParseProblem.TIMED_OUT),
        (cutters.greedy, ParseProblem.OUT_OF_MEMORY),
        (cutters.failing, ParseProblem.CRASHED),
        (cutters.silent, ParseProblem.CRASHED),
        (cutters.without_end, None),
        (cutters.outside, ParseProblem.CRASHED),
        (cutters.backwards, ParseProblem.CRASHED),
        (cutters.overlapping, ParseProblem.CRASHED),
        (cutters.enormous, ParseProblem.CRASHED),
        (cutters.wordy, ParseProblem.CRASHED),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_wrong_cutting_costs_only_its_file(cutter: Cutter, problem: ParseProblem | None, path: Path) -> None:
    with ParserPool(1, LIMITS, cutter=cutter) as pool, pytest.raises(ParseFault) as caught:
        pool.parse(path)
    assert problem is None or caught.value.problem is problem


def test_texts_made_to_be_slow_are_cut_like_any_other(tmp_path: Path) -> None:
    paths = []
    for number, text in enumerate(slow_texts(30_000, random.Random(6)).values()):
        paths.append(tmp_path / f"{number}.{'md' if number % 2 else 'txt'}")
        paths[-1].write_text(text, encoding="utf-8")
    with ParserPool(1, cutter=cut_document) as pool:
        outcomes = list(pool.parse_many(paths))
    assert {outcome.path for outcome in outcomes if outcome.cut is not None and outcome.cut.passages} == set(paths)


REPORT = ParsedDocument(article(2, 30), "T", "text", blocks=(Block(BlockKind.HEADING, 0, 20, 1, "Mills"),))
PART = wire.pack(cut_text(REPORT))[1]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 1 << 16), st.sampled_from(("flip", "set", "cut", "insert")), st.integers(0, 255)),
        max_size=6,
    )
)
def test_a_changed_part_is_a_part_or_refused(changes: list[tuple[int, str, int]]) -> None:
    """What is accepted can be cut further without harm."""
    data = bytearray(PART)
    for place, change, value in changes:
        at = place % len(data)
        if change == "flip":
            data[at] ^= 1 << value % 8
        elif change == "set":
            data[at : at + 4] = value.to_bytes(1) * 4
        elif change == "cut":
            del data[at : at + value]
        else:
            data[at:at] = bytes(value)
        if not data:
            return
    try:
        cut = wire.unpack(wire.CUT_PART, bytes(data), ParseLimits())
        assert isinstance(cut, CutText)
        cut_wire.check_cut(cut, REPORT.text)
    except WireError:
        return
    for draft in fitting_passages(REPORT, cut, lambda section, text: len(text) < 90):
        assert 0 <= draft.start <= draft.end <= len(REPORT.text)


@pytest.mark.parametrize(
    "boundaries",
    [
        [],
        [0] * 50_000,
        list(range(80_000, 0, -1)),
        [(1 << 31) - 1] * 1000,
        random.Random(5).choices(range(100_000), k=50_000),
    ],
    ids=["none", "all at the start", "backwards", "far outside", "in no order"],
)
def test_boundaries_that_make_no_sense_keep_nobody_waiting(boundaries: list[int]) -> None:
    cut = cut_text(REPORT)
    runs = tuple(replace(run, boundaries=array("i", boundaries)) for run in cut.runs)
    for fits in (lambda section, text: len(text) < 90, lambda section, text: False):
        drafts = fitting_passages(REPORT, CutText(runs, cut.passages), fits)
        assert drafts[-1].end == len(REPORT.text.rstrip())
        assert all(before.end <= after.start < after.end for before, after in pairwise(drafts))
