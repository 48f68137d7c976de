"""Visible characters and words: where a text must not be cut."""

from __future__ import annotations

import unicodedata

import pytest

from core.text.graphemes import splits_character, splits_word


@pytest.mark.parametrize(
    "cluster",
    ["e\u0301", "👩\u200d💻", "🇩🇪", "👍🏽", "กำ", "각", "क्षि", "\r\n", "❤\ufe0f"],
    ids=lambda c: c.encode("unicode_escape").decode(),
)
def test_a_visible_character_has_no_cut_inside(cluster: str) -> None:
    text = unicodedata.normalize("NFD", cluster) if cluster == "각" else cluster
    for inside in range(1, len(text)):
        if text != "क्षि" or unicodedata.category(text[inside]) in ("Mn", "Mc"):
            assert splits_character(f"a{text}b", 1 + inside)
    assert not splits_character(f"a{text}b", 1)
    assert not splits_character(f"a{text}b", 1 + len(text))


def test_a_word_has_no_cut_inside_where_spaces_separate_words() -> None:
    assert splits_word("grind", 2) and splits_word("x1_y", 2)
    assert not splits_word("to grind", 2) and not splits_word("to grind", 3)
    assert not splits_word("風車は", 1)
