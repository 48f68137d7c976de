"""MSG: Outlook messages, read by python-oxmsg, written out as other mail is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.parsing.attachments import Attachment, write_attachments
from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.html import convert
from core.parsing.source import Source

if TYPE_CHECKING:
    from oxmsg import Message

_LOCKED = ("IPM.Note.SMIME",)
_SIGNED = "MultipartSigned"


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


def _person(name: str | None, address: str | None) -> str:
    if name and address and name != address:
        return f"{name} <{address}>"
    return name or address or ""
