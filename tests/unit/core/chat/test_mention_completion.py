"""Completing a document's name that is typed after an "@"."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.chat.mention_completion import suggestion_labels, typed_mention, without_typed_mention
from core.store.documents.scopes import Suggestion


@pytest.mark.parametrize(
    ("before_cursor", "typed", "rest"),
    [
        ("@", "", ""),
        ("see @an", "an", "see "),
        ('see @"annual re', "annual re", "see "),
        ("(@an", "an", "("),
        ("anna@example", None, "anna@example"),
        ("@done ", None, "@done "),
        ("no name", None, "no name"),
    ],
)
def test_a_mention_begins_with_an_at_at_the_start_of_a_word(before_cursor: str, typed: str | None, rest: str) -> None:
    assert typed_mention(before_cursor) == typed and without_typed_mention(before_cursor) == rest


def test_only_suggestions_of_the_same_name_are_labelled_with_their_folder() -> None:
    paths = [Path("/2023/lease.pdf"), Path("/2024/lease.pdf"), Path("/2024/notes.txt")]
    suggestions = [Suggestion(n, path.name, path.parent, f"@{path.name}") for n, path in enumerate(paths)]
    assert suggestion_labels(suggestions) == ["lease.pdf · 2023", "lease.pdf · 2024", "notes.txt"]
