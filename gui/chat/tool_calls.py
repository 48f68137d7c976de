"""The tool calls of an answer: what the model looked for in the documents, and the result it was given."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QWidget

from core.chat.turn_texts import tool_call_text
from core.domain.conversation import ToolUsed
from core.i18n import ngettext, tr
from gui.chat.collapsible_section import CollapsibleSection
from gui.chat.message_text import MessageText
from gui.style.elements import column, label
from gui.style.theme import Theme


class ToolCallView(CollapsibleSection):
    """One call. The result's widget is created when the section is first opened: a long answer may have many calls."""

    def __init__(self, theme: Theme, used: ToolUsed) -> None:
        super().__init__(theme, tool_call_text(used))
        self._used = used
        self.text: MessageText | None = None
        self.toggled_by_user.connect(self._create_result)

    def _create_result(self, opened: bool) -> None:
        if not opened or self.text is not None:
            return
        if self._used.cut_chars:
            cut = ngettext(
                "{n} character of this was left out, for the model too.",
                "{n} characters of this were left out, for the model too.",
                self._used.cut_chars,
            )
            self.content.addWidget(label(cut, "small", wrap=True))
        self.text = MessageText(tr("What the model was given"))
        self.content.addWidget(self.text)
        self._write_result()
        self._theme.changed.connect(self._write_result)

    def _write_result(self) -> None:
        if self.text is None:
            return
        self.text.clear()
        char_format = QTextCharFormat()
        char_format.setForeground(QColor(self._theme.colours.muted))
        QTextCursor(self.text.document()).insertText(self._used.result, char_format)


class ToolCallList(QWidget):
    """The calls of one answer, in their order. Hidden while there is none."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[ToolCallView] = []
        self._layout = column(self, 0, 0)
        self.hide()

    def show_calls(self, used: Sequence[ToolUsed]) -> None:
        """Add what follows the calls that are shown already; these stay as they are."""
        for call in used[len(self.rows) :]:
            row = ToolCallView(self._theme, call)
            self._layout.addWidget(row)
            self.rows.append(row)
        self.setVisible(bool(self.rows))
