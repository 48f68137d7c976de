"""The inputs that fuzzing starts from: small valid documents, made by the tests' own writers."""

from __future__ import annotations

import json
import tempfile
from functools import lru_cache
from pathlib import Path

from tests.support import documents, ole_files
from tests.support.documents import Words

TEXT = "The valve closes in winter. It opens at 12.5 bar, e.g. on 3 May 2021.\n\n# Part\n\n- one\n- two\n"
MAIL = (
    b"From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?q?Valve?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nClosed.\r\n'
    b"--x\r\nContent-Type: text/csv\r\nContent-Transfer-Encoding: base64\r\n\r\nYSxiCjEsMgo=\r\n--x--\r\n"
)


@lru_cache(1)
def documents_by_name() -> dict[str, bytes]:
    """A valid document of each format, by a file name of that format."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        body = documents.word_paragraph("Heading", "Heading1") + documents.word_table([["a", "b"], ["1", "2"]])
        documents.write_docx(root / "a.docx", body + documents.word_paragraph("The valve closes."))
        documents.write_pdf(root / "a.pdf", [[Words("The valve closes."), Words("Twice", y=600)], [Words("Next")]])
        documents.write_pptx(root / "a.pptx", [("Title", ["one", "two"])], {0: "notes"})
        documents.write_ods(root / "a.ods", {"Sheet": [["a", "b"], ["1", "2"]]})
        ole_files.write_doc(root / "a.doc", "The valve closes in winter.\r" * 20)
        found = {path.name: path.read_bytes() for path in root.iterdir()}
    return found | {
        "a.txt": TEXT.encode(),
        "a.md": TEXT.encode(),
        "a.html": b"<html><head><title>T</title></head><body><h1>A</h1><table><tr><td>1<td>2</table><p>b<ul><li>c</ul>",
        "a.csv": b'name,value\n=1+1,2\n"a\nb",3\n',
        "a.json": json.dumps({"a": [1, {"b": None}], "c": "x" * 50}).encode(),
        "a.xml": b'<?xml version="1.0"?><a xmlns="u"><b c="d">text</b><!-- x --><e/></a>',
        "a.rtf": rb"{\rtf1\ansi{\fonttbl\f0 Arial;}\f0 The valve \b closes\b0.\par {\*\x y}\'e9}",
        "a.eml": MAIL,
        "a.srt": b"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nAgain\n",
        "a.ics": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Valve\nDTSTART:20210503T100000Z\nEND:VEVENT\nEND:VCALENDAR\n",
        "a.py": b"def valve():\n    return 'closes'\n",
        "a.ipynb": json.dumps({"cells": [{"cell_type": "markdown", "source": ["# A"]}], "metadata": {}}).encode(),
    }


TEMPLATES = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m['content'] | trim }}<|im_end|>\n{% endfor %}",
    "{% set n = namespace(a=1) %}{% for m in messages %}{% set n.a = n.a * 3 %}{{ n.a }}{{ m | tojson }}{% endfor %}",
    "{% macro f(x) %}{{ x ~ x }}{% endmacro %}{{ f('a' * 9) }}{{ range(9) | map('string') | join }}{{ [1, 2][1:] }}",
    "{{ '%s %d' % ('a', 1) }}{{ {'a': [1]}.items() | list }}{{ 'a b'.split() | sort | first | upper }}{{ 2 ** 9 }}",
)
