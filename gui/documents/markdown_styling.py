"""Styles the lines of a Markdown document in a text view, without changing a character of it."""

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

from core.text.markdown_lines import LineContext, LineKind, MarkdownLine, SpanStyle, cell_spans, parse_lines
from gui.documents.text_window import qt_length
from gui.style.sheet import SPACE
from gui.style.theme import Theme

HEADING_SCALES = (1.5, 1.3, 1.15, 1.05, 1.0, 1.0)
"""Font size of each heading level, relative to the text."""
CELL_GAP = 2.5 * SPACE
MARKUP_PT = 0.75
"""Font size of markup, which is also transparent: the characters stay in the document and are not seen."""
QUOTE_INDENT = 2 * SPACE
ITEM_INDENT = 2 * SPACE


class MarkdownStyler:
    """Styles the document of one view by merging formats into it. Links and images are shown as text: nothing is
    loaded. `has_tables` says whether the styles depend on the view's width."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        self._document = document
        self._theme = theme
        self.has_tables = False

    def style_blocks(self, first: int, last: int, context: LineContext, width: float) -> Iterator[None]:
        """Style from the block at position `first` to the one at `last`, in steps of about one span; until the last
        step, nothing else may change the document's text. `context` is that of the first block's line. The columns of
        a table wider than `width` pixels are not aligned: it wraps."""
        formats = {style: self._span_format(style) for style in SpanStyle}
        table: list[QTextBlock] = []
        lines = parse_lines((block.text() for block in self._blocks(first, last)), context)
        for block, line in zip(self._blocks(first, last), lines, strict=True):
            yield from self._style_block(block, line, formats)
            if not line.in_table:
                yield from self._align(table, width)
                table = []
            elif line.kind is LineKind.TABLE_ROW:
                table.append(block)
        yield from self._align(table, width)

    def _blocks(self, first: int, last: int) -> Iterator[QTextBlock]:
        block = self._document.findBlock(first)
        while block.isValid() and block.position() <= last:
            yield block
            block = block.next()

    def _style_block(
        self, block: QTextBlock, line: MarkdownLine, formats: Mapping[SpanStyle, QTextCharFormat]
    ) -> Iterator[None]:
        yield
        block_format = self._block_format(line)
        if block_format is not None:
            QTextCursor(block).mergeBlockFormat(block_format)
        text = block.text()
        line_format = self._line_format(line)
        if line_format is not None:
            _merge(block, text, 0, len(text), line_format)
        for span in sorted(line.spans, key=lambda span: span.style is SpanStyle.MARKUP):  # markup last, to stay hidden
            yield
            _merge(block, text, span.start, span.end, formats[span.style])

    def _block_format(self, line: MarkdownLine) -> QTextBlockFormat | None:
        result = QTextBlockFormat()
        if line.kind is LineKind.HEADING:
            result.setTopMargin(SPACE)
        elif line.kind is LineKind.LIST_ITEM:
            result.setLeftMargin(ITEM_INDENT * (1 + line.level))
            result.setTextIndent(-ITEM_INDENT)
        elif line.kind is LineKind.QUOTE:
            result.setLeftMargin(QUOTE_INDENT)
        elif line.kind is LineKind.CODE:
            result.setBackground(QColor(self._theme.colours.raised))
            result.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
            result.setLeftMargin(SPACE)
        elif line.kind in (LineKind.FENCE, LineKind.TABLE_DELIMITER):
            result.setLineHeight(4, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        elif line.kind is LineKind.THEMATIC_BREAK:
            ruler = QTextLength(QTextLength.Type.PercentageLength, 100)
            result.setProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth, ruler)
            result.setLineHeight(SPACE, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        else:
            return None
        return result

    def _line_format(self, line: MarkdownLine) -> QTextCharFormat | None:
        result = QTextCharFormat()
        if line.kind is LineKind.HEADING:
            result.setFontWeight(QFont.Weight.DemiBold)
            result.setFontPointSize(self._theme.base_pt * HEADING_SCALES[line.level - 1])
        elif line.kind is LineKind.CODE:
            result.setFontFamilies(_fixed_families())
        elif line.kind is LineKind.QUOTE:
            result.setForeground(QColor(self._theme.colours.muted))
        elif line.kind is LineKind.TABLE_ROW and line.header:
            result.setFontWeight(QFont.Weight.DemiBold)
        else:
            return None
        return result

    def _span_format(self, style: SpanStyle) -> QTextCharFormat:
        result = QTextCharFormat()
        if style is SpanStyle.MARKUP:
            result.setFontPointSize(MARKUP_PT)
            result.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
            result.setFontLetterSpacing(-self._markup_width())
            result.setForeground(Qt.GlobalColor.transparent)
        elif style is SpanStyle.STRONG:
            result.setFontWeight(QFont.Weight.DemiBold)
        elif style is SpanStyle.EMPHASIS:
            result.setFontItalic(True)
        elif style is SpanStyle.STRIKETHROUGH:
            result.setFontStrikeOut(True)
        elif style is SpanStyle.CODE:
            result.setFontFamilies(_fixed_families())
            result.setBackground(QColor(self._theme.colours.raised))
        else:
            result.setForeground(QColor(self._theme.colours.link))
        return result

    def _markup_width(self) -> float:
        """Width of a markup character, which is taken back after each: a long address would leave a gap."""
        font = QFont(self._document.defaultFont())
        font.setPointSizeF(MARKUP_PT)
        return 0.7 * QFontMetricsF(font).averageCharWidth()

    def _align(self, rows: Sequence[QTextBlock], width: float) -> Iterator[None]:
        """Add so much space at the end of each cell that the columns of the table are aligned."""
        self.has_tables = self.has_tables or bool(rows)
        widths: list[list[float]] = []
        for block in rows:
            widths.append((yield from self._cell_widths(block)))
        columns = max(map(len, widths), default=0)
        column_widths = [max(row[n] for row in widths if n < len(row)) for n in range(columns)]
        fits = sum(column_widths) + CELL_GAP * columns <= width
        for block, row in zip(rows, widths, strict=True):
            text = block.text()
            for n, ((_, end), cell_width) in enumerate(zip(cell_spans(text)[:-1], row, strict=False)):
                yield
                spacing = QTextCharFormat()
                spacing.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
                spacing.setFontLetterSpacing(column_widths[n] - cell_width + CELL_GAP if fits else SPACE)
                _merge(block, text, end, end + 1, spacing)

    def _cell_widths(self, block: QTextBlock) -> Generator[None, None, list[float]]:
        """Return the width in pixels of each cell of a row, as it is styled; in steps of a cell."""
        text = block.text()
        runs = block.textFormats()
        run_ends = [run.start + run.length for run in runs]
        widths = []
        for start, end in cell_spans(text):
            yield
            first, last = qt_length(text[:start]), qt_length(text[:end])
            width = 0.0
            for run in runs[bisect_right(run_ends, first) :]:
                if run.start >= last:
                    break
                low, high = max(first, run.start), min(last, run.start + run.length)
                width += QFontMetricsF(self._font(run.format)).horizontalAdvance(_qt_slice(text, low, high))
            widths.append(width)
        return widths

    def _font(self, char_format: QTextCharFormat) -> QFont:
        return char_format.font().resolve(self._document.defaultFont())


def _merge(block: QTextBlock, text: str, start: int, end: int, char_format: QTextCharFormat) -> None:
    cursor = QTextCursor(block)
    cursor.setPosition(block.position() + qt_length(text[:start]))
    cursor.setPosition(block.position() + qt_length(text[:end]), QTextCursor.MoveMode.KeepAnchor)
    cursor.mergeCharFormat(char_format)


def _qt_slice(text: str, first: int, last: int) -> str:
    """The text between two of Qt's positions."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[2 * first : 2 * last].decode("utf-16-le", "replace")


def _fixed_families() -> list[str]:
    return [QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()]
