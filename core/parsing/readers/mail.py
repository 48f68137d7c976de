"""Reads EML, MBOX and MHTML: the headers that people read, the body, and the attachments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from pathlib import PurePosixPath
from typing import BinaryIO

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.readers.attachments import Attachment, write_attachments
from core.parsing.readers.encoding import codec_for, decode
from core.parsing.readers.html import write_html
from core.parsing.source import Source

_HEADERS = ("From", "To", "Cc", "Bcc", "Date")
_PGP_START = "-----BEGIN PGP MESSAGE-----"
_SEPARATOR = re.compile(rb"^From .*\d{4}", re.M)
_MAX_PARTS = 500
_MAX_DEPTH = 20
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_MIN_PLAIN_WORDS = 3  # a shorter plain alternative only says that the message is in HTML


def parse(source: Source, out: DocumentBuilder) -> None:
    data = source.read(out.limits.text_file_bytes * 2)
    if data[:2] in _UTF16_BOMS or b"\0" in data[:64]:
        data = decode(data).encode("utf-8")
    if not data.strip():
        raise source.fault(ParseProblem.EMPTY)
    message = _message(data)
    if _is_encrypted(message):
        raise source.fault(ParseProblem.ENCRYPTED)
    _write(message, source, out, level=1)


def parse_mhtml(source: Source, out: DocumentBuilder) -> None:
    """Read a saved web page: its first HTML part."""
    message = _message(source.read_text_file(out.limits))
    for part in _parts(message):
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            write_html(_text(part), out)
            out.title = out.title or _header(message, "Subject")
            return
    raise source.fault(ParseProblem.DAMAGED)


def parse_mbox(source: Source, out: DocumentBuilder) -> None:
    """Read a mailbox: each message is a page."""
    if source.size_bytes > out.limits.file_bytes:
        raise source.too_large(source.size_bytes, out.limits.file_bytes)
    with source.open() as file:
        for data in _split_mailbox(file):
            message = _message(data)
            out.begin_page(_header(message, "Subject"))
            if _is_encrypted(message):
                out.paragraph("(encrypted message)")
            else:
                _write(message, source, out, level=1)
    out.title = source.stem


def _split_mailbox(file: BinaryIO) -> Iterator[bytes]:
    lines: list[bytes] = []
    blank = True
    for line in file:
        if blank and line.startswith(b"From ") and _SEPARATOR.match(line):
            if lines:
                yield b"".join(lines)
            lines = []
        else:
            lines.append(line)
        blank = not line.strip()
    if lines:
        yield b"".join(lines)


def _message(data: bytes) -> Message:
    return message_from_bytes(data, policy=policy.compat32)


def _is_encrypted(message: Message) -> bool:
    kind = message.get_content_type()
    if kind == "multipart/encrypted":
        return True
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        return "signed" not in str(message.get_param("smime-type", "enveloped-data"))
    if message.is_multipart() or message.get_content_maintype() != "text":
        return False
    return _text(message).lstrip().startswith(_PGP_START)


def _write(message: Message, source: Source, out: DocumentBuilder, level: int) -> None:
    subject = _header(message, "Subject")
    out.title = out.title or subject
    if subject:
        out.heading(f"Subject: {subject}", level, subject)
    facts = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    out.paragraph("\n".join(facts))
    attachments = list(_write_bodies(message, source, out, level))
    write_attachments(attachments, source, out)


def _write_bodies(message: Message, source: Source, out: DocumentBuilder, level: int) -> Iterator[Attachment]:
    """Write the readable parts; yield the others as attachments."""
    for part in _parts(message):
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message) and level < _MAX_DEPTH:
                _write(inner[0], source, out, level + 1)
        elif _is_attached(part) or part.get_content_maintype() != "text":
            data = part.get_payload(decode=True)
            yield Attachment(_file_name(part), kind, data if isinstance(data, bytes) else b"")
        elif kind == "text/html":
            write_html(_text(part), out, show_title=False)
        elif kind != "text/calendar":
            _write_plain(_text(part), out)


def _parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """Yield the leaf parts to read, of alternatives only the best one. An attached message is a leaf."""
    if not message.is_multipart() or message.get_content_type() == "message/rfc822" or depth > _MAX_DEPTH:
        if not message.is_multipart() or message.get_content_type() == "message/rfc822":
            yield message
        return
    payload = message.get_payload()
    children = [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []
    children = children[:_MAX_PARTS]
    if message.get_content_type() == "multipart/alternative":
        yield from _best_alternative(children, depth)
        return
    for child in children:
        yield from _parts(child, depth + 1)


def _best_alternative(children: list[Message], depth: int) -> Iterator[Message]:
    """Yield the parts of the plain alternative, if it has text, and the attachments of the others; else those of the
    last alternative, which is the richest (RFC 2046, 5.1.4)."""
    plain = [c for c in children if c.get_content_type() == "text/plain" and len(_text(c).split()) >= _MIN_PLAIN_WORDS]
    rich = [c for c in children if c.get_content_maintype() != "text" or c.get_content_type() == "text/html"]
    chosen = plain or rich or children
    if plain and rich:
        others = [c for c in rich if c.is_multipart()]  # related pictures and attachments
        yield plain[0]
        for other in others:
            yield from (p for p in _parts(other, depth + 1) if p.get_content_maintype() != "text")
        return
    yield from _parts(chosen[-1] if not plain else chosen[0], depth + 1)


def _is_attached(part: Message) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename("") or str(part.get_param("name", "") or "")
    except (MessageError, ValueError, TypeError):
        name = ""
    return PurePosixPath(one_line(_decoded(name)).replace("\\", "/")).name


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_content_charset()
    name = codec_for(charset)
    if name and name.startswith(("utf-16", "utf-32")):
        return data.decode(name, "replace")
    try:
        return decode(data, charset)
    except ParseFault:
        return data.decode(name or "latin-1", "replace")


def _write_plain(text: str, out: DocumentBuilder) -> None:
    for paragraph in re.split(r"\n[^\S\n]*\n", text.replace("\r\n", "\n")):
        quoted = [line for line in paragraph.split("\n") if line.strip()]
        if quoted and all(line.lstrip().startswith(">") for line in quoted):
            out.quote(paragraph)
        else:
            out.paragraph(paragraph)


def _header(message: Message, name: str) -> str:
    try:
        value = message.get(name)
    except (MessageError, ValueError, TypeError, IndexError):
        return ""
    return one_line(_decoded(str(value))) if value is not None else ""


def _decoded(text: str) -> str:
    """Return a header with its encoded words (RFC 2047) decoded. Raw bytes, which the standards forbid and programs
    send, are UTF-8 as a rule."""
    from email.header import decode_header

    if "=?" not in text:
        return _repaired(text)
    try:
        pieces = decode_header(text)
    except (MessageError, ValueError):
        return _repaired(text)
    joined = ""
    for piece, charset in pieces:
        if isinstance(piece, str):
            joined += _repaired(piece)
        else:
            joined += piece.decode(codec_for(charset) or "utf-8", "replace")
    return joined


def _repaired(text: str) -> str:
    """Decode the raw bytes that the email package has left as surrogates."""
    raw = text.encode("utf-8", "surrogateescape")
    return decode(raw) if raw else ""
