"""The binary files of old Office: Word, PowerPoint and Outlook, and encrypted files in their container."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.registry import parse_file
from tests.support.ole_files import record, write_doc, write_ole


def problem_of(path: Path) -> ParseProblem:
    with pytest.raises(ParseFault) as caught:
        parse_file(path)
    return caught.value.problem


def test_a_word_file_is_put_together_from_its_pieces(tmp_path: Path) -> None:
    document = parse_file(write_doc(tmp_path / "a.doc", "Größe.\rSecond \x13PAGE\x141\x15.\r", wide="Третий.\r"))
    assert document.text == "Größe.\n\nSecond 1.\n\nТретий."


def test_a_table_in_a_word_file_is_rows_of_cells(tmp_path: Path) -> None:
    text = "Before.\rName\x07Age\x07\x07Ada\x0736\x07\x07After.\r"
    document = parse_file(write_doc(tmp_path / "a.doc", text))
    assert document.text == "Before.\n\nName\tAge\nAda\t36\n\nAfter."


def test_a_word_file_with_a_password_says_so(tmp_path: Path) -> None:
    assert problem_of(write_doc(tmp_path / "a.doc", "x" * 40, encrypted=True)) is ParseProblem.ENCRYPTED


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx"])
def test_a_new_office_file_with_a_password_is_an_old_container(tmp_path: Path, name: str) -> None:
    path = write_ole(tmp_path / name, {"EncryptedPackage": b"\1" * 5000, "EncryptionInfo": b"\2" * 100})
    assert problem_of(path) is ParseProblem.ENCRYPTED


def test_an_old_file_under_a_new_name_is_read(tmp_path: Path) -> None:
    document = parse_file(write_doc(tmp_path / "a.docx", "Old text.\r"))
    assert (document.text, document.format) == ("Old text.", "doc")


def test_slides_of_an_old_presentation_are_pages(tmp_path: Path) -> None:
    def slide(*texts: str) -> bytes:
        return b"".join(record(4000, text.encode("utf-16-le")) for text in texts)

    outline = record(1011, b"") + slide("First") + record(1011, b"") + slide("Second", "one\rtwo")
    master = record(1016, slide("Click to edit"), container=True)
    boxes = record(1006, record(4008, b"Latin box"), container=True)
    data = master + record(4080, outline, container=True) + boxes
    document = parse_file(write_ole(tmp_path / "a.ppt", {"PowerPoint Document": data}))
    assert document.text == "First\n\nLatin box\n\nSecond\n\n• one\n• two"
    assert document.page_labels == ("First", "Second")


def test_an_outlook_message_and_the_message_in_it_are_read(tmp_path: Path) -> None:
    def properties(header: int, *tags: int) -> bytes:
        entries = (struct.pack("<HHIII", 0x001F, tag, 6, 40, 0) for tag in tags)
        return b"\0" * header + b"".join(entries)

    def text(value: str) -> bytes:
        return value.encode("utf-16-le")

    inner = "__attach_version1.0_#00000000/__substg1.0_3701000D"
    streams = {
        "__properties_version1.0": properties(32, 0x0037, 0x1000),
        "__substg1.0_0037001F": text("The mill"),
        "__substg1.0_1000001F": text("It is windy.\r\n\r\nVery."),
        "__nameid_version1.0/__substg1.0_00020102": b"",
        "__attach_version1.0_#00000000/__properties_version1.0": properties(8),
        f"{inner}/__properties_version1.0": properties(24, 0x0037),
        f"{inner}/__substg1.0_0037001F": text("Older"),
        f"{inner}/__substg1.0_1000001F": text("It was calm."),
    }
    document = parse_file(write_ole(tmp_path / "a.msg", streams))
    assert document.text == "Subject: The mill\n\nIt is windy.\n\nVery.\n\nSubject: Older\n\nIt was calm."
    assert document.title == "The mill"


def test_a_broken_container_is_damaged(tmp_path: Path) -> None:
    path = write_doc(tmp_path / "a.doc", "Some text.\r")
    path.write_bytes(path.read_bytes()[:700])
    assert problem_of(path) is ParseProblem.DAMAGED


def test_the_text_of_a_small_file_is_no_name_of_another(tmp_path: Path) -> None:
    hidden = write_doc(tmp_path / "hidden.doc", "Nobody asked for this.")
    pretender = tmp_path / "pretender.doc"
    pretender.write_bytes(os.fsencode(hidden))
    with pytest.raises(ParseFault) as caught:
        parse_file(pretender)
    assert caught.value.problem is ParseProblem.DAMAGED
