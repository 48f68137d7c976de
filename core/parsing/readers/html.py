"""HTML: selectolax's tree walked into blocks; scripts, styles and page navigation are left out, the article is not."""

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
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dir", "div", "dl", "dt",
    "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li", "main", "ol",
    "p", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "caption", "frameset", "noframes",
}  # fmt: skip
_LAYOUT = ", ".join(f"td {tag}" for tag in ("table", "h1", "h2", "h3", "ul", "ol", "pre", "blockquote"))
_MAX_CELL_CHARS = 600
_MAX_DEPTH = 4000
_NESTING = re.compile(
    r"<(/?)(?:div|span|b|i|u|em|strong|font|a|ul|ol|table|section|blockquote|center|small|big|q|sup|sub)\b", re.I
)
_NOT_TEXT = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.I | re.S)
_TAG = re.compile(r"<[^<>]*>")


def parse(source: Source, out: DocumentBuilder) -> None:
    data = source.read_text_file(out.limits)
    convert(decode(data, declared_encoding(data)), out)


def convert(markup: str, out: DocumentBuilder, *, show_title: bool = True) -> None:
    """Put the blocks of `markup` into `out`, its title first. Navigation is left out, unless
    the page is little else."""
    from selectolax.lexbor import LexborHTMLParser

    if _deepest(markup) > _MAX_DEPTH:
        _convert_crudely(markup, out)
        return
    tree = LexborHTMLParser(markup)
    if tree.root is None:
        return
    title = one_line(node.text()) if (node := tree.css_first("title")) is not None else ""
    out.title = out.title or title
    content = _main_content(tree) or tree.root
    navigation = sum(_text_length(node) for node in content.css(_NAVIGATION))
    mostly_navigation = navigation > 0.7 * _text_length(content)
    _Walker(out, title if show_title else "", drop_navigation=not mostly_navigation).walk(content)


def _main_content(tree: LexborHTMLParser) -> LexborNode | None:
    """What the page itself declares as its main content or only article, if that holds at least half of its text."""
    if tree.body is None:
        return None
    whole = _text_length(tree.body)
    for selector in ("main, [role=main]", "article"):
        found = tree.css(selector)
        if len(found) == 1 and _text_length(found[0]) >= 0.5 * whole:
            return found[0]
    return None


def _text_length(node: LexborNode) -> int:
    """Characters of text in `node`, white space and scripts not counted."""
    return sum(
        len("".join((text.text_content or "").split()))
        for text in node.traverse(include_text=True)
        if text.tag == "-text" and (text.parent is None or text.parent.tag not in _DROPPED)
    )


def _deepest(markup: str) -> int:
    """How deep elements nest, about: deep trees take the parser quadratic time."""
    depth = deepest = 0
    for found in _NESTING.finditer(markup):
        depth = max(0, depth - 1) if found[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _convert_crudely(markup: str, out: DocumentBuilder) -> None:
    """The text between the tags, for markup that no browser would show either."""
    text = _TAG.sub("\n", _NOT_TEXT.sub("", markup))
    for part in re.split(r"\n\s*\n", unescape(text)):
        out.paragraph(part)


class _Walker:
    """Walks the tree without recursion; text gathers in a buffer until a block ends."""

    def __init__(self, out: DocumentBuilder, title: str, drop_navigation: bool) -> None:
        self._out = out
        self._title = title
        if title:
            out.heading(title, 1)
        self._drop_navigation = drop_navigation
        self._buffer: list[str] = []
        self._heading = 0
        self._lists: list[list[int]] = []
        self._item_open = False
        self._quotes = 0

    def walk(self, root: LexborNode) -> None:
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
        """Begin `node`; its first child if that is to be walked."""
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
        if tag == "table" and self._data_table(node):
            return None
        if tag in _BLOCKS or tag in _HEADINGS:
            self._begin_block(tag, node)
        return node.child

    def _begin_block(self, tag: str, node: LexborNode) -> None:
        self._flush()
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag in ("ul", "ol", "dir"):
            self._lists.append([_start_number(node) if tag == "ol" else -1])
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
            if tag in ("ul", "ol", "dir") and self._lists:
                self._lists.pop()
            elif tag == "li":
                self._item_open = False
            elif tag == "blockquote":
                self._quotes = max(0, self._quotes - 1)

    def _flush(self) -> None:
        """Hand what has gathered to the builder as a block of the kind that is open."""
        text = _joined(self._buffer)
        self._buffer.clear()
        if not text:
            return
        if self._heading:
            if one_line(text) != self._title:
                self._out.heading(text, self._heading)
        elif self._item_open and self._lists:
            number = self._lists[-1]
            self._out.list_item(text, len(self._lists) - 1, "•" if number[0] < 0 else f"{number[0]}.")
            if number[0] >= 0:
                number[0] += 1
            self._item_open = False
        elif self._quotes:
            self._out.quote(text)
        else:
            self._out.paragraph(text)

    def _is_navigation(self, node: LexborNode, tag: str) -> bool:
        if not self._drop_navigation:
            return False
        return tag in _NAVIGATION_TAGS or (node.attributes.get("role") or "").lower() in _NAVIGATION_ROLES

    def _data_table(self, table: LexborNode) -> bool:
        """Put a table of short cells into the document; False for one that only lays out the page."""
        if table.css_first(_LAYOUT) is not None:
            return False
        rows: list[list[str]] = []
        for row in table.css("tr"):
            cells = [_joined([cell.text(deep=True, separator=" ")]) for cell in row.css("td, th")]
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


def _joined(pieces: list[str]) -> str:
    """Inline text as a browser shows it: white space collapsed; only <br> (a piece of its own) breaks the line."""
    lines = [""]
    for piece in pieces:
        if piece == "\n":
            lines.append("")
        else:
            lines[-1] += piece
    return "\n".join(" ".join(line.split()) for line in lines).strip()
