"""HTML: selectolax's tree walked into blocks; scripts, styles and page navigation are left out, the article is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.parsing.document import DocumentBuilder, one_line
from core.parsing.encoding import declared_encoding, decode
from core.parsing.source import Source

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_DROPPED = {
    "script", "style", "noscript", "template", "svg", "math-ml", "iframe", "object", "embed", "canvas",
    "audio", "video",
    "head", "meta", "link", "input", "select", "datalist", "dialog",
}  # fmt: skip
_NAVIGATION = {"nav", "menu"}
_NAVIGATION_ROLES = {"navigation", "search", "menubar", "menu", "toolbar", "banner"}
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dir", "div", "dl", "dt",
    "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li", "main", "ol",
    "p", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "caption", "frameset", "noframes",
}  # fmt: skip
_MAX_NODES = 3_000_000
_MAX_CELL_CHARS = 600
_MAX_DEPTH = 4000


def parse(source: Source, out: DocumentBuilder) -> None:
    data = source.read_text_file(out.limits)
    convert(decode(data, declared_encoding(data)), out)


def convert(markup: str, out: DocumentBuilder, *, whole: bool = False) -> None:
    """Put the blocks of `markup` into `out`; `whole` keeps navigation too."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(markup)
    title = tree.css_first("title")
    if title is not None and not out.title:
        out.title = one_line(title.text())
    before = out.length
    if tree.root is not None:
        _Walker(out, drop_navigation=not whole).walk(tree.root)
    if out.length == before and not whole and tree.root is not None:
        _Walker(out, drop_navigation=False).walk(tree.root)


class _Walker:
    """Walks the tree without recursion; text gathers in a buffer until a block ends."""

    def __init__(self, out: DocumentBuilder, drop_navigation: bool) -> None:
        self._out = out
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
        return tag in _NAVIGATION or (node.attributes.get("role") or "").lower() in _NAVIGATION_ROLES

    def _data_table(self, table: LexborNode) -> bool:
        """Put a table of short cells into the document; False for one that only lays out the page."""
        if table.css_first("table, h1, h2, h3, ul, ol, pre, blockquote") is not None:
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
