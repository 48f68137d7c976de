"""The one sentence splitter: where sentences of documents and of answers end, in all languages alike.

A full stop ends a sentence unless it closes an abbreviation, an initial or the number of a list item, or a small letter
follows. Every function is linear in the text: patterns start once a run and look back a bounded distance.

Our own because of what it must know of answers and documents (citation marks, rows of tables, lists):
tests/bench/bench_sentences.py counts 21 of 21 texts right, sentencex 12, pysbd 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from core.text import lexicon

_CLOSERS = "\"'”’»›)\\]}」』】）》〉*_`"
_SPACED_MARKS = ".!?…۔։၊។៕"
_UNSPACED_MARKS = "。！？｡．؟।॥။"  # never inside a word or a number, so that no space need follow
_SPACED_END = rf"(?<![{_SPACED_MARKS}])[{_SPACED_MARKS}]++[{_CLOSERS}]*+(?=\s)"
_UNSPACED_END = rf"(?<![{_UNSPACED_MARKS}])[{_UNSPACED_MARKS}]++[{_CLOSERS}]*+"
_END = re.compile(f"{_SPACED_END}|{_UNSPACED_END}")
_END_OR_PHRASE = re.compile(rf"{_END.pattern}|(?<=[\u0e00-\u0eff\u1780-\u17ff])[ ]++")
"""The same where a space may end a phrase: in Thai, Lao and Khmer."""
_FIRST_PHRASE_SCRIPT = "\u0e00"
_LOOK_BACK = 16  # characters; longer than any abbreviation
_NUMBER = re.compile(r"(?:^|(?<=\s))(?P<before>\S{1,6}\s)?(?P<number>\d{1,3})\.$")
_NEXT_WORD = re.compile(r"\s+[\"'“‘«(\[]*(\w+)")
_MARKS = re.compile(r"(?:[ \t]*\[\d{1,4}\])+(?=\s|$)")
"""Citations behind a full stop belong to the sentence before: "It was sold. [1] The buyer …"."""
_TABLE_ROW = re.compile(r"[ \t]*\|")
_CLAUSE = re.compile(r"[,;:，、；：،؛][\"'”’)\]]*+(?=\s)|[，、；：]|[—–](?=\s)")


def sentence_ends(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets within `text[start:end]` right after each sentence but the last; white space belongs to the next one."""
    phrases = max(text[start:end], default="") >= _FIRST_PHRASE_SCRIPT
    for found in (_END_OR_PHRASE if phrases else _END).finditer(text, start, end):
        offset = found.end()
        if offset >= end:
            return
        if text[offset - 1] == "." and _goes_on(text, start, offset):
            continue
        yield offset


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Offsets (start, end) of every sentence, without the white space around it. A line break ends a sentence; a line
    of a table is one."""
    begin = 0
    for line in _lines(text):
        end = begin + len(line)
        ends = [] if _TABLE_ROW.match(line) else [*sentence_ends(text, begin, end)]
        for offset in (*ends, end):
            marks = _MARKS.match(text, offset, end)
            stop = marks.end() if marks else offset
            if stop > begin:
                yield from _trimmed(text, begin, stop)
                begin = stop
        begin = end + 1


def clause_ends(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets within `text[start:end]` right after a comma, semicolon, colon or dash."""
    return (found.end() for found in _CLAUSE.finditer(text, start, end) if found.end() < end)


def _lines(text: str) -> Iterator[str]:
    return iter(text.split("\n"))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if stripped := piece.strip():
        left = start + len(piece) - len(piece.lstrip())
        yield left, left + len(stripped)


def _goes_on(text: str, start: int, offset: int) -> bool:
    """Whether the full stop before `offset` closes no sentence."""
    following = _NEXT_WORD.match(text, offset, offset + 40)
    next_word = following[1] if following else ""
    if next_word[:1].islower():
        return True
    before = text[max(start, offset - _LOOK_BACK) : offset]
    opens = bool(next_word) and next_word.casefold() in _function_words()
    if _abbreviation().search(before):
        return True
    if _closing_abbreviation().search(before):
        return not opens
    number = _NUMBER.search(before)
    if number is None or text[offset : offset + 1] == "\n":
        return False
    begins_line = offset - len(number["number"]) - 1 == start or text[offset - len(number["number"]) - 2] == "\n"
    return begins_line or not opens  # a list's item; a German ordinal stands before a noun, not before "It"


@cache
def _function_words() -> frozenset[str]:
    return frozenset(lexicon.words("words.function"))


@cache
def _abbreviation() -> re.Pattern[str]:
    """An initial, or an abbreviation that something always follows: "Dr.", "No."."""
    return _ending_in(("[A-Za-z]", *_written("words.abbreviations")))


@cache
def _closing_abbreviation() -> re.Pattern[str]:
    """One that may end a sentence: "etc.", "Inc."."""
    return _ending_in(_written("words.closing_abbreviations"))


def _written(key: str) -> tuple[str, ...]:
    """Each as it is written, and one in small letters with a capital too."""
    found = lexicon.words(key)
    return tuple(map(re.escape, dict.fromkeys([*found, *(word[0].upper() + word[1:] for word in found)])))


def _ending_in(expressions: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:^|[\s(\[\"'“‘])(?:{'|'.join(expressions)})\.$")
