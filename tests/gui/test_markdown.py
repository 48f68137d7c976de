"""An answer's Markdown on screen: streamed as rendered whole, nothing loaded, links that are safe."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.chat.answer_text import AnswerText
from gui.chat.message_text import LONGEST_LINE
from gui.style.theme import Theme

MARKDOWN = """# The answer

Papermoor keeps *everything* on this computer [1]. See **also** `code[1]` and [2, 3].

## A list

- one [1]
- two
  - nested

1. first
2. second

| a | b |
|---|---|
| 1 | 2 [4] |

```python
def f(x):
    return x[1]

    y
```

> quoted text

Last paragraph with a [link](https://example.org).
"""


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, "light")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 12), min_size=1))
def test_a_streamed_answer_ends_like_one_rendered_whole(theme: Theme, cuts: list[int]) -> None:
    whole, streamed = AnswerText(theme), AnswerText(theme)
    whole.finish(MARKDOWN, None)
    start = 0
    for length in itertools.cycle(cuts):
        if start >= len(MARKDOWN):
            break
        streamed.append(MARKDOWN[start : start + length])
        start += length
    assert streamed.toPlainText() == whole.toPlainText()
    assert streamed.toHtml() == whole.toHtml()
    for widget in (whole, streamed):
        widget.deleteLater()


def test_html_is_shown_as_text_and_nothing_is_loaded(qtbot: QtBot, theme: Theme) -> None:
    text = AnswerText(theme)
    qtbot.addWidget(text)
    text.finish('<img src="file:///etc/passwd"><b>bold</b>', None)
    assert "<b>bold</b>" in text.toPlainText()
    assert text.loadResource(2, QUrl("file:///etc/passwd")) is None


def test_only_citations_and_web_links_can_be_clicked(qtbot: QtBot, theme: Theme) -> None:
    text = AnswerText(theme)
    qtbot.addWidget(text)
    numbers: list[int] = []
    addresses: list[str] = []
    text.citation_clicked.connect(numbers.append)
    text.link_clicked.connect(lambda url: addresses.append(url.toString()))
    for address in ("cite:7", "cite:x", "https://example.org/", "file:///etc/passwd", "javascript:alert(1)"):
        text.anchorClicked.emit(QUrl(address))
    assert (numbers, addresses) == ([7], ["https://example.org/"])


def test_a_message_is_as_tall_as_its_text(qtbot: QtBot, theme: Theme) -> None:
    text = AnswerText(theme)
    qtbot.addWidget(text)
    text.resize(400, 20)
    text.show()
    text.finish("one line", None)
    one_line_height = text.height()
    text.append("\n\nand another paragraph of its own\n\nand a third")
    assert text.height() > 2 * one_line_height
    assert text.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize("text", ["a" * 80_000, "a\n" * 30_000, "|a" * 40_000, "> " * 40_000])
def test_what_cannot_be_laid_out_at_once_is_shown_as_it_is(qtbot: QtBot, theme: Theme, text: str) -> None:
    view = AnswerText(theme)
    qtbot.addWidget(view)
    for start in range(0, len(text), 4096):
        view.append(text[start : start + 4096])
    for finished in (False, True):
        if finished:
            view.finish(text, None)
        is_whole = view.document().toPlainText().replace("\n", "") == text.replace("\n", "")
        assert is_whole and len(view.markdown) == len(text)
        blocks = (view.document().findBlockByNumber(n) for n in range(view.document().blockCount()))
        assert max(block.length() for block in blocks) <= LONGEST_LINE + 1
