"""The field for a question: it grows with its text, submits on Return, and suggests documents after an "@"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from core.chat.mention_completion import typed_mention, without_typed_mention
from core.i18n import tr
from gui.lazy import Lazy

if TYPE_CHECKING:
    from core.store.documents.scopes import Suggestion
    from gui.chat.mention_list import MentionList

MAX_LINES = 8


class QuestionField(QPlainTextEdit):
    """Return submits, Shift+Return inserts a line break. `mention_typed` carries what has been typed of a document's
    name; whoever answers calls `show_suggestions`."""

    submitted = Signal()
    focus_changed = Signal(bool)
    mention_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._typed_mention: str | None = None
        self._mention_list = Lazy(self._create_mention_list)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptDrops(False)
        self.setTabChangesFocus(True)
        self.setAccessibleName(tr("Question"))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(lambda size: self._fit_height())
        self.textChanged.connect(self._check_for_mention)
        self.cursorPositionChanged.connect(self._check_for_mention)
        self._fit_height()

    @property
    def mention_list(self) -> MentionList:
        return self._mention_list.get()

    def _create_mention_list(self) -> MentionList:
        from gui.chat.mention_list import MentionList

        mention_list = MentionList(self.window())
        mention_list.picked.connect(self._insert_mention)
        return mention_list

    @property
    def suggesting(self) -> bool:
        """Whether the list of suggestions is visible."""
        return self._mention_list.existing is not None and self._mention_list.existing.isVisible()

    def show_suggestions(self, typed: str, suggestions: Sequence[Suggestion]) -> None:
        """Suggest documents for what was `typed`, unless the text has changed since."""
        if typed == self._typed_mention and self.hasFocus():
            corner = self.mapTo(self.window(), QPoint(0, 0))
            self.mention_list.show_suggestions(suggestions, QRect(corner, self.size()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self.suggesting:
            if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
                event.accept()  # Escape hides the list here; the window's shortcut would stop the answer
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.suggesting and self._handle_list_key(event.key()):
            return
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_return and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab picks the current suggestion."""
        if self.suggesting and forward:
            self.mention_list.pick_current()
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hide_list()
        self.focus_changed.emit(False)

    def _handle_list_key(self, key: int) -> bool:
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.mention_list.move_selection(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self.mention_list.pick_current()
        elif key == Qt.Key.Key_Escape:
            self._hide_list()
        else:
            return False
        return True

    def _check_for_mention(self) -> None:
        typed = typed_mention(self._before_cursor())
        if typed == self._typed_mention:
            return
        self._typed_mention = typed
        if typed is None:
            self._hide_list()
        else:
            self.mention_typed.emit(typed)

    def _before_cursor(self) -> str:
        """The line up to the cursor; empty while text is selected."""
        cursor = self.textCursor()
        block = cursor.block()
        return "" if cursor.hasSelection() else block.text()[: cursor.positionInBlock()]

    def _insert_mention(self, mention: str) -> None:
        cursor = self.textCursor()
        before = self._before_cursor()
        typed_chars = len(before) - len(without_typed_mention(before))
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, typed_chars)
        cursor.insertText(mention + " ")
        self.setTextCursor(cursor)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _hide_list(self) -> None:
        if self._mention_list.existing is not None:
            self._mention_list.existing.hide()

    def _fit_height(self) -> None:
        lines = max(1, min(MAX_LINES, int(self.document().size().height())))
        height = lines * self.fontMetrics().lineSpacing() + 2 * int(self.document().documentMargin()) + 4
        if height != self.height():
            self.setFixedHeight(height)
