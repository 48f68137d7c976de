"""Numbers of passages in a conversation: kept while the words are the same, new once they have changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.chat.sources import SourceNumbering
from core.domain.documents import Passage

RENT = Passage(1, 1.0, 1, Path("/d/lease.txt"), "lease", None, "", 0, 22, "The rent is 940 euros.")


def test_a_passage_that_was_given_keeps_its_number_and_one_whose_words_have_changed_does_not() -> None:
    book = SourceNumbering()
    _, (first,) = book.add([RENT])
    assert book.add([RENT]) == ([first], [])
    later = SourceNumbering(book.sources)
    assert later.add([RENT]) == ([first], [])
    known, (second,) = later.add([replace(RENT, text="The rent is 777 euros.")])
    assert (known, first.number, second.number) == ([], 1, 2)
    assert [source.quote for source in later.sources] == ["The rent is 940 euros.", "The rent is 777 euros."]
