"""Offsets of a text and Qt's positions in the part of it that is shown."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QTextDocument

from gui.documents.text_window import MAX_CHARS, TextWindow, as_qt_text, find_quote, qt_length

texts = st.text(st.sampled_from("ab \n\r\u00e9\u4e2d\U0001f600\u2028\ud7ff"), max_size=60)


@settings(deadline=None)
@given(texts)
def test_positions_are_those_qt_counts(text: str) -> None:
    document = QTextDocument()
    document.setPlainText(as_qt_text(text))
    assert document.characterCount() - 1 == qt_length(text)


@settings(deadline=None)
@given(texts, st.integers(0, 60))
def test_an_offset_is_at_the_position_where_its_text_begins(text: str, offset: int) -> None:
    offset = min(offset, len(text))
    if text[offset - 1 : offset + 1] == "\r\n":
        offset += 1
    window = TextWindow.around(text, offset, offset)
    whole = as_qt_text(text[window.low : window.high])
    before = as_qt_text(text[window.low : offset])
    assert whole.startswith(before)
    assert window.position(offset) == len(before.encode("utf-16-le")) // 2


def test_a_long_text_is_shown_in_part_and_grows_at_its_ends() -> None:
    text = "".join(f"line {n}\n" for n in range(400_000))
    window = TextWindow.around(text, 2_000_000, 2_000_100)
    assert window.low < 2_000_000 < window.high and window.high - window.low < 30_000
    assert text[window.low - 1] == "\n" and text[window.high] == "\n"
    for _ in range(40):
        window = window.extended_down()
    assert window.high - window.low <= MAX_CHARS + 1_000
    for _ in range(400):
        window = window.extended_up()
    assert window.at_top and not window.at_bottom


def test_pages_that_begin_in_the_window() -> None:
    text = "0123456789" * 10
    window = TextWindow(text, 25, 75)
    assert window.page_positions((0, 20, 40, 60, 80)) == [(0, 1), (15, 2), (35, 3)]
    assert window.page_positions(()) == []


def test_a_quote_is_found_where_it_moved_to_or_not_at_all() -> None:
    text = "one two three two"
    assert find_quote(text, "two", 4) == (4, 7)
    assert find_quote("zero " + text, "two", 4) == (9, 12)
    assert find_quote(text, "four", 4) is None
