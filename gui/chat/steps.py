"""What the model did besides writing: each look into the documents, with what it asked for and what it was given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QWidget

from core.domain.conversation import ToolUsed
from core.domain.locations import read_words
from core.i18n import ngettext, tr
from gui.chat.fold import Fold
from gui.chat.message_text import MessageText
from gui.style.elements import column, label
from gui.style.theme import Theme


class Step(Fold):
    """One call. Its text is made when it is opened first: a long answer may have many."""

    def __init__(self, theme: Theme, used: ToolUsed) -> None:
        super().__init__(theme, step_words(used))
        self._used = used
        self.text: MessageText | None = None
        self.chosen.connect(self._fill)

    def _fill(self, opened: bool) -> None:
        if not opened or self.text is not None:
            return
        if self._used.cut_chars:
            cut = ngettext(
                "{n} character of this was left out, for the model too.",
                "{n} characters of this were left out, for the model too.",
                self._used.cut_chars,
            )
            self.inside.addWidget(label(cut, "small", wrap=True))
        self.text = MessageText(tr("What the model was given"))
        self.inside.addWidget(self.text)
        self._write()
        self._theme.changed.connect(self._write)

    def _write(self) -> None:
        if self.text is None:
            return
        self.text.clear()
        shape = QTextCharFormat()
        shape.setForeground(QColor(self._theme.colours.muted))
        QTextCursor(self.text.document()).insertText(self._used.result, shape)


class Steps(QWidget):
    """The calls of one answer, in their order."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.shown: list[Step] = []
        self._layout = column(self, 0, 0)
        self.hide()

    def show_steps(self, used: Sequence[ToolUsed]) -> None:
        """Those that are shown already stay as they are: steps only come to it."""
        for one in used[len(self.shown) :]:
            step = Step(self._theme, one)
            self._layout.addWidget(step)
            self.shown.append(step)
        self.setVisible(bool(self.shown))


def step_words(used: ToolUsed) -> str:
    """What was done, in words."""
    arguments = _arguments(used)
    text = _done_words(used.name, arguments)
    return text if used.ok else tr("{step}: this failed", step=text)


def _done_words(name: str, arguments: dict[str, Any]) -> str:
    def given(key: str) -> str:
        return str(arguments.get(key, ""))

    if name == "search_documents":
        return tr("Searched again: {query}", query=given("query"))
    if name == "find_text":
        return tr("Looked for the exact words: {text}", text=given("text"))
    if name == "read_document":
        if given("page") not in ("", "0"):
            return read_words(given("name"), given("page"))
        return tr("Read on in {name}", name=given("name"))
    if name == "list_documents":
        contains = given("name_contains")
        return tr("Listed the documents named {name}", name=contains) if contains else tr("Listed the documents")
    if name == "compare":
        return tr("Compared {old} with {new}", old=given("old"), new=given("new"))
    return tr("Used {tool}", tool=name)


def _arguments(used: ToolUsed) -> dict[str, Any]:
    try:
        given = json.loads(used.arguments)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
