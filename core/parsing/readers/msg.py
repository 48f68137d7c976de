"""MSG: Outlook messages, read by python-oxmsg, written out as other mail is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.attachments import Attachment, write_attachments
from core.parsing.readers.html import convert
from core.parsing.readers.ole import open_ole, stream
from core.parsing.source import Source

if TYPE_CHECKING:
    from olefile import OleFileIO  # type: ignore[import-untyped]  # it ships no types
    from oxmsg import Message

_LOCKED = ("IPM.Note.SMIME",)
_SIGNED = "MultipartSigned"
_EMBEDDED = "__substg1.0_3701000D"
_INNER_TEXTS = ("__substg1.0_0037", "__substg1.0_0C1A", "__substg1.0_1000")  # subject, sender, body


def parse(source: Source, out: DocumentBuilder) -> None:
    from oxmsg import Message

    if source.size_bytes > out.limits.file_bytes:
        raise source.too_large(source.size_bytes, out.limits.file_bytes)
    with source.open() as file:
        _write(Message.load(file), source, out)


def _write(message: Message, source: Source, out: DocumentBuilder) -> None:
    kind = message.message_class or ""
    headers = {name.casefold(): value for name, value in message.message_headers.items()}
    is_locked = kind.startswith(_LOCKED) and _SIGNED not in kind
    if is_locked or headers.get("content-type", "").lower().startswith("multipart/encrypted"):
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
        convert(message.html_body, out, show_title=False)
    files = [Attachment(a.file_name or "", a.mime_type or "", a.file_bytes or b"") for a in message.attachments]
    if any(file.name == "smime.p7m" and len(files) == 1 for file in files) and not body.strip():
        raise source.fault(ParseProblem.ENCRYPTED)
    write_attachments(files, source, out)
    _write_attached_messages(source, out)


def _write_attached_messages(source: Source, out: DocumentBuilder) -> None:
    """Messages attached to the message: [MS-OXMSG] 2.2.2.1 keeps each as a storage of its own, which oxmsg passes
    over."""
    with open_ole(source, out.limits) as ole:
        inner = {path[0] for path in ole.listdir() if len(path) > 2 and path[1] == _EMBEDDED}
        for name in sorted(inner):
            subject, sender, body = (_text(ole, f"{name}/{_EMBEDDED}/{tag}") for tag in _INNER_TEXTS)
            out.heading(f"Subject: {subject}" if subject else "Attached message", 2, subject)
            out.paragraph(f"From: {sender}" if sender else "")
            for part in body.replace("\r\n", "\n").split("\n\n"):
                out.paragraph(part)


def _text(ole: OleFileIO, tag: str) -> str:
    """A text property, which is kept in UTF-16 (type 001F) or in eight bits (001E)."""
    wide = stream(ole, tag + "001F")
    return wide.decode("utf-16-le", "replace") if wide else stream(ole, tag + "001E").decode("cp1252", "replace")


def _person(name: str | None, address: str | None) -> str:
    if name and address and name != address:
        return f"{name} <{address}>"
    return name or address or ""
