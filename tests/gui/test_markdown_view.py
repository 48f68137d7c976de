"""A Markdown document in the document view: its markup is hidden, and every offset stays valid."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.documents.passage_view import PassageView
from gui.style.theme import Theme

TEXT = """# Lease 😀

The rent is **940 euros** and was ![a plan](file:///etc/hostname) set by [the board](https://example.org/x).

| Year | Rent |
|------|------|
| 2021 | 900 |
| 2022 | **940** |

```
**code**
```
"""


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> PassageView:
    shown = PassageView(Theme(qapp))
    qtbot.addWidget(shown)
    shown.resize(700, 500)
    shown.show()
    return shown


def format_of(view: PassageView, text: str, words: str) -> QTextCharFormat:
    """The format of the first character of `words`."""
    cursor = QTextCursor(view.document())
    cursor.setPosition(len(text[: text.index(words)].encode("utf-16-le")) // 2 + 1)
    return cursor.charFormat()


@pytest.mark.parametrize("quote", ["**940 euros** and", "| 2022 | **940** |", "Lease 😀", "**code**"])
def test_a_quote_is_highlighted_where_it_is(view: PassageView, quote: str) -> None:
    start = TEXT.index(quote)
    view.show_passage(TEXT, (), start, start + len(quote), suffix=".md")
    assert view.highlighted_text() == quote
    assert view.toPlainText() == TEXT


def test_markup_is_hidden_and_its_style_is_seen(view: PassageView) -> None:
    view.show_passage(TEXT, (), 0, 0, suffix=".md")
    strong, markup = format_of(view, TEXT, "940 euros"), format_of(view, TEXT, "**940 euros")
    assert (
        strong.fontWeight() == QFont.Weight.DemiBold
        and markup.fontPointSize() < 1
        and markup.foreground().color().alpha() == 0
    )
    assert format_of(view, TEXT, "# Lease").fontPointSize() < 1
    assert format_of(view, TEXT, "Lease").fontPointSize() > format_of(view, TEXT, "The rent").font().pointSizeF()
    assert format_of(view, TEXT, "https://example").fontPointSize() < 1
    assert format_of(view, TEXT, "**code**").fontPointSize() != markup.fontPointSize()


def test_the_columns_of_a_table_are_aligned(view: PassageView) -> None:
    view.show_passage(TEXT, (), 0, 0, suffix=".md")
    lefts = set()
    for cell in ("Rent |", "900 |", "**940** |"):
        cursor = QTextCursor(view.document())
        cursor.setPosition(len(TEXT[: TEXT.index(cell)].encode("utf-16-le")) // 2)
        lefts.add(view.cursorRect(cursor).left())
    assert max(lefts) - min(lefts) <= 3


def test_nothing_is_loaded_and_no_link_leads_anywhere(view: PassageView) -> None:
    view.show_passage(TEXT, (), 0, 0, suffix=".md")
    assert "<img" not in view.toHtml() and "href" not in view.toHtml()


def test_other_documents_are_shown_as_they_are(view: PassageView) -> None:
    view.show_passage(TEXT, (), 0, 0, suffix=".txt")
    assert (
        format_of(view, TEXT, "**940 euros") == format_of(view, TEXT, "940 euros") == format_of(view, TEXT, "# Lease")
    )


def test_text_added_while_scrolling_is_styled_too(view: PassageView, qtbot: QtBot) -> None:
    long = "Start.\n\n```\n" + "**code** line\n" * 3000 + "```\n\n" + "A **strong** line of text.\n\n" * 3000
    at = long.index("```\n\nA") + 5 + 27 * 1500
    view.show_passage(long, (), at, at + 20, suffix=".md")
    before = view.toPlainText()
    bar = view.verticalScrollBar()
    bar.setValue(0)
    qtbot.waitUntil(lambda: view.toPlainText() != before)
    grown = view.toPlainText()
    block = view.document().findBlock(grown.index("A **strong**"))
    sizes = {run.format.fontPointSize() for run in block.textFormats()}
    assert any(0 < size < 1 for size in sizes)


def hidden(view: PassageView) -> str:
    """All characters that are as small as markup."""
    found = []
    block = view.document().begin()
    while block.isValid():
        raw = block.text().encode("utf-16-le")
        for run in block.textFormats():
            if 0 < run.format.fontPointSize() < 1:
                found.append(raw[2 * run.start : 2 * (run.start + run.length)].decode("utf-16-le"))
        block = block.next()
    return "".join(found)


@pytest.mark.parametrize("line", ["**Strong** words here.\n", "Words that end **strong**\n"])
@pytest.mark.parametrize("upwards", [True, False])
def test_words_added_beside_markup_are_seen(view: PassageView, qtbot: QtBot, line: str, upwards: bool) -> None:
    long = line * 3000
    at = len(line) * 1500
    view.show_passage(long, (), at, at + 5, suffix=".md")
    before = len(view.toPlainText())
    bar = view.verticalScrollBar()
    bar.setValue(0 if upwards else bar.maximum())
    qtbot.waitUntil(lambda: len(view.toPlainText()) > before)
    qtbot.waitUntil(lambda: len(hidden(view)) == 4 * view.toPlainText().count("**strong") * (line[0] == "W")
                    + 4 * view.toPlainText().count("**Strong") * (line[0] == "*"))  # fmt: skip
    assert set(hidden(view)) == {"*"}


def test_a_code_block_that_grows_while_scrolling_stays_one(view: PassageView, qtbot: QtBot) -> None:
    long = "```\n" + "**code**\n" * 6000
    at = long.index("**code", 20_000)
    view.show_passage(long, (), at, at + 8, suffix=".md")
    before = len(view.toPlainText())
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: len(view.toPlainText()) > before)
    qtbot.waitUntil(lambda: not view.styling)
    assert hidden(view) == ""


def test_the_rows_of_a_long_table_are_aligned_wherever_it_is_opened(view: PassageView, qtbot: QtBot) -> None:
    long = "| Year | Rent |\n|---|---|\n" + "| 2021 | 900 |\n| a much longer cell | 940 |\n" * 1500
    at = long.index("| 2021", 30_000)
    view.show_passage(long, (), at, at + 5, suffix=".md")
    qtbot.waitUntil(lambda: not view.styling)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: not view.styling)
    shown = view.toPlainText()
    lefts = set()
    for at in (shown.index("900"), shown.index("940"), shown.rindex("900"), shown.rindex("940")):
        cursor = QTextCursor(view.document())
        cursor.setPosition(at)
        lefts.add(view.cursorRect(cursor).left())
    assert max(lefts) - min(lefts) <= 3


def test_a_long_text_is_styled_step_by_step_and_another_may_be_shown_meanwhile(view: PassageView, qtbot: QtBot) -> None:
    long = "**a** `b` *c* ~~d~~ [e](f)\n" * 3000
    view.show_passage(long, (), 0, 60_000, suffix=".md")
    assert view.styling
    qtbot.waitUntil(lambda: not view.styling)
    assert "a" not in hidden(view) and hidden(view).count("](f)") == view.toPlainText().count("](f)")
    view.show_passage(long, (), 0, 60_000, suffix=".md")
    assert view.styling
    view.clear()
    assert not view.styling
    view.show_passage(TEXT, (), 0, 0, suffix=".txt")
    assert hidden(view) == ""


def test_copying_gives_the_text_of_the_document(view: PassageView, qapp: QApplication) -> None:
    view.show_passage(TEXT, (), 0, 0, suffix=".md")
    view.selectAll()
    view.copy()
    mime = qapp.clipboard().mimeData()
    assert mime.text() == TEXT and not mime.hasHtml()
