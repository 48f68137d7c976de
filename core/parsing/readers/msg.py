"""Reads MSG (Outlook messages) with python-oxmsg, in the same layout as other mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.attachments import Attachment, write_attachments
from core.parsing.readers.html import write_html
from core.parsing.readers.ole import open_ole, read_stream
from core.parsing.source import Source

if TYPE_CHECKING:
    from olefile import OleFileIO  # type: ignore[import-untyped]  # it ships no types
    from oxmsg import Message

_ENCRYPTED_CLASS, _SIGNED = "IPM.Note.SMIME", "MultipartSigned"  # in the class of a message
# Storages and streams, [MS-OXMSG] 2.2 and [MS-OXPROPS].
_ATTACHED_MESSAGE = "__substg1.0_3701000D"
_SUBJECT_SENDER_BODY = ("__substg1.0_0037", "__substg1.0_0C1A", "__substg1.0_1000")


def parse(source: Source, out: DocumentBuilder) -> None:
    from oxmsg import Message

    if source.size_bytes > out.limits.file_bytes:
        raise source.too_large(source.size_bytes, out.limits.file_bytes)
    with source.open() as file:
        _write(Message.load(file), source, out)


def _write(message: Message, source: Source, out: DocumentBuilder) -> None:
    kind = message.message_class or ""
    headers = {name.casefold(): value for name, value in message.message_headers.items()}
    is_encrypted = kind.startswith(_ENCRYPTED_CLASS) and _SIGNED not in kind
    if is_encrypted or headers.get("content-type", "").lower().startswith("multipart/encrypted"):
        raise source.fault(ParseProblem.ENCRYPTED)
    subject = message.subject or ""
    out.title = subject
    if subject:
        out.heading(f"Subject: {subject}", 1, subject)
    recipients = ", ".join(filter(None, (_person(r.name, r.email_address) for r in message.recipients)))
    date = message.sent_date.isoformat(" ", "minutes") if message.sent_date else headers.get("date", "")
    facts = (
        ("From", message.sender or ""),
        ("To", headers.get("to") or recipients),
        ("Cc", headers.get("cc", "")),
        ("Bcc", headers.get("bcc", "")),
        ("Date", date),
    )
    out.paragraph("\n".join(f"{name}: {value}" for name, value in facts if value))
    body = message.body or ""
    if body.strip():
        for part in body.replace("\r\n", "\n").split("\n\n"):
            out.paragraph(part)
    elif message.html_body:
        write_html(message.html_body, out, show_title=False)
    files = [Attachment(a.file_name or "", a.mime_type or "", a.file_bytes or b"") for a in message.attachments]
    if any(file.name == "smime.p7m" and len(files) == 1 for file in files) and not body.strip():
        raise source.fault(ParseProblem.ENCRYPTED)
    write_attachments(files, source, out)
    _write_attached_messages(source, out)


def _write_attached_messages(source: Source, out: DocumentBuilder) -> None:
    """Write the messages attached to the message. Each is a storage of its own ([MS-OXMSG] 2.2.2.1), which oxmsg
    ignores."""
    with open_ole(source, out.limits) as ole:
        attachments = {path[0] for path in ole.listdir() if len(path) > 2 and path[1] == _ATTACHED_MESSAGE}
        for name in sorted(attachments):
            subject, sender, body = (
                _text(ole, f"{name}/{_ATTACHED_MESSAGE}/{stream}") for stream in _SUBJECT_SENDER_BODY
            )
            out.heading(f"Subject: {subject}" if subject else "Attached message", 2, subject)
            out.paragraph(f"From: {sender}" if sender else "")
            for part in body.replace("\r\n", "\n").split("\n\n"):
                out.paragraph(part)


def _text(ole: OleFileIO, name: str) -> str:
    """Return a text property, which is stored in UTF-16 (type 001F) or in eight bits (001E)."""
    utf16 = read_stream(ole, name + "001F")
    if utf16:
        return utf16.decode("utf-16-le", "replace")
    return read_stream(ole, name + "001E").decode("cp1252", "replace")


def _person(name: str | None, address: str | None) -> str:
    if name and address and name != address:
        return f"{name} <{address}>"
    return name or address or ""
