"""Snippets hold the query's words and say where in them they are."""

from __future__ import annotations

from pathlib import Path

from core.domain.documents import Passage, SearchResult
from core.retrieval.snippets import SNIPPET_CHARS, Snippet, with_snippets

FILLER = "Nothing of note happened on that day. "


def snippet(query: str, text: str, name: str = "notes.txt") -> Snippet:
    passage = Passage(1, 1.0, 1, Path("/d") / name, "", None, "", 0, len(text), text)
    result = SearchResult(query, (passage,), documents_searched=1, semantic=False)
    (found,) = with_snippets(result).snippets
    return found


def highlighted(found: Snippet) -> list[str]:
    return [found.text[start:end] for start, end in found.highlights]


def test_the_words_of_the_query_are_highlighted_in_other_forms_too_and_without_punctuation() -> None:
    found = snippet("notice of leases", "The (lease) ends after “notice”, which is given in May.")
    assert highlighted(found) == ["lease", "notice"]


def test_short_words_are_highlighted_only_where_the_query_has_no_others() -> None:
    text = "How to moor: tie the boat to the pier."
    assert highlighted(snippet("how is the pier", text)) == ["pier"]
    assert highlighted(snippet("tie", text)) == ["tie"]


def test_a_long_passage_is_cut_where_most_highlights_are() -> None:
    text = "The lease. " + FILLER * 20 + "Either side may end the lease by notice. " + FILLER * 20
    found = snippet("lease notice", text)
    assert highlighted(found) == ["lease", "notice"]
    assert found.text.startswith("… ") and found.text.endswith(" …")
    assert len(found.text) <= SNIPPET_CHARS + 4


def test_a_passage_without_the_words_is_shown_from_its_beginning() -> None:
    found = snippet("zebra", FILLER * 20)
    assert found.text.startswith(FILLER) and found.text.endswith(" …") and found.highlights == ()


def test_markdown_is_shown_without_its_markup_and_other_text_as_it_is() -> None:
    text = "# Rent\n\n> The **rent** is `420` euros.\n"
    assert snippet("rent", text, "lease.md").text == "Rent The rent is 420 euros."
    assert snippet("rent", text, "lease.txt").text == "# Rent > The **rent** is `420` euros."
