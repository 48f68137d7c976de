"""What differs between two texts."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.domain.documents import Document, DocumentState, DocumentText
from core.survey.changes import change_findings
from core.text.document_diff import DifferenceKind, differences

OLD = """# Lease

The rent is 900 euros, due on the first of each month.

Dogs are not allowed.

The lease ends on 1 May 2022.

The tenant pays for water and heating.
"""
NEW = """# Lease

The tenant pays for water and heating.

The rent is 950 euros,   due on the first of each month.

The lease ends on 1 May 2022.

Smoking is not allowed in the flat.
"""


def test_added_removed_changed_and_moved_paragraphs_are_told_apart() -> None:
    found = {d.kind: d for d in differences(OLD, NEW)}
    assert len(differences(OLD, NEW)) == 4
    assert found[DifferenceKind.CHANGED].words == "900 → 950"
    old, new = found[DifferenceKind.CHANGED].old, found[DifferenceKind.CHANGED].new
    assert (
        old
        and OLD[slice(*old)].startswith("The rent is 900")
        and new
        and NEW[slice(*new)].startswith("The rent is 950")
    )
    assert (gone := found[DifferenceKind.REMOVED].old) and OLD[slice(*gone)] == "Dogs are not allowed."
    assert (came := found[DifferenceKind.ADDED].new) and NEW[slice(*came)] == "Smoking is not allowed in the flat."
    assert (moved := found[DifferenceKind.MOVED].new) and NEW[slice(*moved)].startswith("The tenant pays")


def test_white_space_is_no_difference() -> None:
    assert differences("One  line\nof text.\n\nAnother.", "One line of\ttext.\n\n\n\nAnother.\n") == ()


def test_a_text_without_paragraphs_is_compared_by_its_sentences() -> None:
    long = " ".join(f"Sentence {n} of a long page without any breaks at all." for n in range(60))
    (only,) = differences(long, long.replace("Sentence 41 of", "Sentence 41 from"))
    assert only.words == "of → from"


@given(st.text(max_size=400), st.text(max_size=400))
def test_every_difference_stands_where_it_says(old: str, new: str) -> None:
    for one in differences(old, new):
        assert one.old is not None or one.new is not None
        for text, span in ((old, one.old), (new, one.new)):
            assert span is None or (0 <= span[0] < span[1] <= len(text) and text[slice(*span)].strip())
    assert differences(old, old) == ()


def test_a_row_about_an_enormous_paragraph_quotes_its_beginning() -> None:
    endless = " ".join(f"word{n}" for n in range(20_000))
    old, new = (
        DocumentText(Document(n, 1, Path(f"/d/{n}.txt"), "", DocumentState.INDEXED, "", 1, 1, None, 1), text, ())
        for n, text in enumerate((endless, endless.replace("word7", "term7") + "\n\nOne more."))
    )
    found = change_findings(old, new)
    assert len(found) == 2 and "word7 → term7" in found[0].text
    for finding in found:
        assert max(len(finding.text), len(finding.citation.quote)) < 4100
        assert finding.other is None or len(finding.other.quote) <= 4000
