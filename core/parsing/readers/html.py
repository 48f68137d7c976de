"""Reads HTML: walks selectolax's tree and writes its blocks, without scripts, styles and navigation."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.readers.encoding import declared_encoding, decode
from core.parsing.source import Source

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_DROPPED = {
    "script", "style", "noscript", "template", "svg", "math-ml", "iframe", "object", "embed", "canvas",
    "audio", "video",
    "head", "meta", "link", "input", "select", "datalist", "dialog",
}  # fmt: skip
_NAVIGATION_TAGS = {"nav", "menu"}
_NAVIGATION_ROLES = {"navigation", "search", "menubar", "menu", "toolbar"}
_NAVIGATION = ", ".join([*sorted(_NAVIGATION_TAGS), *(f'[role="{role}"]' for role in sorted(_NAVIGATION_ROLES))])
_LISTS = {"ul", "ol", "dir"}
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dir", "div", "dl", "dt",
    "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li", "main", "ol",
    "p", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "caption", "frameset", "noframes",
}  # fmt: skip
_LAYOUT = ", ".join(f"td {tag}" for tag in ("table", "h1", "h2", "h3", "ul", "ol", "pre", "blockquote"))
_MAX_CELL_CHARS = 600  # a table with a longer cell only lays out the page
_MAX_DEPTH = 4000  # deeper markup is not parsed into a tree, which takes quadratic time
_NESTING = re.compile(
    r"<(/?)(?:div|span|b|i|u|em|strong|font|a|ul|ol|table|section|blockquote|center|small|big|q|sup|sub)\b", re.I
)
_NOT_TEXT = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.I | re.S)
_TAG = re.compile(r"<[^<>]*>")
_MAIN_SHARE = 0.5  # of a page's text, at least, that declared main content holds
_NAVIGATION_SHARE = 0.7  # of a page's text; with more, navigation is kept


def parse(source: Source, out: DocumentBuilder) -> None:
    data = source.read_text_file(out.limits)
    write_html(decode(data, declared_encoding(data)), out)


def write_html(markup: str, out: DocumentBuilder, *, show_title: bool = True) -> None:
    """Write the blocks of `markup`, its title first. Navigation is left out, unless the page is little else."""
    from selectolax.lexbor import LexborHTMLParser

    if _nesting_depth(markup) > _MAX_DEPTH:
        _write_without_tags(markup, out)
        return
    tree = LexborHTMLParser(markup)
    if tree.root is None:
        return
    title = one_line(node.text()) if (node := tree.css_first("title")) is not None else ""
    out.title = out.title or title
    content = _main_content(tree) or tree.root
    navigation = sum(_text_length(node) for node in content.css(_NAVIGATION))
    mostly_navigation = navigation > _NAVIGATION_SHARE * _text_length(content)
    _BlockWriter(out, title if show_title else "", drop_navigation=not mostly_navigation).write(content)


def _main_content(tree: LexborHTMLParser) -> LexborNode | None:
    """Return what the page declares as its main content or only article, if that holds enough of its text."""
    if tree.body is None:
        return None
    whole = _text_length(tree.body)
    for selector in ("main, [role=main]", "article"):
        found = tree.css(selector)
        if len(found) == 1 and _text_length(found[0]) >= _MAIN_SHARE * whole:
            return found[0]
    return None


def _text_length(node: LexborNode) -> int:
    """Return the number of characters of text in `node`, without white space and scripts."""
    return sum(
        len("".join((text.text_content or "").split()))
        for text in node.traverse(include_text=True)
        if text.tag == "-text" and (text.parent is None or text.parent.tag not in _DROPPED)
    )


def _nesting_depth(markup: str) -> int:
    """Return about how deep elements nest, without parsing."""
    depth = deepest = 0
    for found in _NESTING.finditer(markup):
        depth = max(0, depth - 1) if found[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _write_without_tags(markup: str, out: DocumentBuilder) -> None:
    """Write the text between the tags, for markup that is too deep for a tree."""
    text = _TAG.sub("\n", _NOT_TEXT.sub("", markup))
    for part in re.split(r"\n\s*\n", unescape(text)):
        out.paragraph(part)


class _BlockWriter:
    """Walks the tree without recursion. Inline text is buffered until its block ends."""

    def __init__(self, out: DocumentBuilder, title: str, drop_navigation: bool) -> None:
        self._out = out
        self._title = title
        if title:
            out.heading(title, 1)
        self._drop_navigation = drop_navigation
        self._buffer: list[str] = []
        self._heading = 0  # level of the open heading, 0 for none
        self._list_numbers: list[int | None] = []  # of each open list the next item's number, None for a bullet list
        self._item_open = False
        self._quotes = 0

    def write(self, root: LexborNode) -> None:
        node: LexborNode | None = root
        depth = 0
        while node is not None:
            child = self._enter(node)
            if child is not None:
                node, depth = child, depth + 1
                continue
            while node is not None:
                self._leave(node)
                if depth == 0:
                    node = None
                    break
                following = node.next
                if following is not None:
                    node = following
                    break
                node, depth = node.parent, depth - 1
        self._flush()

    def _enter(self, node: LexborNode) -> LexborNode | None:
        """Begin `node`; return its first child, None if it has none or is not to be walked."""
        tag = node.tag or ""
        if tag == "-text":
            self._buffer.append(node.text_content or "")
            return None
        if tag in _DROPPED or tag.startswith(("-", "!")) or self._is_navigation(node, tag):
            return None
        if tag == "br":
            self._buffer.append("\n")
            return None
        if tag == "pre":
            self._flush()
            self._out.code(node.text(deep=True))
            return None
        if tag == "table" and self._write_data_table(node):
            return None
        if tag in _BLOCKS or tag in _HEADINGS:
            self._begin_block(tag, node)
        return node.child

    def _begin_block(self, tag: str, node: LexborNode) -> None:
        self._flush()
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag in _LISTS:
            self._list_numbers.append(_start_number(node) if tag == "ol" else None)
        elif tag == "li":
            self._item_open = True
        elif tag == "blockquote":
            self._quotes += 1

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _HEADINGS:
            self._flush()
            self._heading = 0
        elif tag in _BLOCKS:
            self._flush()
            if tag in _LISTS and self._list_numbers:
                self._list_numbers.pop()
            elif tag == "li":
                self._item_open = False
            elif tag == "blockquote":
                self._quotes = max(0, self._quotes - 1)

    def _flush(self) -> None:
        """Write the buffered text as a block of the kind that is open."""
        text = _rendered(self._buffer)
        self._buffer.clear()
        if not text:
            return
        if self._heading:
            if one_line(text) != self._title:
                self._out.heading(text, self._heading)
        elif self._item_open and self._list_numbers:
            number = self._list_numbers[-1]
            self._out.list_item(text, len(self._list_numbers) - 1, "•" if number is None else f"{number}.")
            if number is not None:
                self._list_numbers[-1] = number + 1
            self._item_open = False
        elif self._quotes:
            self._out.quote(text)
        else:
            self._out.paragraph(text)

    def _is_navigation(self, node: LexborNode, tag: str) -> bool:
        if not self._drop_navigation:
            return False
        return tag in _NAVIGATION_TAGS or (node.attributes.get("role") or "").lower() in _NAVIGATION_ROLES

    def _write_data_table(self, table: LexborNode) -> bool:
        """Write a table of short cells; return False for one that only lays out the page."""
        if table.css_first(_LAYOUT) is not None:
            return False
        rows: list[list[str]] = []
        for row in table.css("tr"):
            cells = [_rendered([cell.text(deep=True, separator=" ")]) for cell in row.css("td, th")]
            if any(len(cell) > _MAX_CELL_CHARS for cell in cells):
                return False
            rows.append(cells)
        if len(rows) < 2 or max(map(len, rows)) < 2:
            return False
        self._flush()
        caption = table.css_first("caption")
        if caption is not None:
            self._out.paragraph(caption.text(deep=True))
        self._out.table(rows)
        return True


def _start_number(node: LexborNode) -> int:
    start = node.attributes.get("start") or "1"
    return int(start) if start.isdecimal() and len(start) < 9 else 1


def _rendered(pieces: list[str]) -> str:
    """Return inline text as a browser shows it, with white space collapsed. Only <br>, a piece that is a line feed,
    breaks the line."""
    lines: list[list[str]] = [[]]
    for piece in pieces:
        if piece == "\n":
            lines.append([])
        else:
            lines[-1].append(piece)
    return "\n".join(" ".join("".join(line).split()) for line in lines).strip()
