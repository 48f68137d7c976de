"""Reads RTF: the text by striprtf, paragraph by paragraph."""

from __future__ import annotations

import re
from collections.abc import Callable

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.readers.encoding import codec_for
from core.parsing.source import Source

_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")
_TITLE = re.compile(r"\{\\title\s+([^{}\\]{1,300})\}")


def parse(source: Source, out: DocumentBuilder) -> None:
    from striprtf.striprtf import rtf_to_text

    data = source.read_text_file(out.limits)
    if not data.lstrip().startswith(b"{\\rtf"):
        raise source.fault(ParseProblem.DAMAGED)
    code_page = _CODE_PAGE.search(data[:4096])
    codec = codec_for(f"cp{code_page[1].decode()}" if code_page else None) or "cp1252"
    markup = data.decode("latin-1") if data.isascii() else data.decode(codec, "replace")
    title = _TITLE.search(markup[:20_000])
    out.title = title[1] if title else ""
    to_text: Callable[..., str] = rtf_to_text
    for line in to_text(markup, encoding=codec, errors="replace").split("\n"):
        cells = line.rstrip("|").split("|") if line.endswith("|") else []  # striprtf ends each cell with a bar
        if len(cells) > 1:
            out.table([cells])
        else:
            out.paragraph(line)
