"""Decodes the bytes of a text file: by byte order mark, as strict UTF-8, else by a declared or a guessed encoding."""

from __future__ import annotations

import codecs
import re

from core.parsing.faults import ParseFault, ParseProblem

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.I
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x08\x1b")) + b"\x7f"
_MAX_CONTROLS, _MAX_CONTROLS_IN_UTF8 = 0.02, 0.3  # of the bytes; with more, the data is binary
_DECLARATION_BYTES = 4096  # an encoding is declared in this much of the file
_SAMPLE_BYTES = 1 << 16
_GUESS_BYTES = 1 << 18
_TOLERATED_ERRORS = 0.002  # of the characters, in a declared encoding
# "latin1" means Windows-1252 (WHATWG Encoding Standard); gb2312 and euc-kr are decoded as their supersets.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}

_ALIASES = {"sjis": "cp932", "ms932": "cp932", "windows-31j": "cp932", "unicode": "utf-16", "windows-949": "cp949"}


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of `data`, every character of it, without a byte order mark.

    `declared` is an encoding named elsewhere, as in a mail header. Raises `ParseFault` (binary) for data that is no
    text. Bytes that fit no encoding are decoded as Windows-1252.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    utf16_or_32 = _utf16_or_32(data[:_SAMPLE_BYTES])
    if utf16_or_32:
        return data.decode(utf16_or_32, "replace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        if _control_share(data) > _MAX_CONTROLS:
            raise ParseFault(ParseProblem.BINARY) from None
        return _decode_legacy(data, declared)
    if _control_share(data) > _MAX_CONTROLS_IN_UTF8:
        raise ParseFault(ParseProblem.BINARY)
    return text if "\x1b" not in text else _decode_iso_2022(data, text)


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that an XML declaration or an HTML <meta> at the beginning of `data` names; None if none."""
    found = _DECLARED.search(data[:_DECLARATION_BYTES])
    return (found[1] or found[2]).decode("ascii", "ignore") if found else None


def codec_for(name: str | None) -> str | None:
    """Return the Python codec for text whose encoding is called `name`; None if it is unknown."""
    if not name:
        return None
    name = name.strip().lower().removeprefix("x-")
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
    except (LookupError, ValueError):
        return None
    return _SUPERSETS.get(found, found)


def _control_share(data: bytes) -> float:
    sample = data[:_SAMPLE_BYTES]
    return (len(sample) - len(sample.translate(None, _CONTROLS))) / max(1, len(sample))


def _utf16_or_32(sample: bytes) -> str | None:
    """Detect UTF-16 or UTF-32 without a byte order mark, by the positions of zero bytes."""
    if len(sample) < 4 or b"\0" not in sample:
        return None
    zeros = [sample[i::4].count(0) / max(1, len(sample[i::4])) for i in range(4)]
    if min(zeros[2:]) > 0.95 and zeros[0] < 0.1:
        return "utf-32-le"
    if min(zeros[:2]) > 0.95 and zeros[3] < 0.1:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.05 and even < odd / 10:
        return "utf-16-le" if _decodes(sample, "utf-16-le") else None
    if even > 0.05 and odd < even / 10:
        return "utf-16-be" if _decodes(sample, "utf-16-be") else None
    return None


def _decodes(sample: bytes, name: str) -> bool:
    try:
        sample[: len(sample) // 4 * 4 - 4].decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _decode_iso_2022(data: bytes, text: str) -> str:
    """Decode ISO-2022 text, which is ASCII with escape sequences that only it has; return `text` for any other."""
    for escape, name in ((b"\x1b$B", "iso2022_jp_2"), (b"\x1b$@", "iso2022_jp_2"), (b"\x1b$)C", "iso2022_kr")):
        if escape in data:
            try:
                return data.decode(name)
            except UnicodeDecodeError:
                return text
    return text


def _decode_legacy(data: bytes, declared: str | None) -> str:
    mixed = _mostly_utf8(data)
    if mixed is not None:
        return mixed
    for name in (codec_for(declared), codec_for(declared_encoding(data))):
        if name and name != "utf-8":
            text = data.decode(name, "replace")
            if text.count("\ufffd") <= len(text) * _TOLERATED_ERRORS:
                return text
    return data.decode(_guess(data) or "cp1252", "papermoor_bytewise")


def _mostly_utf8(data: bytes) -> str | None:
    """Decode UTF-8 with some bytes of another encoding, as in a file joined from several; None for anything else."""
    text = data.decode("utf-8", "replace")
    good = sum(map(len, re.findall("[\u0080-\U0010ffff]+", text.replace("\ufffd", ""))))
    bad = text.count("\ufffd")
    return data.decode("utf-8", "papermoor_bytewise") if good >= bad else None


def _guess(data: bytes) -> str | None:
    from core.parsing.readers.encoding_guess import guess

    sample = data
    if len(data) > _GUESS_BYTES:  # only lines that are not ASCII give a clue
        lines = (line for line in data.splitlines(keepends=True) if not line.isascii())
        sample = b"".join(lines)[:_GUESS_BYTES]
        sample = sample[: sample.rfind(b"\n") + 1] or data[:_GUESS_BYTES]
    return codec_for(guess(sample))


def _bytewise(error: UnicodeError) -> tuple[str, int]:
    """Error handler for codecs: decode what fits no encoding as Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace"), error.end


codecs.register_error("papermoor_bytewise", _bytewise)
