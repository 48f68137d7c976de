"""Dresses the lines of a Markdown document as they are meant to look, without changing a character of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator, Mapping, Sequence

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

from gui.documents.markdown_lines import LineKind, Look, MarkdownLine, Within, cells, read_lines
from gui.documents.text_window import positions
from gui.style.sheet import SPACE
from gui.style.theme import Theme

HEADING_SIZES = (1.5, 1.3, 1.15, 1.05, 1.0, 1.0)
CELL_GAP = 2.5 * SPACE
MARK_PT = 0.75  # as good as nothing: the character is there, and not seen
QUOTE_INDENT = 2 * SPACE
ITEM_INDENT = 2 * SPACE


class MarkdownDress:
    """Of one document view. Looks are merged into what is there; links and images are words: nothing is loaded.
    `has_tables` tells whether what was dressed depends on the width."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        self._document = document
        self._theme = theme
        self.has_tables = False

    def put_on(self, first: int, last: int, within: Within, width: float) -> Iterator[None]:
        """From the block at position `first` to the one at `last`, one look at a step; until the last step nothing else
        may change the document's text. `within` is what the first block stands in. A table wider than `width` is left
        to wrap."""
        forms = {look: self._format(look) for look in Look}
        table: list[QTextBlock] = []
        lines = read_lines((block.text() for block in self._blocks(first, last)), within)
        for block, line in zip(self._blocks(first, last), lines, strict=True):
            yield from self._dress(block, line, forms)
            if not line.in_table:
                yield from self._align(table, width)
                table = []
            elif line.kind is LineKind.ROW:
                table.append(block)
        yield from self._align(table, width)

    def _blocks(self, first: int, last: int) -> Iterator[QTextBlock]:
        block = self._document.findBlock(first)
        while block.isValid() and block.position() <= last:
            yield block
            block = block.next()

    def _dress(self, block: QTextBlock, line: MarkdownLine, forms: Mapping[Look, QTextCharFormat]) -> Iterator[None]:
        yield
        shape = self._block_format(line)
        if shape is not None:
            QTextCursor(block).mergeBlockFormat(shape)
        text = block.text()
        whole = self._line_format(line)
        if whole is not None:
            _merge(block, text, 0, len(text), whole)
        for span in sorted(line.spans, key=lambda span: span.look is Look.MARK):
            yield
            _merge(block, text, span.start, span.end, forms[span.look])

    def _block_format(self, line: MarkdownLine) -> QTextBlockFormat | None:
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

    def _line_format(self, line: MarkdownLine) -> QTextCharFormat | None:
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

    def _align(self, rows: Sequence[QTextBlock], width: float) -> Iterator[None]:
        """Give the end of each cell so much room that the columns of a table stand below each other."""
        self.has_tables = self.has_tables or bool(rows)
        widths: list[list[float]] = []
        for block in rows:
            widths.append((yield from self._widths(block)))
        columns = max(map(len, widths), default=0)
        most = [max(row[n] for row in widths if n < len(row)) for n in range(columns)]
        fits = sum(most) + CELL_GAP * columns <= width
        for block, row in zip(rows, widths, strict=True):
            text = block.text()
            for n, ((_, end), wide) in enumerate(zip(cells(text)[:-1], row, strict=False)):
                yield
                room = QTextCharFormat()
                room.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
                room.setFontLetterSpacing(most[n] - wide + CELL_GAP if fits else SPACE)
                _merge(block, text, end, end + 1, room)

    def _widths(self, block: QTextBlock) -> Generator[None, None, list[float]]:
        """How wide the cells of a row are in their looks."""
        text = block.text()
        looks = block.textFormats()
        ends = [look.start + look.length for look in looks]
        widths = []
        for start, end in cells(text):
            yield
            first, last = positions(text[:start]), positions(text[:end])
            wide = 0.0
            for look in looks[bisect_right(ends, first) :]:
                if look.start >= last:
                    break
                low, high = max(first, look.start), min(last, look.start + look.length)
                wide += QFontMetricsF(self._font(look.format)).horizontalAdvance(_slice(text, low, high))
            widths.append(wide)
        return widths

    def _font(self, look: QTextCharFormat) -> QFont:
        return look.font().resolve(self._document.defaultFont())


def _merge(block: QTextBlock, text: str, start: int, end: int, look: QTextCharFormat) -> None:
    cursor = QTextCursor(block)
    cursor.setPosition(block.position() + positions(text[:start]))
    cursor.setPosition(block.position() + positions(text[:end]), QTextCursor.MoveMode.KeepAnchor)
    cursor.mergeCharFormat(look)


def _slice(text: str, first: int, last: int) -> str:
    """Of Qt's positions."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[2 * first : 2 * last].decode("utf-16-le", "replace")


def _fixed_families() -> list[str]:
    return [QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()]
