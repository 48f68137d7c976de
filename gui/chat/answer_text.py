"""Renders an answer's Markdown while it streams: finished blocks once, the last block again with every piece."""

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

from core.chat.answer_markdown import is_renderable, parse_citation_link, stable_length, with_citation_links
from core.domain.conversation import CheckedSentence
from core.domain.documents import Support
from core.i18n import tr
from gui.chat.message_text import MessageText
from gui.style.sheet import SPACE
from gui.style.theme import Theme

_FEATURES = QTextDocument.MarkdownFeature.MarkdownNoHTML | QTextDocument.MarkdownFeature.MarkdownDialectGitHub
_FENCED = re.compile(r"\s*(```|~~~)")
_FIRST_BLOCK_HAS_FORMAT = re.compile(r"\s*(#{1,6} |```|~~~|>)")
HEADING_SIZES = {1: 1.3, 2: 1.2, 3: 1.1}
LINE_HEIGHT_PERCENT = 130
INDENT_PX = 22
LONGEST_TAIL = 12_000
"""Characters of a block that is still being written, which is laid out again with every piece of it; the rest of an
answer with a longer one is shown as plain text until it is finished."""


class AnswerText(MessageText):
    """`append` takes pieces of an answer while it is written, `finish` the whole of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Answer"))
        self._theme = theme
        self.document().setIndentWidth(INDENT_PX)
        self._pieces: list[str] = []
        self._tail = ""  # after what is final
        self._is_plain = False
        self._known_numbers: frozenset[int] | None = None
        self._checked_sentences: tuple[CheckedSentence, ...] = ()
        self._stable_position = 0
        theme.changed.connect(self.render_again)

    @property
    def markdown(self) -> str:
        """The Markdown shown."""
        return "".join(self._pieces)

    def append(self, text: str) -> None:
        """Add a piece of an answer that is being written."""
        self._pieces.append(text)
        if self._is_plain:
            self.append_plain(text, QTextCharFormat())
            return
        self._tail += text
        stable = stable_length(self._tail)
        self._remove_unstable()
        if stable:
            self._insert(self._tail[:stable])
            self._tail = self._tail[stable:]
            self._stable_position = self.document().characterCount() - 1
        self._is_plain = len(self._tail) > LONGEST_TAIL
        if self._is_plain:
            self._insert_plain(self._tail)
        else:
            self._insert(self._tail)

    def finish(
        self, text: str, known_numbers: frozenset[int] | None, checked_sentences: Sequence[CheckedSentence] = ()
    ) -> None:
        """Show the whole answer. Citations with a number in `known_numbers` (None: any) are clickable; those of a
        sentence that the check doubts have a sign."""
        self._pieces = [text]
        self._known_numbers, self._checked_sentences = known_numbers, tuple(checked_sentences)
        self.render_again()

    def render_again(self) -> None:
        self.clear()
        self._stable_position = 0
        self._tail = self.markdown
        self._is_plain = len(self._tail) > LONGEST_TAIL
        self._insert(self._tail)

    def _remove_unstable(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._stable_position)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def _insert(self, markdown: str) -> None:
        if not markdown.strip():
            return
        if not is_renderable(markdown):
            self._insert_plain(markdown)
            return
        markdown = with_citation_links(markdown, self._known_numbers, self._checked_sentences)
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        before = cursor.position()
        if before > 0:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        start = cursor.position()
        cursor.insertMarkdown(markdown, _FEATURES)
        if before > 0 and self._is_gap(start, markdown):
            # A list, a table or a rule inserts a block of its own: the one inserted above is then one too many.
            self._close_gap(start, before, markdown)
        elif before > 0 and _FIRST_BLOCK_HAS_FORMAT.match(markdown):
            self._restore_first_block_format(start, markdown)
        self._style_blocks(start)
        cursor.endEditBlock()
        self._style_tables(start)

    def _insert_plain(self, text: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if cursor.position() > 0:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        self.append_plain(text, QTextCharFormat())

    def _close_gap(self, start: int, before: int, markdown: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        if self.document().findBlock(start).next().textList() is not None:
            cursor.deleteChar()  # merges the empty block into the next
            return
        cursor.setPosition(before)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        cursor.insertMarkdown(markdown, _FEATURES)

    def _is_gap(self, position: int, markdown: str) -> bool:
        """Whether the block at `position` is empty though the Markdown begins with no empty block."""
        block = self.document().findBlock(position)
        return not block.text() and block.next().isValid() and not _FENCED.match(markdown)

    def _restore_first_block_format(self, start: int, markdown: str) -> None:
        """Set the block format that the Markdown asks for: Qt keeps that of the empty block it was inserted into."""
        rendered = QTextDocument()
        rendered.setMarkdown(markdown, _FEATURES)
        QTextCursor(self.document().findBlock(start)).setBlockFormat(rendered.firstBlock().blockFormat())

    def _style_blocks(self, start: int) -> None:
        """Apply spacing, sizes and colours to the blocks from `start` on."""
        block = self.document().findBlock(start)
        while block.isValid():
            self._style_block(block, first=block.position() == 0)
            block = block.next()

    def _style_tables(self, start: int) -> None:
        """Style the tables from `start` on. Called after the edit block: the document has no table frames before."""
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable) and frame.lastPosition() >= start:
                self._style_table(frame)

    def _style_block(self, block: QTextBlock, first: bool) -> None:
        cursor = QTextCursor(block)
        block_format = block.blockFormat()
        level = block_format.headingLevel()
        code = _is_code(block)
        in_list, in_table = block.textList() is not None, cursor.currentTable() is not None
        block_format.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        block_format.setTopMargin(
            0 if first or code or in_table else SPACE / 4 if in_list else SPACE * (1.5 if level else 0.5)
        )
        block_format.setBottomMargin(0 if code or in_table else SPACE / 4 if in_list else SPACE * 0.5)
        if code:
            block_format.setNonBreakableLines(False)
            block_format.setBackground(QColor(self._theme.colours.raised))
            block_format.setLeftMargin(SPACE)
            block_format.setTopMargin(SPACE / 2 if not _is_code(block.previous()) else 0)
            block_format.setBottomMargin(SPACE if not _is_code(block.next()) else 0)
            block_format.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
        cursor.setBlockFormat(block_format)
        if level or code:
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(self._heading_format(level) if level else self._code_format())
        if not code:
            self._style_fragments(block)

    def _style_fragments(self, block: QTextBlock) -> None:
        formats: list[tuple[int, int, QTextCharFormat]] = []
        for iterator in cast("Iterable[QTextBlock.iterator]", block):
            fragment = iterator.fragment()
            char_format = fragment.charFormat()
            citation = parse_citation_link(char_format.anchorHref()) if char_format.isAnchor() else None
            if citation is not None:
                formats.append((fragment.position(), fragment.length(), self._citation_format(citation[1])))
            elif char_format.isAnchor():
                formats.append((fragment.position(), fragment.length(), self._link_format()))
            elif char_format.fontFixedPitch():
                formats.append((fragment.position(), fragment.length(), self._code_format(inline=True)))
        cursor = QTextCursor(block)
        for position, length, char_format in formats:
            cursor.setPosition(position)
            cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(char_format)

    def _style_table(self, table: QTextTable) -> None:
        line = QTextTableCellFormat()
        line.setBorder(0)
        line.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
        line.setBottomBorder(1)
        line.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        line.setBottomBorderBrush(QColor(self._theme.colours.border))
        for row in range(table.rows()):
            for column in range(table.columns()):
                cell = table.cellAt(row, column)
                cell_format = cell.format()
                cell_format.merge(line)
                cell.setFormat(cell_format)
        table_format = table.format()
        table_format.setBorder(0)
        table_format.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
        table_format.setBorderCollapse(True)
        table_format.setCellPadding(SPACE * 0.75)
        table_format.setCellSpacing(0)
        table_format.setTopMargin(SPACE)
        table_format.setBottomMargin(SPACE)
        table_format.setWidth(QTextLength())
        table.setFormat(table_format)

    def _heading_format(self, level: int) -> QTextCharFormat:
        char_format = QTextCharFormat()
        char_format.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
        char_format.setFontPointSize(self._theme.base_pt * HEADING_SIZES.get(level, 1.0))
        char_format.setFontWeight(QFont.Weight.DemiBold)
        return char_format

    def _code_format(self, *, inline: bool = False) -> QTextCharFormat:
        char_format = QTextCharFormat()
        char_format.setFontFamilies([QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
        char_format.setFontPointSize(self._theme.small_pt)
        if inline:
            char_format.setBackground(QColor(self._theme.colours.raised))
        return char_format

    def _citation_format(self, support: Support) -> QTextCharFormat:
        colours = self._theme.colours
        text, background = {
            Support.WEAK: (colours.warning, colours.warning_soft),
            Support.NOT_FOUND: (colours.danger, colours.danger_soft),
        }.get(support, (colours.link, colours.accent_soft))
        char_format = QTextCharFormat()
        char_format.setForeground(QColor(text))
        char_format.setFontUnderline(False)
        char_format.setFontPointSize(self._theme.small_pt)
        char_format.setFontWeight(QFont.Weight.DemiBold)
        char_format.setBackground(QColor(background))
        return char_format

    def _link_format(self) -> QTextCharFormat:
        char_format = QTextCharFormat()
        char_format.setForeground(QColor(self._theme.colours.link))
        return char_format


def _is_code(block: QTextBlock) -> bool:
    block_format = block.blockFormat()
    return block.isValid() and (
        block_format.hasProperty(QTextFormat.Property.BlockCodeFence)
        or block_format.hasProperty(QTextFormat.Property.BlockCodeLanguage)
    )
