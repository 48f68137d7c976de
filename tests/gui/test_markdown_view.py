"""A Markdown document in the document view: its marks are not seen, and every offset still holds."""

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


def look(view: PassageView, text: str, words: str, within: int = 0) -> QTextCharFormat:
    """How a character of `words` looks."""
    at = text.index(words) + within
    cursor = QTextCursor(view.document())
    cursor.setPosition(len(text[:at].encode("utf-16-le")) // 2 + 1)
    return cursor.charFormat()


@pytest.mark.parametrize("quote", ["**940 euros** and", "| 2022 | **940** |", "Lease 😀", "**code**"])
def test_a_quote_is_highlighted_where_it_stands(view: PassageView, quote: str) -> None:
    start = TEXT.index(quote)
    view.show_passage(TEXT, (), start, start + len(quote), suffix=".md")
    assert view.highlighted_text() == quote
    assert view.toPlainText() == TEXT


def test_marks_are_invisible_and_what_they_mean_is_seen(view: PassageView) -> None:
    view.show_passage(TEXT, (), 0, 0, suffix=".md")
    seen, mark = look(view, TEXT, "940 euros"), look(view, TEXT, "**940 euros")
    assert (
        seen.fontWeight() == QFont.Weight.DemiBold
        and mark.fontPointSize() < 1
        and mark.foreground().color().alpha() == 0
    )
    assert look(view, TEXT, "# Lease").fontPointSize() < 1
    assert look(view, TEXT, "Lease").fontPointSize() > look(view, TEXT, "The rent").font().pointSizeF()
    assert look(view, TEXT, "https://example").fontPointSize() < 1
    assert look(view, TEXT, "**code**").fontPointSize() != mark.fontPointSize()


def test_the_columns_of_a_table_stand_below_each_other(view: PassageView) -> None:
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


def test_other_documents_keep_their_signs(view: PassageView) -> None:
    view.show_passage(TEXT, (), 0, 0, suffix=".txt")
    assert look(view, TEXT, "**940 euros") == look(view, TEXT, "940 euros") == look(view, TEXT, "# Lease")


def test_text_that_comes_while_scrolling_is_dressed_too(view: PassageView, qtbot: QtBot) -> None:
    long = "Start.\n\n```\n" + "**code** line\n" * 3000 + "```\n\n" + "A **strong** line of text.\n\n" * 3000
    at = long.index("```\n\nA") + 5 + 27 * 1500
    view.show_passage(long, (), at, at + 20, suffix=".md")
    before = view.toPlainText()
    bar = view.verticalScrollBar()
    bar.setValue(0)
    qtbot.waitUntil(lambda: view.toPlainText() != before)
    grown = view.toPlainText()
    block = view.document().findBlock(grown.index("A **strong**"))
    looks = {found.format.fontPointSize() for found in block.textFormats()}
    assert any(0 < size < 1 for size in looks)


def hidden(view: PassageView) -> str:
    """All that is as small as a mark."""
    found = []
    block = view.document().begin()
    while block.isValid():
        raw = block.text().encode("utf-16-le")
        for look in block.textFormats():
            if 0 < look.format.fontPointSize() < 1:
                found.append(raw[2 * look.start : 2 * (look.start + look.length)].decode("utf-16-le"))
        block = block.next()
    return "".join(found)


@pytest.mark.parametrize("line", ["**Strong** words here.\n", "Words that end **strong**\n"])
@pytest.mark.parametrize("upwards", [True, False])
def test_words_that_come_beside_a_mark_are_seen(view: PassageView, qtbot: QtBot, line: str, upwards: bool) -> None:
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


def test_a_fence_that_ends_where_text_comes_stays_one(view: PassageView, qtbot: QtBot) -> None:
    long = "```\n" + "**code**\n" * 6000
    at = long.index("**code", 20_000)
    view.show_passage(long, (), at, at + 8, suffix=".md")
    before = len(view.toPlainText())
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: len(view.toPlainText()) > before)
    qtbot.waitUntil(lambda: not view.dressing)
    assert hidden(view) == ""


def test_the_rows_of_a_long_table_stand_below_each_other_wherever_it_is_opened(view: PassageView, qtbot: QtBot) -> None:
    long = "| Year | Rent |\n|---|---|\n" + "| 2021 | 900 |\n| a much longer cell | 940 |\n" * 1500
    at = long.index("| 2021", 30_000)
    view.show_passage(long, (), at, at + 5, suffix=".md")
    qtbot.waitUntil(lambda: not view.dressing)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: not view.dressing)
    shown = view.toPlainText()
    lefts = set()
    for at in (shown.index("900"), shown.index("940"), shown.rindex("900"), shown.rindex("940")):
        cursor = QTextCursor(view.document())
        cursor.setPosition(at)
        lefts.add(view.cursorRect(cursor).left())
    assert max(lefts) - min(lefts) <= 3


def test_a_long_text_is_dressed_step_by_step_and_another_may_come_meanwhile(view: PassageView, qtbot: QtBot) -> None:
    long = "**a** `b` *c* ~~d~~ [e](f)\n" * 3000
    view.show_passage(long, (), 0, 60_000, suffix=".md")
    assert view.dressing
    qtbot.waitUntil(lambda: not view.dressing)
    assert "a" not in hidden(view) and hidden(view).count("](f)") == view.toPlainText().count("](f)")
    view.show_passage(long, (), 0, 60_000, suffix=".md")
    assert view.dressing
    view.clear()
    assert not view.dressing
    view.show_passage(TEXT, (), 0, 0, suffix=".txt")
    assert hidden(view) == ""


def test_what_is_copied_is_the_document_s_own_text(view: PassageView, qapp: QApplication) -> None:
    view.show_passage(TEXT, (), 0, 0, suffix=".md")
    view.selectAll()
    view.copy()
    mime = qapp.clipboard().mimeData()
    assert mime.text() == TEXT and not mime.hasHtml()
