"""Which characters of a Markdown line are markup, and how the others are styled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.markdown_lines import (
    MAX_DELIMITERS,
    MAX_LINE_CHARS,
    LineContext,
    LineKind,
    MarkdownLine,
    SpanStyle,
    cell_spans,
    context_after,
    parse_lines,
    table_rows_end,
    table_rows_start,
)


def visible(text: str) -> str:
    """A line without its markup."""
    (line,) = parse_lines([text])
    return without_markup(text, line)


def without_markup(text: str, line: MarkdownLine) -> str:
    hidden = {at for span in line.spans if span.style is SpanStyle.MARKUP for at in range(span.start, span.end)}
    return "".join(char for at, char in enumerate(text) if at not in hidden)


def styles_of(text: str, words: str) -> set[SpanStyle]:
    (line,) = parse_lines([text])
    at = text.index(words)
    return {span.style for span in line.spans if span.start <= at and at + len(words) <= span.end}


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
def test_markup_is_hidden(text: str, shown: str) -> None:
    assert visible(text) == shown


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
def test_what_is_no_markup_stays_visible(text: str) -> None:
    assert visible(text) == text


def test_no_markup_counts_within_code() -> None:
    assert visible("`**not strong**`") == "**not strong**"
    assert styles_of("`**not strong**`", "not strong") == {SpanStyle.CODE}
    lines = list(parse_lines(["```", "# no heading", "**plain**", "```", "# heading"]))
    kinds = [line.kind for line in lines]
    assert kinds == [LineKind.FENCE, LineKind.CODE, LineKind.CODE, LineKind.FENCE, LineKind.HEADING]
    assert not lines[1].spans and not lines[2].spans


def test_words_get_the_style_of_their_markup() -> None:
    assert styles_of("a **strong** word", "strong") == {SpanStyle.STRONG}
    assert styles_of("**a *doubly* marked one**", "doubly") == {SpanStyle.STRONG, SpanStyle.EMPHASIS}
    assert styles_of("see [the lease](x.md)", "the lease") == {SpanStyle.LINK}


def test_a_table_has_a_header_a_delimiter_row_and_rows() -> None:
    lines = list(parse_lines(["| Year | Sales |", "|---|--:|", "| 2021 | **5** |", "text | with a bar"]))
    assert [line.kind for line in lines[:3]] == [LineKind.TABLE_ROW, LineKind.TABLE_DELIMITER, LineKind.TABLE_ROW]
    assert [line.header for line in lines[:3]] == [True, False, False]
    assert without_markup("| 2021 | **5** |", lines[2]).split() == ["2021", "5"]
    assert [line.kind for line in parse_lines(["one | two", "no rule"])] == [LineKind.TEXT, LineKind.TEXT]


def test_cells_lie_between_the_bars() -> None:
    for row in ("| a | b |", "a | b", "| a | b"):
        assert [row[start:end].strip() for start, end in cell_spans(row)] == ["a", "b"]


def test_a_text_may_begin_within_a_fence() -> None:
    assert context_after("text\n```python\ncode\n") == LineContext("```")
    assert context_after("```\ncode\n```\n") == context_after("") == LineContext()
    assert context_after("~~~\n```\n") == LineContext("~~~")
    lines = parse_lines(["**code**", "```", "**strong**"], LineContext("```"))
    assert [line.kind for line in lines] == [LineKind.CODE, LineKind.FENCE, LineKind.TEXT]
    assert [line.kind for line in parse_lines(["```", "~~~"], LineContext("~~~"))] == [LineKind.CODE, LineKind.FENCE]


def test_a_text_may_begin_within_a_table() -> None:
    above = "Words.\n\n| Year | Rent |\n|---|---|\n| 2021 | 900 |\n"
    assert context_after(above) == LineContext(table=True)
    assert context_after(above + "\n") == context_after("one | two\nthree | four\n") == LineContext()
    rows = list(parse_lines(["| 2022 | **940** |", "", "| no row |"], LineContext(table=True)))
    assert [line.kind for line in rows] == [LineKind.TABLE_ROW, LineKind.TEXT, LineKind.TEXT]
    assert not rows[0].header


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_table_rows_around_an_offset_are_found(end: str) -> None:
    table = end.join(["| a | b |", "|---|---|", "| 1 | 2 |"])
    text = f"Before.{end}{table}{end}After."
    start, last = text.index("| a"), text.index("2 |") + 3
    for offset in (start, text.index("---"), last):
        assert table_rows_start(text, offset) == start
        assert text[start : table_rows_end(text, offset)].rstrip() == table
    assert table_rows_start(text, 3) == 0
    assert table_rows_start(text, len(text)) in (start, text.index("After"))
    assert table_rows_end(text, len(text)) == len(text)


def test_a_line_longer_than_any_paragraph_stays_plain() -> None:
    assert visible("~~a " * (MAX_LINE_CHARS // 4 + 1)) == "~~a " * (MAX_LINE_CHARS // 4 + 1)


MARKUP_TEXTS = st.text(alphabet="ab #*_`~[]()|>-\\\n!1.世😀", max_size=80)


@given(MARKUP_TEXTS)
def test_any_text_is_parsed_and_every_span_lies_within_its_line(text: str) -> None:
    lines = text.split("\n")
    parsed = list(parse_lines(lines))
    assert len(parsed) == len(lines)
    for line, found in zip(lines, parsed, strict=True):
        assert all(0 <= span.start <= span.end <= len(line) for span in found.spans)
        assert all(char not in "ab1世😀" for char in _hidden(line, found))


def _hidden(line: str, parsed: MarkdownLine) -> str:
    """The hidden characters of a line; none where addresses of links or whole lines are hidden as well."""
    if "](" in line or parsed.kind in (LineKind.FENCE, LineKind.TABLE_DELIMITER):
        return ""
    return "".join(line[span.start : span.end] for span in parsed.spans if span.style is SpanStyle.MARKUP)


@pytest.mark.parametrize("delimiter", ["**", "__", "~~"])
def test_a_line_full_of_delimiters_that_never_close_is_not_styled_so(delimiter: str) -> None:
    def styles(openings: int) -> set[SpanStyle]:
        (line,) = parse_lines([f"{delimiter}a " * openings + f"b{delimiter}"])
        return {span.style for span in line.spans}

    assert styles(20) & {SpanStyle.STRONG, SpanStyle.STRIKETHROUGH}
    assert not styles(MAX_DELIMITERS + 1) & {SpanStyle.STRONG, SpanStyle.STRIKETHROUGH}
