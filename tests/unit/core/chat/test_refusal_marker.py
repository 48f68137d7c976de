"""The refusal marker is removed from a streamed answer, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.refusal_marker import RefusalMarkerFilter


def filtered(marker_filter: RefusalMarkerFilter, text: str, size: int) -> str:
    """What is shown of `text` when it arrives in pieces of `size` characters."""
    pieces = (text[i : i + size] for i in range(0, len(text), size))
    return "".join(map(marker_filter.feed, pieces)) + marker_filter.flush()


@pytest.mark.parametrize("marker", ["[none] ", "**[none]** ", "[None]\n\n", "[none]: "])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_marker_is_removed_while_the_answer_streams(marker: str, size: int) -> None:
    marker_filter = RefusalMarkerFilter()
    shown = filtered(marker_filter, f"{marker}The passages do not say.", size)
    assert marker_filter.refused and shown == "The passages do not say."


@given(st.text(alphabet="[noe1] \nAx", max_size=20), st.integers(1, 5))
def test_text_without_the_marker_is_shown_unchanged(text: str, size: int) -> None:
    marker_filter = RefusalMarkerFilter()
    shown = filtered(marker_filter, text, size)
    assert marker_filter.refused or shown == text
