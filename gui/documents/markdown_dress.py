"""Dresses the lines of a Markdown document as they are meant to look, without changing a character of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextLength,
)

from gui.documents.markdown_lines import Line, LineKind, Look, cells, read_lines
from gui.documents.text_window import positions
from gui.style.sheet import SPACE
from gui.style.theme import Theme

HEADING_SIZES = (1.5, 1.3, 1.15, 1.05, 1.0, 1.0)
CELL_GAP = 2.5 * SPACE
MARK_PT = 0.75  # as good as nothing: the character is there, and not seen
QUOTE_INDENT = 2 * SPACE
ITEM_INDENT = 2 * SPACE


class MarkdownDress:
    """Of one document view. Looks are merged into what is there; links and images are words: nothing is loaded."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        self._document = document
        self._theme = theme

    def put_on(self, first: int, last: int, *, fenced: bool, width: float) -> None:
        """From the block at position `first` to the one at `last`; `fenced` if the first stands within a fence. A table
        wider than `width` is left to wrap."""
        blocks: list[QTextBlock] = []
        block = self._document.findBlock(first)
        while block.isValid() and block.position() <= last:
            blocks.append(block)
            block = block.next()
        lines = read_lines([block.text() for block in blocks], fenced=fenced)
        table: list[tuple[QTextBlock, Line]] = []
        for block, line in zip(blocks, lines, strict=True):
            self._dress(block, line)
            if line.kind in (LineKind.ROW, LineKind.RULE):
                table.append((block, line))
            else:
                self._align(table, width)
                table = []
        self._align(table, width)

    def _dress(self, block: QTextBlock, line: Line) -> None:
        cursor = QTextCursor(block)
        shape = self._block_format(line)
        if shape is not None:
            cursor.mergeBlockFormat(shape)
        text = block.text()
        whole = self._line_format(line)
        if whole is not None:
            self._merge(block, text, 0, len(text), whole)
        for span in sorted(line.spans, key=lambda span: span.look is Look.MARK):
            self._merge(block, text, span.start, span.end, self._format(span.look))

    def _merge(self, block: QTextBlock, text: str, start: int, end: int, look: QTextCharFormat) -> None:
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + positions(text[:start]))
        cursor.setPosition(block.position() + positions(text[:end]), QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(look)

    def _block_format(self, line: Line) -> QTextBlockFormat | None:
        shape = QTextBlockFormat()
        if line.kind is LineKind.HEADING:
            shape.setTopMargin(SPACE)
        elif line.kind is LineKind.ITEM:
            shape.setLeftMargin(ITEM_INDENT * (1 + line.level))
            shape.setTextIndent(-ITEM_INDENT)
        elif line.kind is LineKind.QUOTE:
            shape.setLeftMargin(QUOTE_INDENT)
        elif line.kind is LineKind.CODE:
            shape.setBackground(QColor(self._theme.colours.raised))
            shape.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
            shape.setLeftMargin(SPACE)
        elif line.kind in (LineKind.FENCE, LineKind.RULE):
            shape.setLineHeight(4, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        elif line.kind is LineKind.BREAK:
            ruler = QTextLength(QTextLength.Type.PercentageLength, 100)
            shape.setProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth, ruler)
            shape.setLineHeight(SPACE, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        else:
            return None
        return shape

    def _line_format(self, line: Line) -> QTextCharFormat | None:
        look = QTextCharFormat()
        if line.kind is LineKind.HEADING:
            look.setFontWeight(QFont.Weight.DemiBold)
            look.setFontPointSize(self._theme.base_pt * HEADING_SIZES[line.level - 1])
        elif line.kind is LineKind.CODE:
            look.setFontFamilies(_fixed_families())
        elif line.kind is LineKind.QUOTE:
            look.setForeground(QColor(self._theme.colours.muted))
        elif line.kind is LineKind.ROW and line.head:
            look.setFontWeight(QFont.Weight.DemiBold)
        else:
            return None
        return look

    def _format(self, look: Look) -> QTextCharFormat:
        form = QTextCharFormat()
        if look is Look.MARK:
            form.setFontPointSize(MARK_PT)
            form.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
            form.setFontLetterSpacing(-self._mark_width())
            form.setForeground(Qt.GlobalColor.transparent)
        elif look is Look.STRONG:
            form.setFontWeight(QFont.Weight.DemiBold)
        elif look is Look.EMPHASIS:
            form.setFontItalic(True)
        elif look is Look.STRUCK:
            form.setFontStrikeOut(True)
        elif look is Look.CODE:
            form.setFontFamilies(_fixed_families())
            form.setBackground(QColor(self._theme.colours.raised))
        else:
            form.setForeground(QColor(self._theme.colours.link))
        return form

    def _mark_width(self) -> float:
        """Of a character in the size of marks, taken back after each: a long address would leave a gap."""
        font = QFont(self._document.defaultFont())
        font.setPointSizeF(MARK_PT)
        return 0.7 * QFontMetricsF(font).averageCharWidth()

    def _align(self, table: Sequence[tuple[QTextBlock, Line]], width: float) -> None:
        """Give the end of each cell so much room that the columns of the table stand below each other."""
        rows = [(block, cells(block.text())) for block, line in table if line.kind is LineKind.ROW]
        if not rows:
            return
        columns = max(len(spans) for _, spans in rows)
        widths = [[self._width(block, start, end) for start, end in spans] for block, spans in rows]
        most = [max((row[n] for row in widths if n < len(row)), default=0.0) for n in range(columns)]
        fits = sum(most) + CELL_GAP * columns <= width
        for (block, spans), row in zip(rows, widths, strict=True):
            for n, ((_, end), wide) in enumerate(zip(spans, row, strict=True)):
                bar = block.text()[end : end + 1]
                if bar and n + 1 < len(spans):
                    room = QTextCharFormat()
                    room.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
                    room.setFontLetterSpacing(most[n] - wide + CELL_GAP if fits else SPACE)
                    self._merge(block, block.text(), end, end + 1, room)

    def _width(self, block: QTextBlock, start: int, end: int) -> float:
        """How wide the characters of a block are in their looks."""
        text = block.text()
        first, last = positions(text[:start]), positions(text[:end])
        wide = 0.0
        for look in block.textFormats():
            low, high = max(first, look.start), min(last, look.start + look.length)
            if low < high:
                wide += QFontMetricsF(self._font(look.format)).horizontalAdvance(_slice(text, low, high))
        return wide

    def _font(self, look: QTextCharFormat) -> QFont:
        return look.font().resolve(self._document.defaultFont())


def _slice(text: str, first: int, last: int) -> str:
    """Of Qt's positions."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[2 * first : 2 * last].decode("utf-16-le", "replace")


def _fixed_families() -> list[str]:
    return [QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()]
