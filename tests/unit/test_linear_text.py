"""Every public function on text takes time in proportion to its length: proved in children with a limit."""

from __future__ import annotations

import sys
import zlib

import pytest

from tests.support.hostile_texts import shapes
from tests.support.processor_time import Call, timed_calls
from tests.support.text_functions import FUNCTIONS

REGISTRY = "tests.support.text_functions"
LIMIT_S = 10.0
"""Of processor time, where each call takes a hundredth: what is quadratic takes minutes."""
FIXED_CHARS, CHARS, SHAPES = 50_000, 15_000, 10
SLOW = ("number_words", "citations", "structured", "search_query", "document_dates")
"""These meet the shapes that once took hours at a quarter of the length: they take some microseconds a character."""
FIXED = [
    *(("number_words.number_words", shape) for shape in ("Korean myriad", "inside Korean myriad")),
    *(("document_diff.differences", shape) for shape in ("dot", "item line", "word")),
    *(("survey.change_findings", shape) for shape in ("word",)),
    *(("markdown.heading_label", shape) for shape in ("nbsp", "inside tab", "blank lines")),
    *(("citations.check of cited words", s) for s in ("letter", "zero", "German glued", "3, ", "percentages", "Word")),
    *(("citations.check of the answer", shape) for shape in ("mark line", "mark", "numbers")),
    *(("citations.check of the passage", shape) for shape in ("zero", "numbered name", "numbers", "Chinese clause")),
    *(("citations.support of itself", shape) for shape in ("letter", "dash digit", "names", "han", "words")),
    *(("citations.judge beside a sentence", shape) for shape in ("page", "unit", "words")),
    *((f"snippets of {kind}", shape) for kind in ("text", "markdown") for shape in ("word", "Korean word")),
    *(("survey.locate_quote of itself", shape) for shape in ("letter", "two letters", "digit")),
    *(("survey.condition", shape) for shape in ("digit", "comma digit", "spaced digit")),
    *(("answer_markdown.with_citation_links", s) for s in ("image", "image link", "growing backticks", "marks")),
    *(("answer_markdown while streaming", shape) for shape in ("inside backtick", "image link")),
    *(("structured text in JSON", shape) for shape in ("letter", "money")),
    *(("structured table", shape) for shape in ("numbers", "names", "unit")),
    *(("refusal_marker", shape) for shape in ("space", "refusal open")),
    *(("read srt", shape) for shape in ("digit", "inside zero")),
]
"""Functions with shapes on which most were quadratic or worse, or raised an exception, and others of the same kind."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a timer of processor time")


def some_shapes(function: str) -> list[str]:
    """Shapes of all kinds, others for each function; tests/bench/bench_linear_text.py tries all."""
    names = list(shapes())
    first = zlib.crc32(function.encode()) % len(names)
    return [names[(first + n * len(names) // SHAPES) % len(names)] for n in range(SHAPES)]


def too_long(calls: list[Call]) -> list[str]:
    """The calls that did not end within the limit, or raised an exception."""
    answers = timed_calls(calls, LIMIT_S)
    return [
        f"{a.call.function} of {a.call.shape}: {a.fault or 'no end'}"
        for a in answers
        if a.processor_s is None or a.fault
    ]


def test_what_once_took_hours_ends() -> None:
    calls = [
        Call(REGISTRY, function, shape, FIXED_CHARS // (4 if function.startswith(SLOW) else 1))
        for function, shape in FIXED
    ]
    assert too_long(calls) == []


@pytest.mark.parametrize("part", range(4))
def test_every_function_ends_on_shapes_of_all_kinds(part: int) -> None:
    functions = list(FUNCTIONS)[part::4]
    assert too_long([Call(REGISTRY, f, shape, CHARS) for f in functions for shape in some_shapes(f)]) == []
