"""After a parser process has loaded everything, reading and cutting documents imports no module and opens no file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import core
from core.domain.file_formats import SUFFIXES
from core.parsing.ocr.tessdata import ENGLISH
from tests.support.documents import (
    Words,
    word_paragraph,
    write_docx,
    write_encrypted_pdf,
    write_odf,
    write_ods,
    write_pdf,
    write_pptx,
    write_scanned_pdf,
    write_zip,
)
from tests.support.ole_files import write_doc
from tests.support.pictures import picture_of

ROOT = Path(core.__file__).parents[1]
LISTENING = """
import json, sys
from pathlib import Path
from core.chunking.chunker import cut_document
from core.parsing.faults import ParseFault
from core.parsing.ocr.recogniser import Recogniser
from core.parsing.open_file import open_file
from core.parsing.process import preload
from core.parsing.registry import parse_file

preload.load_lexicons()
preload.load_everything()
recogniser = Recogniser(sys.argv[2:]) if sys.argv[2:] else None
if recogniser is not None:
    recogniser.start()
preload.stop_importing()
paths = sorted(Path(sys.argv[1]).iterdir())
files = [open_file(path) for path in paths]
before, opened, listening = set(sys.modules), [], True

def listen(event, arguments):
    if listening and event == "open":
        opened.append(str(arguments[0]))

sys.addaudithook(listen)
outcomes = {}
for path, file in zip(paths, files):
    try:
        document = parse_file(path, file=file, recogniser=recogniser)
        outcomes[path.name] = len(document.text)
        for part in cut_document(document):
            pass
    except ParseFault as fault:
        outcomes[path.name] = fault.problem.value
listening = False
print(json.dumps([outcomes, sorted(set(sys.modules) - before), opened]))
"""
ODD_NAMES = ("klingon", "x-user-defined", "utf-7", "cp037", "hex", "../passwd", "mbcs", "idna", "iso-2022-jp-2", "")


def write_samples(folder: Path) -> None:
    """A file of each kind, whole or broken, in encodings by many names."""
    text = "Mühlen mahlen. Ωραία. 水車が回る。\n"
    for name in ("utf-8", "utf-16", "cp1252", "cp1251", "shift_jis", "gb18030", "mac_roman", "iso8859_7", "koi8_r"):
        (folder / f"{name}.txt").write_bytes((text * 40).encode(name, "ignore"))
    for number, name in enumerate(ODD_NAMES):
        (folder / f"{number}.html").write_bytes(f'<meta charset="{name}"><p>Mühlen {name}'.encode())
        mail = f"Subject: =?{name}?B?TfxobGVu?=\nContent-Type: text/plain; charset={name}\n\nM\xfchlen =20".encode(
            "latin-1"
        )
        (folder / f"{number}.eml").write_bytes(mail)
        (folder / f"{number}.xml").write_bytes(f'<?xml version="1.0" encoding="{name}"?><a>Mühlen</a>'.encode())
    write_docx(folder / "a.docx", word_paragraph("Mills"))
    write_pptx(folder / "a.pptx", [("Mills", ["grind"])])
    write_odf(folder / "a.odt", "<text:p>Mills</text:p>")
    write_ods(folder / "a.ods", {"Mills": [["1", "2"]]})
    write_doc(folder / "a.doc", "Mills grind.")
    write_pdf(folder / "a.pdf", [[Words("Mills grind.")]])
    write_scanned_pdf(folder / "scanned.pdf")
    write_encrypted_pdf(folder / "encrypted.pdf", "sesame")
    write_zip(folder / "a.epub", {"mimetype": "application/epub+zip", "META-INF/container.xml": "<a/>"})
    picture = picture_of(folder, [Words("Mills grind the grain of the village.")])
    for name in ("png", "jpg", "tif", "webp", "bmp", "gif"):
        picture.convert("L").save(folder / f"picture.{name}")
    for suffix in SUFFIXES:
        (folder / f"broken{suffix}").write_bytes(b"PK\3\4 %PDF-1.7 {\\rtf1 <a> From x\n" + bytes(range(256)))
        (folder / f"plain{suffix}").write_text(text)


def outcomes_of(folder: Path, *languages: str) -> tuple[dict[str, object], list[str], list[str]]:
    answer = subprocess.run(
        [sys.executable, "-c", LISTENING, str(folder), *languages],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
    )
    outcomes, modules, opened = json.loads(answer.stdout)
    return outcomes, modules, opened


def test_nothing_is_imported_or_opened_late(tmp_path: Path) -> None:
    write_samples(tmp_path)
    outcomes, modules, opened = outcomes_of(tmp_path)
    assert (modules, opened) == ([], [])
    assert outcomes["picture.webp"] == outcomes["scanned.pdf"] == "scanned"
    assert isinstance(outcomes["a.docx"], int)


def test_nothing_is_imported_or_opened_late_with_recognition(tmp_path: Path) -> None:
    write_samples(tmp_path)
    outcomes, modules, opened = outcomes_of(tmp_path, ENGLISH)
    assert (modules, opened) == ([], [])
    assert isinstance(outcomes["picture.webp"], int)
