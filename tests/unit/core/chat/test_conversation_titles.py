"""Titles in the list of conversations: shown, and searched by words."""

from __future__ import annotations

import pytest

from core.chat.conversation_titles import display_title, search_titles
from core.domain.conversation import ConversationSummary

TITLES = ("The notice period", "the rent", "")
SUMMARIES = [ConversationSummary(n, title, 0.0, 0.0) for n, title in enumerate(TITLES)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("", [0, 1, 2]), ("NOTICE the", [0]), ("the", [0, 1]), ("rent notice", []), ("new conv", [2])],
)
def test_a_title_is_found_by_words_in_any_case_and_order(text: str, found: list[int]) -> None:
    assert [summary.id for summary in search_titles(SUMMARIES, text)] == found


def test_a_conversation_without_a_title_is_a_new_one() -> None:
    assert [display_title(summary) for summary in SUMMARIES] == ["The notice period", "the rent", "New conversation"]
