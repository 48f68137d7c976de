"""Which characters of a Markdown line are marks, and how the others are meant to look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.documents.markdown_lines import (
    LONGEST_LINE,
    LineKind,
    Look,
    MarkdownLine,
    Within,
    cells,
    end_of_rows,
    read_lines,
    start_of_rows,
    what_holds,
)


def seen(text: str) -> str:
    """A line without its marks."""
    (line,) = read_lines([text])
    return without_marks(text, line)


def without_marks(text: str, line: MarkdownLine) -> str:
    hidden = {at for span in line.spans if span.look is Look.MARK for at in range(span.start, span.end)}
    return "".join(char for at, char in enumerate(text) if at not in hidden)


def look_of(text: str, words: str) -> set[Look]:
    (line,) = read_lines([text])
    at = text.index(words)
    return {span.look for span in line.spans if span.start <= at and at + len(words) <= span.end}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("## Notice period", "Notice period"),
        ("# Closed heading ##", "Closed heading"),
        ("The rent is **900 euros** a month.", "The rent is 900 euros a month."),
        ("__Strong__, *weak* and _weak_, ~~gone~~", "Strong, weak and weak, gone"),
        ("***both***", "both"),
        ("call `read_lines` twice", "call read_lines twice"),
        ("``a ` b``", "a ` b"),
        ("see [the lease](https://example.org/a_b) now", "see the lease now"),
        ("![a plan](plan.png)", "a plan"),
        ("> quoted", "quoted"),
        (r"5 \* 3", "5 * 3"),
    ],
)
def test_marks_are_not_seen(text: str, shown: str) -> None:
    assert seen(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "snake_case_name",
        "2 * 3 * 4",
        "a ** b",
        "#hashtag",
        "f(x)[0]",
        "`",
        "- ",
        "x[1](",
        "50% * 2_000",
        "a_b_c and d_e",
    ],
)
def test_what_is_no_mark_stays(text: str) -> None:
    assert seen(text) == text


def test_nothing_has_a_meaning_within_code() -> None:
    assert seen("`**not strong**`") == "**not strong**"
    assert look_of("`**not strong**`", "not strong") == {Look.CODE}
    lines = list(read_lines(["```", "# no heading", "**plain**", "```", "# heading"]))
    kinds = [line.kind for line in lines]
    assert kinds == [LineKind.FENCE, LineKind.CODE, LineKind.CODE, LineKind.FENCE, LineKind.HEADING]
    assert not lines[1].spans and not lines[2].spans


def test_words_look_as_they_are_marked() -> None:
    assert look_of("a **strong** word", "strong") == {Look.STRONG}
    assert look_of("**a *doubly* marked one**", "doubly") == {Look.STRONG, Look.EMPHASIS}
    assert look_of("see [the lease](x.md)", "the lease") == {Look.LINK}


def test_a_table_has_a_head_a_rule_and_rows() -> None:
    lines = list(read_lines(["| Year | Sales |", "|---|--:|", "| 2021 | **5** |", "text | with a bar"]))
    assert [line.kind for line in lines[:3]] == [LineKind.ROW, LineKind.RULE, LineKind.ROW]
    assert [line.head for line in lines[:3]] == [True, False, False]
    assert without_marks("| 2021 | **5** |", lines[2]).split() == ["2021", "5"]
    assert [line.kind for line in read_lines(["one | two", "no rule"])] == [LineKind.TEXT, LineKind.TEXT]


def test_cells_lie_between_the_bars() -> None:
    for row in ("| a | b |", "a | b", "| a | b"):
        assert [row[start:end].strip() for start, end in cells(row)] == ["a", "b"]


def test_a_text_may_begin_within_a_fence() -> None:
    assert what_holds("text\n```python\ncode\n") == Within("```")
    assert what_holds("```\ncode\n```\n") == what_holds("") == Within()
    assert what_holds("~~~\n```\n") == Within("~~~")
    lines = read_lines(["**code**", "```", "**strong**"], Within("```"))
    assert [line.kind for line in lines] == [LineKind.CODE, LineKind.FENCE, LineKind.TEXT]
    assert [line.kind for line in read_lines(["```", "~~~"], Within("~~~"))] == [LineKind.CODE, LineKind.FENCE]


def test_a_text_may_begin_within_a_table() -> None:
    above = "Words.\n\n| Year | Rent |\n|---|---|\n| 2021 | 900 |\n"
    assert what_holds(above) == Within(table=True)
    assert what_holds(above + "\n") == what_holds("one | two\nthree | four\n") == Within()
    rows = list(read_lines(["| 2022 | **940** |", "", "| no row |"], Within(table=True)))
    assert [line.kind for line in rows] == [LineKind.ROW, LineKind.TEXT, LineKind.TEXT]
    assert not rows[0].head


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_rows_around_a_place_are_found(end: str) -> None:
    table = end.join(["| a | b |", "|---|---|", "| 1 | 2 |"])
    text = f"Before.{end}{table}{end}After."
    start, last = text.index("| a"), text.index("2 |") + 3
    for place in (start, text.index("---"), last):
        assert start_of_rows(text, place) == start
        assert text[start : end_of_rows(text, place)].rstrip() == table
    assert start_of_rows(text, 3) == 0
    assert start_of_rows(text, len(text)) in (start, text.index("After"))
    assert end_of_rows(text, len(text)) == len(text)


def test_a_line_longer_than_any_paragraph_is_left_as_it_is() -> None:
    assert seen("~~a " * (LONGEST_LINE // 4 + 1)) == "~~a " * (LONGEST_LINE // 4 + 1)


MARKED = st.text(alphabet="ab #*_`~[]()|>-\\\n!1.世😀", max_size=80)


@given(MARKED)
def test_any_text_is_read_and_every_span_lies_within_its_line(text: str) -> None:
    lines = text.split("\n")
    read = list(read_lines(lines))
    assert len(read) == len(lines)
    for line, found in zip(lines, read, strict=True):
        assert all(0 <= span.start <= span.end <= len(line) for span in found.spans)
        assert all(char not in "ab1世😀" for char in _hidden_by_marks(line, found))


def _hidden_by_marks(line: str, found: MarkdownLine) -> str:
    """What is not seen of a line, less the addresses of links, which are not to be seen."""
    if "](" in line or found.kind in (LineKind.FENCE, LineKind.RULE):
        return ""
    return "".join(line[span.start : span.end] for span in found.spans if span.look is Look.MARK)
