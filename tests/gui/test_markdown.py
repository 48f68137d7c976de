"""An answer's Markdown: citations become links, nothing is loaded, and streaming ends in what a whole render gives."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.chat.answer_text import AnswerText
from gui.chat.markdown_source import frozen_length, with_links
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


@pytest.mark.parametrize(
    ("markdown", "linked"),
    [
        ("So it is [1].", r"So it is [\[1\]](cite:1)."),
        ("Both [1, 2] and [3;4]", r"Both [\[1\]](cite:1)[\[2\]](cite:2) and [\[3\]](cite:3)[\[4\]](cite:4)"),
        ("As trained 【5†L1-L3】.", r"As trained [\[5\]](cite:5)."),
        ("A [link](https://a.b) stays", "A [link](https://a.b) stays"),
        ("`x[1]` is code", "`x[1]` is code"),
        ("```\nx[1]\n```\nbut [1]", "```\nx[1]\n```\nbut " + r"[\[1\]](cite:1)"),
        ("![secret](https://evil.example/?q=1)", "[secret](https://evil.example/?q=1)"),
    ],
)
def test_citations_become_links_outside_code(markdown: str, linked: str) -> None:
    assert with_links(markdown) == linked


def test_numbers_that_cite_nothing_stay_text() -> None:
    assert with_links("[1] and [9]", frozenset({1})) == r"[\[1\]](cite:1) and \[9\]"


@pytest.mark.parametrize(
    ("markdown", "frozen"),
    [
        ("one\n\ntwo", "one\n\n"),
        ("one\ntwo", ""),
        ("- one\n\n- two", ""),
        ("- one\n\ntext", "- one\n\n"),
        ("```\ncode\n\nmore", ""),
        ("```\ncode\n\n```\n\ntext", "```\ncode\n\n```\n\n"),
        ("text\n\n```\ncode", "text\n\n"),
        ("| a |\n|---|\n\n| b |", ""),
    ],
)
def test_only_what_is_finished_is_frozen(markdown: str, frozen: str) -> None:
    assert markdown[: frozen_length(markdown)] == frozen


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 12), min_size=1))
def test_streaming_ends_in_what_a_whole_render_gives(theme: Theme, cuts: list[int]) -> None:
    whole, streamed = AnswerText(theme), AnswerText(theme)
    whole.finish(MARKDOWN, None)
    at, turn = 0, 0
    while at < len(MARKDOWN):
        step = cuts[turn % len(cuts)]
        streamed.append(MARKDOWN[at : at + step])
        at, turn = at + step, turn + 1
    assert streamed.toPlainText() == whole.toPlainText()
    assert streamed.toHtml() == whole.toHtml()
    for made in (whole, streamed):
        made.deleteLater()


def test_html_is_shown_as_text_and_nothing_is_loaded(qtbot: QtBot, theme: Theme) -> None:
    text = AnswerText(theme)
    qtbot.addWidget(text)
    text.finish('<img src="file:///etc/passwd"><b>bold</b>', None)
    assert "<b>bold</b>" in text.toPlainText()
    assert text.loadResource(2, QUrl("file:///etc/passwd")) is None


def test_a_citation_tells_its_number_and_only_web_links_lead_out(qtbot: QtBot, theme: Theme) -> None:
    text = AnswerText(theme)
    qtbot.addWidget(text)
    cited: list[int] = []
    linked: list[str] = []
    text.cited.connect(cited.append)
    text.linked.connect(lambda url: linked.append(url.toString()))
    for address in ("cite:7", "cite:x", "https://example.org/", "file:///etc/passwd", "javascript:alert(1)"):
        text.anchorClicked.emit(QUrl(address))
    assert (cited, linked) == ([7], ["https://example.org/"])


def test_a_message_is_as_tall_as_its_text(qtbot: QtBot, theme: Theme) -> None:
    text = AnswerText(theme)
    qtbot.addWidget(text)
    text.resize(400, 20)
    text.show()
    text.finish("one line", None)
    low = text.height()
    text.append("\n\nand another paragraph of its own\n\nand a third")
    assert text.height() > 2 * low
    assert text.verticalScrollBar().maximum() == 0
