"""The field a question is typed into: it grows with its text, sends on Return, and offers documents after an "@"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from core.i18n import tr
from gui.chat.mentions import mention_begun, without_mention

if TYPE_CHECKING:
    from core.store.documents.scopes import Suggestion
    from gui.chat.mention_list import MentionList

MOST_LINES = 8


class QuestionField(QPlainTextEdit):
    """Return sends, Shift+Return begins a new line. `naming` tells what has been typed of a document's name; the answer
    goes to `offer`."""

    sent = Signal()
    focused = Signal(bool)
    naming = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._named: str | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptDrops(False)
        self.setTabChangesFocus(True)
        self.setAccessibleName(tr("Question"))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(lambda size: self._fit())
        self.textChanged.connect(self._look_for_name)
        self.cursorPositionChanged.connect(self._look_for_name)
        self._fit()

    @cached_property
    def mentions(self) -> MentionList:
        from gui.chat.mention_list import MentionList

        made = MentionList(self.window())
        made.picked.connect(self._write_mention)
        return made

    @property
    def offering(self) -> bool:
        """Whether documents are offered now."""
        return "mentions" in self.__dict__ and self.mentions.isVisible()

    def offer(self, typed: str, suggestions: Sequence[Suggestion]) -> None:
        """Documents for what was `typed`; nothing happens if something else stands there by now."""
        if typed == self._named and self.hasFocus():
            corner = self.mapTo(self.window(), QPoint(0, 0))
            self.mentions.show_suggestions(suggestions, QRect(corner, self.size()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self.offering:
            if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
                event.accept()  # closes the list; else the window would stop the answer
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.offering and self._key_for_list(event.key()):
            return
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.sent.emit()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab takes the document that is offered."""
        if self.offering and forward:
            self.mentions.pick_current()
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._close_list()
        self.focused.emit(False)

    def _key_for_list(self, key: int) -> bool:
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.mentions.step(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self.mentions.pick_current()
        elif key == Qt.Key.Key_Escape:
            self._close_list()
        else:
            return False
        return True

    def _look_for_name(self) -> None:
        named = mention_begun(self._before_cursor())
        if named == self._named:
            return
        self._named = named
        if named is None:
            self._close_list()
        else:
            self.naming.emit(named)

    def _before_cursor(self) -> str:
        cursor = self.textCursor()
        block = cursor.block()
        return "" if cursor.hasSelection() else block.text()[: cursor.positionInBlock()]

    def _write_mention(self, mention: str) -> None:
        cursor = self.textCursor()
        before = self._before_cursor()
        back = len(before) - len(without_mention(before))
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, back)
        cursor.insertText(mention + " ")
        self.setTextCursor(cursor)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close_list(self) -> None:
        if "mentions" in self.__dict__:
            self.mentions.hide()

    def _fit(self) -> None:
        lines = max(1, min(MOST_LINES, int(self.document().size().height())))
        height = lines * self.fontMetrics().lineSpacing() + 2 * int(self.document().documentMargin()) + 4
        if height != self.height():
            self.setFixedHeight(height)
