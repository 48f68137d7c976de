"""Which characters of a Markdown line are marks, and how the others are meant to look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.documents.markdown_lines import Line, LineKind, Look, cells, is_fenced, read_lines


def seen(text: str) -> str:
    """A line without its marks."""
    (line,) = read_lines([text])
    return without_marks(text, line)


def without_marks(text: str, line: Line) -> str:
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
    lines = read_lines(["```", "# no heading", "**plain**", "```", "# heading"])
    kinds = [line.kind for line in lines]
    assert kinds == [LineKind.FENCE, LineKind.CODE, LineKind.CODE, LineKind.FENCE, LineKind.HEADING]
    assert not lines[1].spans and not lines[2].spans


def test_words_look_as_they_are_marked() -> None:
    assert look_of("a **strong** word", "strong") == {Look.STRONG}
    assert look_of("**a *doubly* marked one**", "doubly") == {Look.STRONG, Look.EMPHASIS}
    assert look_of("see [the lease](x.md)", "the lease") == {Look.LINK}


def test_a_table_has_a_head_a_rule_and_rows() -> None:
    lines = read_lines(["| Year | Sales |", "|---|--:|", "| 2021 | **5** |", "text | with a bar"])
    assert [line.kind for line in lines[:3]] == [LineKind.ROW, LineKind.RULE, LineKind.ROW]
    assert [line.head for line in lines[:3]] == [True, False, False]
    assert without_marks("| 2021 | **5** |", lines[2]).split() == ["2021", "5"]
    assert [line.kind for line in read_lines(["one | two", "no rule"])] == [LineKind.TEXT, LineKind.TEXT]


def test_cells_lie_between_the_bars() -> None:
    for row in ("| a | b |", "a | b", "| a | b"):
        assert [row[start:end].strip() for start, end in cells(row)] == ["a", "b"]


def test_a_text_may_begin_within_a_fence() -> None:
    assert is_fenced("text\n```python\ncode\n") and not is_fenced("```\ncode\n```\n") and not is_fenced("")
    assert is_fenced("~~~\n```\n")
    lines = read_lines(["**code**", "```", "**strong**"], fenced=True)
    assert [line.kind for line in lines] == [LineKind.CODE, LineKind.FENCE, LineKind.TEXT]


MARKED = st.text(alphabet="ab #*_`~[]()|>-\\\n!1.世😀", max_size=80)


@given(MARKED)
def test_any_text_is_read_and_every_span_lies_within_its_line(text: str) -> None:
    lines = text.split("\n")
    read = read_lines(lines)
    assert len(read) == len(lines)
    for line, found in zip(lines, read, strict=True):
        assert all(0 <= span.start <= span.end <= len(line) for span in found.spans)
        assert all(char not in "ab1世😀" for char in _hidden_by_marks(line, found))


def _hidden_by_marks(line: str, found: Line) -> str:
    """What is not seen of a line, less the addresses of links, which are not to be seen."""
    if "](" in line or found.kind in (LineKind.FENCE, LineKind.RULE):
        return ""
    return "".join(line[span.start : span.end] for span in found.spans if span.look is Look.MARK)
