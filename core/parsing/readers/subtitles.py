"""Reads SRT and VTT subtitles: what is said, in paragraphs, each with the time at which it begins."""

from __future__ import annotations

import re

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.readers.encoding import decode
from core.parsing.source import Source

_TIME = r"((?:\d{1,4}:)?\d{1,2}:\d{2})[.,]\d{1,3}"
_TIMES = re.compile(rf"{_TIME}\s*+-->\s*+{_TIME}[^\n]*")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^<>]+)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
_PARAGRAPH_CHARS = 400  # a longer paragraph ends with its cue
_PAUSE_S = 4  # a longer pause ends a paragraph


def parse(source: Source, out: DocumentBuilder) -> None:
    text = decode(source.read_text_file(out.limits)).replace("\r\n", "\n").replace("\r", "\n")
    cues = list(_TIMES.finditer(text))
    if not cues:
        for part in text.split("\n\n"):
            out.paragraph(part)
        return
    began, said, last_end = "", "", 0
    for index, cue in enumerate(cues):
        until = cues[index + 1].start() if index + 1 < len(cues) else len(text)
        words = _words(text[cue.end() : until], is_last=index + 1 == len(cues))
        if said and (len(said) > _PARAGRAPH_CHARS or _seconds(cue[1]) - last_end > _PAUSE_S):
            out.paragraph(f"[{began}] {said}")
            said = ""
        began = began if said else cue[1]
        said = f"{said}\n{words}".strip()
        last_end = _seconds(cue[2])
    if said:
        out.paragraph(f"[{began}] {said}")


def _words(cue: str, *, is_last: bool) -> str:
    """Return a cue's text without markup, and without the next cue's number or name, which precedes its times."""
    lines = cue.strip("\n").split("\n")
    if not is_last:
        blank = [index for index, line in enumerate(lines) if not line.strip()]
        if blank and len(lines) - blank[-1] <= 2:
            lines = lines[: blank[-1]]
    spoken = (_TAG.sub("", _VOICE.sub(lambda voice: f"{voice[1]}: ", line)) for line in lines)
    return "\n".join(filter(None, map(one_line, spoken)))


def _seconds(time: str) -> int:
    total = 0
    for part in time.split(":"):
        total = total * 60 + int(part)
    return total
