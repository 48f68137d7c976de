"""Shows a document's text with a passage highlighted in its surroundings; of a long text only the part around it."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from PySide6.QtCore import QMimeData, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QTextEdit

from core.i18n import tr
from gui.documents.markdown_dress import MarkdownDress
from gui.documents.markdown_lines import end_of_rows, start_of_rows, what_holds
from gui.documents.text_window import TextWindow
from gui.style.sheet import SPACE
from gui.style.theme import Theme

LINE_HEIGHT_PERCENT = 140
PAGE_GAP = 3 * SPACE
RESIZED_MS = 120
LOOKS_AT_ONCE = 600  # of a Markdown document: some 20 ms on a slow machine
FIXED_WIDTH_SUFFIXES = frozenset(
    ".c .cc .cpp .cs .csv .css .go .h .hpp .ini .java .js .json .kt .log .lua .php .pl .py .r .rb .rs .scala .sh .sql "
    ".swift .toml .ts .tsv .tsx .xml .yaml .yml".split()
)


class PassageView(QTextEdit):
    """`page_changed` tells the 0-based page at the top of the view, -1 where there are no pages."""

    page_changed = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._window = TextWindow("", 0, 0)
        self._pages: Sequence[int] = ()
        self._names: Sequence[str] = ()
        self._page_positions: list[tuple[int, int]] = []
        self._passage = (0, 0)
        self._markdown = False
        self._growing = False
        self.setReadOnly(True)
        self.setAcceptDrops(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Document text"))
        self.document().setDocumentMargin(2 * SPACE)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self._dress = MarkdownDress(self.document(), theme)
        self._dressing: Iterator[None] = iter(())
        self._dresser = QTimer(self)
        self._dresser.setInterval(0)
        self._dresser.timeout.connect(self._go_on_dressing)
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(RESIZED_MS)
        self._resized.timeout.connect(self._fit_tables)
        theme.changed.connect(self._dress_anew)

    def show_passage(
        self, text: str, pages: Sequence[int], start: int, end: int, suffix: str = "", names: Sequence[str] = ()
    ) -> None:
        """Show `text` around `start`..`end` and highlight it; nothing is highlighted if they are equal. `names` are
        what the pages are called."""
        self._growing = True
        self._window = TextWindow.around(text, start, end)
        self._pages = pages
        self._names = names
        self._markdown = suffix.casefold() in (".md", ".markdown")
        self._passage = (start, end)
        self.document().setDefaultFont(self._font(suffix))
        self._stop_dressing()
        self._dress.has_tables = False
        self.setPlainText(self._window.only(self._window.low, self._window.high))
        self._space(self._window.low, self._window.high)
        self._dress_between(self._window.low, self._window.high)
        self._mark()
        self._growing = False
        self._scroll_to_passage()
        QTimer.singleShot(0, self, self._scroll_to_passage)  # once more when the view has its final size

    @property
    def dressing(self) -> bool:
        """Whether a part of the text has not got its looks yet."""
        return self._dresser.isActive()

    def clear(self) -> None:
        self._stop_dressing()
        super().clear()

    def highlighted_text(self) -> str:
        """The words that are highlighted, as the view shows them."""
        return "\n".join(selection.cursor.selectedText() for selection in self.extraSelections())

    def createMimeDataFromSelection(self) -> QMimeData:
        """The words alone, as the document has them: neither its marks made invisible nor the window's colours."""
        mime = QMimeData()
        mime.setText(self.textCursor().selection().toPlainText())
        return mime

    def passage_is_visible(self) -> bool:
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._window.position(self._passage[0]))
        return bool(self.viewport().rect().intersects(self.cursorRect(cursor)))

    def _font(self, suffix: str) -> QFont:
        if suffix.casefold() in FIXED_WIDTH_SUFFIXES:
            font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        else:
            font = QFont(self.font())
        font.setPointSizeF(self._theme.base_pt)
        return font

    def _space(self, low: int, high: int) -> None:
        """Line height, and room above each page, for what lies between two offsets."""
        first, last = self._window.position(low), self._window.position(high)
        cursor = QTextCursor(self.document())
        cursor.setPosition(first)
        top = cursor.block().position()
        cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        lines = QTextBlockFormat()
        lines.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(lines)
        self._page_positions = self._window.page_positions(self._pages)
        gap = QTextBlockFormat()
        gap.setTopMargin(PAGE_GAP)
        for position, page in self._page_positions:
            if top <= position <= last and page:
                cursor.setPosition(position)
                cursor.mergeBlockFormat(gap)

    def _dress_between(self, low: int, high: int) -> None:
        """What Markdown means, for what lies between two offsets."""
        if self._markdown:
            first, last = self._window.position(low), self._window.position(high)
            within = what_holds(self._window.text[:low])
            self._dressing = self._dress.put_on(first, last, within, self._text_width())
            self._dress_some()

    def _dress_some(self) -> None:
        """So much of what is still to be dressed that the window answers meanwhile; the rest follows by itself."""
        edit = QTextCursor(self.document())
        edit.beginEditBlock()
        try:
            done = sum(1 for _ in islice(self._dressing, LOOKS_AT_ONCE))
        finally:
            edit.endEditBlock()
        if done == LOOKS_AT_ONCE:
            self._dresser.start()
        else:
            self._dresser.stop()

    def _go_on_dressing(self) -> None:
        with self._in_place():
            self._dress_some()

    def _stop_dressing(self) -> None:
        self._dresser.stop()
        self._dressing = iter(())

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        """Keep what is seen where it is while text or looks change."""
        self._growing = True
        anchor = self.cursorForPosition(self.viewport().rect().topLeft())
        before = self.cursorRect(anchor).top()
        try:
            yield
        finally:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.cursorRect(anchor).top() - before)
            self._growing = False

    def _text_width(self) -> float:
        return self.viewport().width() - 2 * self.document().documentMargin()

    def _dress_anew(self) -> None:
        """For other colours, or another width."""
        with self._in_place():
            self._dress_between(self._window.low, self._window.high)
        self._mark()

    def _fit_tables(self) -> None:
        if self._markdown and self._dress.has_tables:
            self._dress_anew()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._markdown and event.size().width() != event.oldSize().width():
            self._resized.start()

    def _mark(self) -> None:
        start, end = (self._window.position(offset) for offset in self._passage)
        if start == end:
            self.setExtraSelections([])
            return
        marked = QTextCharFormat()
        marked.setBackground(QColor(self._theme.colours.mark))
        marked.setForeground(QColor(self._theme.colours.on_mark))
        selections = []
        block = self.document().findBlock(start)
        while block.isValid() and block.position() < end:  # line by line, so that empty lines stay unmarked
            first, last = max(start, block.position()), min(end, block.position() + block.length() - 1)
            if first < last:
                selection = QTextEdit.ExtraSelection()
                cursor = QTextCursor(self.document())
                cursor.setPosition(first)
                cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
                selection.cursor, selection.format = cursor, marked
                selections.append(selection)
            block = block.next()
        self.setExtraSelections(selections)

    def _scroll_to_passage(self) -> None:
        """A passage begins a quarter down the view; one taller than the rest of it, near the top."""
        bar = self.verticalScrollBar()
        if self._passage[0] == self._passage[1] and self._window.at_top:
            bar.setValue(0)
            return
        top, bottom = (self._y_of(self._window.position(offset)) for offset in self._passage)
        height = self.viewport().height()
        above = height // 4 if bottom - top < height * 0.6 else 3 * SPACE
        bar.setValue(bar.value() + int(top) - above)

    def _y_of(self, position: int) -> float:
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        return float(self.cursorRect(cursor).top())

    def _scrolled(self) -> None:
        if self._growing:
            return
        bar = self.verticalScrollBar()
        room = self.viewport().height()
        if bar.value() < room and not self._window.at_top:
            self._grow(self._window.up())
        elif bar.value() > bar.maximum() - room and not self._window.at_bottom:
            self._grow(self._window.down())
        self._tell_page()

    def _grow(self, window: TextWindow) -> None:
        """Add text above or below, let go of text at the other end, and keep what is seen where it is."""
        old, self._window = self._window, window
        unfinished = self.dressing
        self._stop_dressing()
        with self._in_place():
            edit = QTextCursor(self.document())
            if window.high > old.high:
                low, high = old.high, window.high
                self._remove(0, old.position(window.low))  # not in one edit with the other end: all would be laid out
                edit.movePosition(QTextCursor.MoveOperation.End)
            else:
                low, high = window.low, old.low
                self._remove(old.position(window.high), self.document().characterCount() - 1)
                edit.setPosition(0)
            edit.beginEditBlock()
            edit.insertText(window.only(low, high), QTextCharFormat())
            self._space(low, high)
            edit.endEditBlock()
            if unfinished:
                low, high = window.low, window.high
            self._dress_between(
                max(window.low, start_of_rows(window.text, low)), min(window.high, end_of_rows(window.text, high))
            )
            self._mark()

    def _remove(self, first: int, last: int) -> None:
        if last > first:
            cursor = QTextCursor(self.document())
            cursor.setPosition(first)
            cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()

    def _tell_page(self) -> None:
        if not self._page_positions:
            self.page_changed.emit(-1)
            return
        probe = self.viewport().rect().topLeft()
        probe.setY(self.viewport().height() // 3)
        position = self.cursorForPosition(probe).position()
        at = bisect.bisect_right(self._page_positions, (position, 1 << 40)) - 1
        self.page_changed.emit(self._page_positions[max(0, at)][1])

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        self._paint_page_rules(painter)
        self._paint_passage_bar(painter)
        painter.end()

    def _paint_page_rules(self, painter: QPainter) -> None:
        colours = self._theme.colours
        font = QFont(self.font())
        font.setPointSizeF(self._theme.small_pt)
        painter.setFont(font)
        height = painter.fontMetrics().height()
        for position, page in self._page_positions:
            if not page or not position:
                continue
            box = self._block_box(self.document().findBlock(position))
            if box.bottom() < 0:
                continue
            if box.top() > self.viewport().height():
                break
            line = int(box.top()) + PAGE_GAP // 2
            words = self._names[page]
            room = painter.fontMetrics().horizontalAdvance(words)
            right = self.viewport().width() - 2 * SPACE
            painter.setPen(QPen(QColor(colours.border)))
            painter.drawLine(2 * SPACE, line, right - room - SPACE, line)
            painter.setPen(QColor(colours.muted))
            painter.drawText(QRectF(right - room, line - height / 2, room, height), words)

    def _paint_passage_bar(self, painter: QPainter) -> None:
        start, end = (self._window.position(offset) for offset in self._passage)
        if start == end:
            return
        first = self._block_box(self.document().findBlock(start))
        last = self._block_box(self.document().findBlock(end))
        painter.fillRect(
            QRectF(SPACE * 0.75, first.top(), 3, last.bottom() - first.top()), QColor(self._theme.colours.accent)
        )

    def _block_box(self, block: QTextBlock) -> QRectF:
        box = self.document().documentLayout().blockBoundingRect(block)
        return box.translated(0, -self.verticalScrollBar().value())
