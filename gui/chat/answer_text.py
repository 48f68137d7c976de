"""An answer's Markdown on screen while it is written: finished blocks are rendered once, only the last one anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import cast

from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableCellFormat,
)

from core.domain.conversation import CheckedSentence
from core.domain.documents import Support
from core.i18n import tr
from gui.chat.markdown_source import cited, frozen_length, with_links
from gui.chat.message_text import MessageText
from gui.style.sheet import SPACE
from gui.style.theme import Theme

_FEATURES = QTextDocument.MarkdownFeature.MarkdownNoHTML | QTextDocument.MarkdownFeature.MarkdownDialectGitHub
_FENCED = re.compile(r"\s*(```|~~~)")
_FIRST_BLOCK_SHAPED = re.compile(r"\s*(#{1,6} |```|~~~|>)")
HEADING_SIZES = {1: 1.3, 2: 1.2, 3: 1.1}
LINE_HEIGHT_PERCENT = 130
INDENT_PX = 22


class AnswerText(MessageText):
    """Call `append` as text comes, `finish` once it is whole."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Answer"))
        self._theme = theme
        self.document().setIndentWidth(INDENT_PX)
        self._written = ""
        self._known: frozenset[int] | None = None
        self._checked: tuple[CheckedSentence, ...] = ()
        self._frozen_source = 0
        self._frozen_position = 0
        theme.changed.connect(self.render_again)

    @property
    def written(self) -> str:
        """The Markdown shown."""
        return self._written

    def append(self, text: str) -> None:
        """More of an answer that is being written."""
        self._written += text
        tail = self._written[self._frozen_source :]
        finished = frozen_length(tail)
        self._cut_to_frozen()
        if finished:
            self._insert(tail[:finished])
            self._frozen_source += finished
            self._frozen_position = self.document().characterCount() - 1
        self._insert(tail[finished:])

    def finish(self, text: str, known: frozenset[int] | None, checked: Sequence[CheckedSentence] = ()) -> None:
        """The whole answer; only the numbers in `known` are clickable; those of doubtful sentences carry a sign."""
        self._written, self._known, self._checked = text, known, tuple(checked)
        self.render_again()

    def render_again(self) -> None:
        self.clear()
        self._frozen_source = self._frozen_position = 0
        self._insert(self._written)

    def _cut_to_frozen(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._frozen_position)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def _insert(self, markdown: str) -> None:
        if not markdown.strip():
            return
        markdown = with_links(markdown, self._known, self._checked)
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        before = cursor.position()
        if before > 0:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        start = cursor.position()
        cursor.insertMarkdown(markdown, _FEATURES)
        if before > 0 and self._is_gap(start, markdown):
            # A list, a table or a rule brings a block of its own: ours before it is one too many.
            self._close_gap(start, before, markdown)
        elif before > 0 and _FIRST_BLOCK_SHAPED.match(markdown):
            self._shape_first_block(start, markdown)
        self._dress(start)
        cursor.endEditBlock()
        self._dress_tables(start)

    def _close_gap(self, start: int, before: int, markdown: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        if self.document().findBlock(start).next().textList() is not None:
            cursor.deleteChar()  # an empty block gives way to the one after it
            return
        cursor.setPosition(before)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        cursor.insertMarkdown(markdown, _FEATURES)

    def _is_gap(self, position: int, markdown: str) -> bool:
        """Whether the block at `position` is empty although nothing empty was written there."""
        block = self.document().findBlock(position)
        return not block.text() and block.next().isValid() and not _FENCED.match(markdown)

    def _shape_first_block(self, start: int, markdown: str) -> None:
        """Qt gives what is inserted into an empty block the format of that block: put back what Markdown says."""
        alone = QTextDocument()
        alone.setMarkdown(markdown, _FEATURES)
        QTextCursor(self.document().findBlock(start)).setBlockFormat(alone.firstBlock().blockFormat())

    def _dress(self, start: int) -> None:
        """Give what was rendered from `start` on our spacing, sizes and colours."""
        block = self.document().findBlock(start)
        while block.isValid():
            self._dress_block(block, first=block.position() == 0)
            block = block.next()

    def _dress_tables(self, start: int) -> None:
        """Once the edit is over: only then the document knows its tables."""
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable) and frame.lastPosition() >= start:
                self._dress_table(frame)

    def _dress_block(self, block: QTextBlock, first: bool) -> None:
        cursor = QTextCursor(block)
        shape = block.blockFormat()
        level = shape.headingLevel()
        code = _is_code(block)
        in_list, in_table = block.textList() is not None, cursor.currentTable() is not None
        shape.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        shape.setTopMargin(
            0 if first or code or in_table else SPACE / 4 if in_list else SPACE * (1.5 if level else 0.5)
        )
        shape.setBottomMargin(0 if code or in_table else SPACE / 4 if in_list else SPACE * 0.5)
        if code:
            shape.setNonBreakableLines(False)
            shape.setBackground(QColor(self._theme.colours.raised))
            shape.setLeftMargin(SPACE)
            shape.setTopMargin(SPACE / 2 if not _is_code(block.previous()) else 0)
            shape.setBottomMargin(SPACE if not _is_code(block.next()) else 0)
            shape.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
        cursor.setBlockFormat(shape)
        if level or code:
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(self._heading(level) if level else self._code())
        if not code:
            self._dress_fragments(block)

    def _dress_fragments(self, block: QTextBlock) -> None:
        wanted: list[tuple[int, int, QTextCharFormat]] = []
        for at in cast("Iterable[QTextBlock.iterator]", block):
            fragment = at.fragment()
            shape = fragment.charFormat()
            found = cited(shape.anchorHref()) if shape.isAnchor() else None
            if found is not None:
                wanted.append((fragment.position(), fragment.length(), self._citation(found[1])))
            elif shape.isAnchor():
                wanted.append((fragment.position(), fragment.length(), self._link()))
            elif shape.fontFixedPitch():
                wanted.append((fragment.position(), fragment.length(), self._code(inline=True)))
        cursor = QTextCursor(block)
        for position, length, shape in wanted:
            cursor.setPosition(position)
            cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(shape)

    def _dress_table(self, table: QTextTable) -> None:
        line = QTextTableCellFormat()
        line.setBorder(0)
        line.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
        line.setBottomBorder(1)
        line.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        line.setBottomBorderBrush(QColor(self._theme.colours.border))
        for at_row in range(table.rows()):
            for at_column in range(table.columns()):
                cell = table.cellAt(at_row, at_column)
                kept = cell.format()
                kept.merge(line)
                cell.setFormat(kept)
        shape = table.format()
        shape.setBorder(0)
        shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
        shape.setBorderCollapse(True)
        shape.setCellPadding(SPACE * 0.75)
        shape.setCellSpacing(0)
        shape.setTopMargin(SPACE)
        shape.setBottomMargin(SPACE)
        shape.setWidth(QTextLength())
        table.setFormat(shape)

    def _heading(self, level: int) -> QTextCharFormat:
        shape = QTextCharFormat()
        shape.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
        shape.setFontPointSize(self._theme.base_pt * HEADING_SIZES.get(level, 1.0))
        shape.setFontWeight(QFont.Weight.DemiBold)
        return shape

    def _code(self, *, inline: bool = False) -> QTextCharFormat:
        shape = QTextCharFormat()
        shape.setFontFamilies([QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
        shape.setFontPointSize(self._theme.small_pt)
        if inline:
            shape.setBackground(QColor(self._theme.colours.raised))
        return shape

    def _citation(self, found: Support) -> QTextCharFormat:
        colours = self._theme.colours
        text, ground = {
            Support.WEAK: (colours.warning, colours.warning_soft),
            Support.NOT_FOUND: (colours.danger, colours.danger_soft),
        }.get(found, (colours.link, colours.accent_soft))
        shape = QTextCharFormat()
        shape.setForeground(QColor(text))
        shape.setFontUnderline(False)
        shape.setFontPointSize(self._theme.small_pt)
        shape.setFontWeight(QFont.Weight.DemiBold)
        shape.setBackground(QColor(ground))
        return shape

    def _link(self) -> QTextCharFormat:
        shape = QTextCharFormat()
        shape.setForeground(QColor(self._theme.colours.link))
        return shape


def _is_code(block: QTextBlock) -> bool:
    shape = block.blockFormat()
    return block.isValid() and (
        shape.hasProperty(QTextFormat.Property.BlockCodeFence)
        or shape.hasProperty(QTextFormat.Property.BlockCodeLanguage)
    )
