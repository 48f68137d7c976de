"""The numbering of sources: a passage keeps its number as long as its words stay the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.chat.sources import SourceNumbering
from core.domain.documents import Passage

RENT = Passage(1, 1.0, 1, Path("/d/lease.txt"), "lease", None, "", 0, 22, "The rent is 940 euros.")


def test_a_passage_keeps_its_number_until_its_words_change() -> None:
    numbering = SourceNumbering()
    _, (first,) = numbering.add([RENT])
    assert numbering.add([RENT]) == ([first], [])
    later = SourceNumbering(numbering.sources)
    assert later.add([RENT]) == ([first], [])
    given_before, (second,) = later.add([replace(RENT, text="The rent is 777 euros.")])
    assert (given_before, first.number, second.number) == ([], 1, 2)
    assert [source.quote for source in later.sources] == ["The rent is 940 euros.", "The rent is 777 euros."]
