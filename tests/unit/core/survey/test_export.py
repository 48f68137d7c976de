"""Exported surveys: nothing in a document becomes a formula, markup or another cell."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from core.domain.documents import Citation, Support
from core.survey.export import to_csv, to_markdown
from core.survey.values import Finding, RowState, Survey, SurveyRow

HOSTILE = [
    "two\nlines\r\nand | pipes || \\| and \\\\| more",
    'quotes " and \'apostrophes\', commas; semicolons',
    "![logo](http://203.0.113.7/steal.png) [here](javascript:alert(1)) ![a[b]c](file:///etc/passwd)",
    "<img src='http://203.0.113.7/x.png'><script>1</script> <http://203.0.113.7/> `code` **bold**",
    "[1]: http://203.0.113.7/x\n\n![x][1]",
    "=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "half a letter \udcff",
]  # fmt: skip


def survey(text: str, summary: str = "") -> Survey:
    rows = []
    for folder in ("north", "south"):
        path = Path(f"/d/{folder}/lease.txt")
        cited = Citation(0, 1, path, text, None, "", 0, len(text), text, Support.SUPPORTED)
        rows.append(SurveyRow(1, path, RowState.READ, findings=(Finding(text, cited, text),)))
    return Survey(1, text, 0.0, summary, tuple(rows))


def rendered(markdown: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_of_csv_is_one_cell_and_no_formula(text: str) -> None:
    written = to_csv(survey(text)).encode().decode()
    header, *lines = csv.reader(io.StringIO(written, newline=""))
    assert [len(line) for line in lines] == [len(header)] * 2
    for line in lines:
        assert line[1].removeprefix("'") == text.replace("\udcff", "\ufffd")
        assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in line if cell)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_of_markdown_is_one_cell_and_loads_nothing(text: str) -> None:
    written = to_markdown(survey(text, text)).encode().decode()
    page = rendered(written)
    assert not re.search(r"<(img|script|a)\b", page)
    rows = re.findall(r"<tr>.*?</tr>", page, re.S)
    assert [row.count("<td") for row in rows[1:]] == [5, 5]


def test_documents_of_the_same_name_are_shown_with_their_folder() -> None:
    assert "| north/lease.txt |" in to_markdown(survey("x")) and "| south/lease.txt |" in to_markdown(survey("x"))


def test_a_summary_keeps_its_formatting_and_its_citations() -> None:
    summary = "**Two** leases [1][2]:\n\n- one [1]\n- two [2]"
    assert summary.replace("[2]:", "\\[2]:") in to_markdown(survey("x", summary))
