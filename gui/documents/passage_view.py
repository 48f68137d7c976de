"""Shows a document's text with a passage highlighted; of a long text, only the part around the passage."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from PySide6.QtCore import QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QTextEdit

from core.i18n import tr
from core.text.markdown_lines import context_after, table_rows_end, table_rows_start
from gui.documents.markdown_styling import MarkdownStyler
from gui.documents.passage_painting import PAGE_GAP, PassagePainter
from gui.documents.text_window import TextWindow
from gui.style.sheet import SPACE
from gui.style.theme import Theme

LINE_HEIGHT_PERCENT = 140
RESIZE_PAUSE_MS = 120
STYLES_AT_ONCE = 600  # steps of Markdown styling in a row: some 20 ms on a slow machine
FIXED_WIDTH_SUFFIXES = frozenset(
    ".c .cc .cpp .cs .csv .css .go .h .hpp .ini .java .js .json .kt .log .lua .php .pl .py .r .rb .rs .scala .sh .sql "
    ".swift .toml .ts .tsv .tsx .xml .yaml .yml".split()
)


class PassageView(QTextEdit):
    """Grows at its ends while it is scrolled, as a `TextWindow` does. Emits the page that is in view."""

    page_changed = Signal(int)  # 0-based; -1 if the document has no pages

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._window = TextWindow("", 0, 0)
        self._pages: Sequence[int] = ()
        self._page_names: Sequence[str] = ()
        self._page_positions: list[tuple[int, int]] = []
        self._passage = (0, 0)
        self._markdown = False
        self._changing = False  # scrolling is then not the person's own
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
        self._painter = PassagePainter(self, theme)
        self._styler = MarkdownStyler(self.document(), theme)
        self._styling: Iterator[None] = iter(())
        self._styling_timer = QTimer(self)
        self._styling_timer.setInterval(0)
        self._styling_timer.timeout.connect(self._continue_styling)
        self._resize_timer = QTimer(self)
        self._resize_timer.setSingleShot(True)
        self._resize_timer.setInterval(RESIZE_PAUSE_MS)
        self._resize_timer.timeout.connect(self._fit_tables)
        theme.changed.connect(self._restyle)

    def show_passage(
        self, text: str, pages: Sequence[int], start: int, end: int, suffix: str = "", page_names: Sequence[str] = ()
    ) -> None:
        """Show `text` around `start`:`end` and highlight that; nothing is highlighted if they are equal. `pages` are
        the offsets at which pages begin, `page_names` what they are called; `suffix` is that of the document's file."""
        self._changing = True
        self._window = TextWindow.around(text, start, end)
        self._pages = pages
        self._page_names = page_names
        self._markdown = suffix.casefold() in (".md", ".markdown")
        self._passage = (start, end)
        self.document().setDefaultFont(self._font(suffix))
        self._stop_styling()
        self._styler.has_tables = False
        self.setPlainText(self._window.slice(self._window.low, self._window.high))
        self._set_spacing(self._window.low, self._window.high)
        self._style_between(self._window.low, self._window.high)
        self._highlight()
        self._changing = False
        self._scroll_to_passage()
        QTimer.singleShot(0, self, self._scroll_to_passage)  # once more when the view has its final size

    @property
    def styling(self) -> bool:
        """Whether a part of the text has not been styled yet."""
        return self._styling_timer.isActive()

    def clear(self) -> None:
        self._stop_styling()
        super().clear()

    def highlighted_text(self) -> str:
        """The text that is highlighted, as the view shows it."""
        return "\n".join(selection.cursor.selectedText() for selection in self.extraSelections())

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copy the plain text of the document, markup included, without the view's styles and colours."""
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

    def _set_spacing(self, low: int, high: int) -> None:
        """Set the line height, and the space above each page, between two offsets."""
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

    def _style_between(self, low: int, high: int) -> None:
        """Begin to style a Markdown document between two offsets."""
        if self._markdown:
            first, last = self._window.position(low), self._window.position(high)
            context = context_after(self._window.text[:low])
            self._styling = self._styler.style_blocks(first, last, context, self._text_width())
            self._style_some()

    def _style_some(self) -> None:
        """Style a part, short enough for the window to stay responsive; the rest follows on a timer."""
        edit = QTextCursor(self.document())
        edit.beginEditBlock()
        try:
            done = sum(1 for _ in islice(self._styling, STYLES_AT_ONCE))
        finally:
            edit.endEditBlock()
        if done == STYLES_AT_ONCE:
            self._styling_timer.start()
        else:
            self._styling_timer.stop()

    def _continue_styling(self) -> None:
        with self._keeping_view():
            self._style_some()

    def _stop_styling(self) -> None:
        self._styling_timer.stop()
        self._styling = iter(())

    @contextmanager
    def _keeping_view(self) -> Iterator[None]:
        """Keep what is in view where it is while text or styles change."""
        self._changing = True
        anchor = self.cursorForPosition(self.viewport().rect().topLeft())
        before = self.cursorRect(anchor).top()
        try:
            yield
        finally:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.cursorRect(anchor).top() - before)
            self._changing = False

    def _text_width(self) -> float:
        return self.viewport().width() - 2 * self.document().documentMargin()

    def _restyle(self) -> None:
        """Style everything again, for other colours or another width."""
        with self._keeping_view():
            self._style_between(self._window.low, self._window.high)
        self._highlight()

    def _fit_tables(self) -> None:
        if self._markdown and self._styler.has_tables:
            self._restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._markdown and event.size().width() != event.oldSize().width():
            self._resize_timer.start()

    def _highlight(self) -> None:
        start, end = (self._window.position(offset) for offset in self._passage)
        if start == end:
            self.setExtraSelections([])
            return
        highlight = QTextCharFormat()
        highlight.setBackground(QColor(self._theme.colours.mark))
        highlight.setForeground(QColor(self._theme.colours.on_mark))
        selections = []
        block = self.document().findBlock(start)
        while block.isValid() and block.position() < end:  # line by line, so that empty lines are not highlighted
            first, last = max(start, block.position()), min(end, block.position() + block.length() - 1)
            if first < last:
                selection = QTextEdit.ExtraSelection()
                cursor = QTextCursor(self.document())
                cursor.setPosition(first)
                cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
                selection.cursor, selection.format = cursor, highlight
                selections.append(selection)
            block = block.next()
        self.setExtraSelections(selections)

    def _scroll_to_passage(self) -> None:
        """Scroll so that the passage begins a quarter down the view, or near the top if it would not fit below."""
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
        if self._changing:
            return
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        if bar.value() < height and not self._window.at_top:
            self._grow(self._window.extended_up())
        elif bar.value() > bar.maximum() - height and not self._window.at_bottom:
            self._grow(self._window.extended_down())
        self._emit_page()

    def _grow(self, window: TextWindow) -> None:
        """Add text at one end, remove text at the other, and keep what is in view where it is."""
        old, self._window = self._window, window
        unfinished = self.styling
        self._stop_styling()
        with self._keeping_view():
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
            edit.insertText(window.slice(low, high), QTextCharFormat())
            self._set_spacing(low, high)
            edit.endEditBlock()
            if unfinished:
                low, high = window.low, window.high
            self._style_between(
                max(window.low, table_rows_start(window.text, low)), min(window.high, table_rows_end(window.text, high))
            )
            self._highlight()

    def _remove(self, first: int, last: int) -> None:
        if last > first:
            cursor = QTextCursor(self.document())
            cursor.setPosition(first)
            cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()

    def _emit_page(self) -> None:
        if not self._page_positions:
            self.page_changed.emit(-1)
            return
        probe = self.viewport().rect().topLeft()
        probe.setY(self.viewport().height() // 3)
        position = self.cursorForPosition(probe).position()
        index = bisect.bisect_right(self._page_positions, (position, 1 << 40)) - 1
        self.page_changed.emit(self._page_positions[max(0, index)][1])

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        pages = ((position, self._page_names[page]) for position, page in self._page_positions if page and position)
        self._painter.paint_page_rules(painter, pages)
        start, end = (self._window.position(offset) for offset in self._passage)
        if start != end:
            self._painter.paint_passage_bar(painter, start, end)
        painter.end()
