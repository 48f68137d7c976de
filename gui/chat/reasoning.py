"""The model's reasoning: open while it streams, closed when the answer begins, unless the person chose otherwise."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor

from core.i18n import tr
from gui import number_formats
from gui.chat.collapsible_section import CollapsibleSection
from gui.chat.message_text import MessageText
from gui.style.elements import push_button
from gui.style.theme import Theme


class ReasoningView(CollapsibleSection):
    """Hidden until there is some. `chosen_open` is whether the person opened or closed it last; None: neither."""

    answer_now_wanted = Signal()

    def __init__(self, theme: Theme, chosen_open: bool | None) -> None:
        super().__init__(theme, tr("Reasoning"))
        self._chosen_open = chosen_open
        self._shown_chars = 0
        self.answer_now_button = push_button(tr("Answer now"), self.answer_now_wanted.emit, "link")
        self.answer_now_button.setToolTip(tr("End the reasoning and write the answer from what is known so far"))
        self.answer_now_button.hide()
        self.header.insertWidget(1, self.answer_now_button)
        self.text = MessageText(tr("Reasoning"))
        self.content.addWidget(self.text)
        self.toggled_by_user.connect(self._remember_choice)
        theme.changed.connect(self._apply_colour)
        self.hide()

    def show_running(self, text: str, seconds: float) -> None:
        """Show reasoning that is being written."""
        if self.isHidden():
            self.show()
            self.answer_now_button.show()
            self.set_open(opened=self._chosen_open is not False)
        self._append(text)
        self.set_title(_title(seconds))

    def show_finished(self, text: str, seconds: float = 0.0) -> None:
        """Show the whole reasoning. `seconds` is 0 for a stored answer, whose duration is not known."""
        self.answer_now_button.hide()
        self.setVisible(bool(text))
        self._append(text)
        self.set_title(_title(seconds))
        if self._chosen_open is not True:
            self.set_open(opened=False)

    def open_if_chosen(self) -> None:
        if self._chosen_open:
            self.set_open(opened=True)

    def _append(self, text: str) -> None:
        text = text.rstrip()  # white space is added once text follows it
        if len(text) <= self._shown_chars:
            return
        self.text.append_plain(text[self._shown_chars :], self._char_format())
        self._shown_chars = len(text)

    def _char_format(self) -> QTextCharFormat:
        char_format = QTextCharFormat()
        char_format.setForeground(QColor(self._theme.colours.muted))
        return char_format

    def _apply_colour(self) -> None:
        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeCharFormat(self._char_format())

    def _remember_choice(self, opened: bool) -> None:
        self._chosen_open = opened


def _title(seconds: float) -> str:
    return tr("Reasoning, {time}", time=number_formats.duration(seconds)) if seconds >= 1 else tr("Reasoning")
