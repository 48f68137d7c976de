"""Makes characters visible that a terminal or a reader would obey or not see: text of documents and file names are not
trusted to be harmless."""

from __future__ import annotations

import re

# C0 and C1 controls with DEL (ECMA-48): they move the cursor, set titles, write to the clipboard. Bidirectional
# formatting characters (Unicode annex 9) reorder what is read, U+2028 and U+2029 break lines; lone surrogates are bytes
# of a file name that are no letters.
_UNSAFE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff"
_IN_TEXT = re.compile(f"[{_UNSAFE}]")
_IN_LINE = re.compile(f"[\t\n{_UNSAFE}]")
_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]")
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def printable(text: str) -> str:
    r"""`text` with such characters written as escapes (`\x1b`); line breaks and tabs stay."""
    return _IN_TEXT.sub(_escape, text)


def printable_line(text: str) -> str:
    """The same for what belongs on one line, such as a file name: line breaks and tabs are escaped, too."""
    return _IN_LINE.sub(_escape, text)


def printable_json(text: str) -> str:
    """JSON text with such characters escaped as JSON does, so that its value stays the same."""
    return _IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return _NAMED.get(match[0]) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
