"""Nothing that a document, an answer or a file name holds reaches a terminal as a command."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.text.printable import printable, printable_json, printable_line

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals and such names are not known there")

CLIPBOARD, TITLE = "\x1b]52;c;cm0gLXJmIH4=\x07", "\x1b]0;owned\x07"
ATTACKS = f"valve {CLIPBOARD}{TITLE}\x1b[2J \x9b31m \x7f \u202egpj.exe \u2066x\u2069 end"
NAME = "a\x1b[2Jb\nleft out: forged.txt\u202e.md"
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def on_terminal(words: Sequence[str], data: Path) -> str:
    """What the command line writes when both of its outputs are a terminal."""
    owner, terminal = pty.openpty()
    command = [sys.executable, "-P", "-m", "gui", *words, "--data-dir", str(data)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as child:
        os.close(terminal)
        written = b""
        while True:
            try:
                piece = os.read(owner, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            written += piece
        child.wait()
    os.close(owner)
    return written.decode("utf-8", "replace").replace("\r", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / NAME).write_text(ATTACKS + "\n", encoding="utf-8")
    (folder / "empty\x1b[31m.docx").write_bytes(b"no archive")
    return folder


def test_no_command_writes_a_control_character_to_a_terminal(tmp_path: Path, folder: Path) -> None:
    data = tmp_path / "data"
    for words in (
        ["index", str(folder)],
        ["search", "valve"],
        ["search", "valve", "--explain"],
        ["search", "valve", "--json"],
        ["text", str(folder / NAME)],
        ["status"],
        ["index", str(folder / "missing\x1b[2J.txt")],
        ["remove", str(folder / "x\x1b[2J")],
        ["nonsense\x1b[2J"],
        ["models", "get", "\x1b]0;x\x07"],
    ):
        written = on_terminal(words, data)
        assert written and not OBEYED.search(written), (words, OBEYED.search(written))
        assert "\nleft out: forged" not in written, words
    assert "valve" in on_terminal(["search", "valve"], data)


def test_programs_get_the_text_as_it_is(tmp_path: Path, folder: Path) -> None:
    command = [sys.executable, "-P", "-m", "gui", "text", str(folder / NAME)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert CLIPBOARD.encode() in done.stdout


def test_escapes_are_readable_and_json_keeps_its_value() -> None:
    assert printable("a\x1b[2J\tb\nc\u202e\x9b") == "a\\x1b[2J\tb\nc\\u202e\\x9b"
    assert printable_line("a\tb\nc\rd\udc80") == "a\\tb\\nc\\rd\\udc80"
    assert printable("Ünïcödé 文档 🍍 ‍") == "Ünïcödé 文档 🍍 ‍"
    value = {"text": ATTACKS}
    text = printable_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value and not OBEYED.search(text)
