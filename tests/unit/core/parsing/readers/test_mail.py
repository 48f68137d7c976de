"""Mail: the headers that people read, the body once, and the attachments."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.registry import parse_file
from tests.support.documents import Words, word_paragraph, write_docx, write_pdf


def letter(subject: str = "The mill", body: str = "It is windy today.") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ada <ada@example.org>", "eve@example.org", subject
    message["Date"] = "Fri, 01 Mar 2024 10:00:00 +0000"
    message.set_content(body)
    return message


def save(folder: Path, message: EmailMessage, name: str = "a.eml") -> Path:
    path = folder / name
    path.write_bytes(bytes(message))
    return path


def problem_of(path: Path) -> ParseProblem:
    with pytest.raises(ParseFault) as caught:
        parse_file(path)
    return caught.value.problem


def test_a_letter_reads_as_people_read_it(tmp_path: Path) -> None:
    document = parse_file(save(tmp_path, letter("Größe der Mühle", "Es ist windig.\n\nSehr.")))
    assert document.text == (
        "Subject: Größe der Mühle\n\nFrom: Ada <ada@example.org>\nTo: eve@example.org\n"
        "Date: Fri, 01 Mar 2024 10:00:00 +0000\n\nEs ist windig.\n\nSehr."
    )
    assert document.title == "Größe der Mühle"
    assert document.blocks[0].label == "Größe der Mühle"


def test_one_of_two_alternative_bodies_is_kept(tmp_path: Path) -> None:
    message = letter()
    message.add_alternative("<p>It is <b>windy</b> today.</p>", subtype="html")
    assert parse_file(save(tmp_path, message)).text.count("windy") == 1


def test_a_letter_in_html_alone_is_read(tmp_path: Path) -> None:
    message = letter()
    message.set_content("<html><head><style>p {}</style></head><p>Only <i>this</i>.</p></html>", subtype="html")
    assert parse_file(save(tmp_path, message)).text.endswith("Only this.")


def test_attachments_are_read_and_the_others_named(tmp_path: Path) -> None:
    message = letter()
    for path in (
        write_pdf(tmp_path / "report.pdf", [[Words("Flour is up.")]]),
        write_docx(tmp_path / "note.docx", word_paragraph("Sacks are down.")),
    ):
        message.add_attachment(path.read_bytes(), maintype="application", subtype="octet-stream", filename=path.name)
    message.add_attachment(b"\0\1\2", maintype="audio", subtype="mpeg", filename="song.mp3")
    document = parse_file(save(tmp_path, message))
    assert "Attachment: report.pdf\n\nFlour is up." in document.text
    assert "Attachment: note.docx\n\nSacks are down." in document.text
    assert document.text.endswith("Attached: song.mp3")


def test_a_forwarded_letter_is_part_of_the_letter(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(letter("Older", "It was calm."))
    document = parse_file(save(tmp_path, message))
    assert "Subject: Older" in document.text
    assert "It was calm." in document.text


def test_letters_nested_without_end_are_read_to_a_limit(tmp_path: Path) -> None:
    part = "Content-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
    path = tmp_path / "a.eml"
    path.write_text("Subject: outer\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" + part * 1000)
    assert parse_file(path).title == "outer"


def test_an_encrypted_letter_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_text("Subject: x\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nsecret\n--b--\n")
    assert problem_of(path) is ParseProblem.ENCRYPTED
    assert problem_of(save(tmp_path, letter("x", "-----BEGIN PGP MESSAGE-----\n\nabc"))) is ParseProblem.ENCRYPTED


def test_an_empty_file_is_no_letter(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_text("  \n\n")
    assert problem_of(path) is ParseProblem.EMPTY


def test_a_mailbox_has_a_page_for_each_letter(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    letters = [letter(f"Number {n}", f"Body {n}.") for n in range(3)]
    path.write_bytes(b"".join(b"From ada Fri Mar  1 10:00:00 2024\n" + bytes(one) + b"\n" for one in letters))
    document = parse_file(path)
    assert document.page_labels == ("Number 0", "Number 1", "Number 2")
    assert document.text[document.pages[1] :].startswith("Subject: Number 1")


def test_a_saved_web_page_is_read(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Saved"
    message.set_content("<html><head><title>The mill</title></head><body><p>Windy.</p></body></html>", subtype="html")
    document = parse_file(save(tmp_path, message, "a.mhtml"))
    assert document.text == "The mill\n\nWindy."
