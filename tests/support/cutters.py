"""Functions that cut documents, in a parser process, as none should."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator
from dataclasses import replace

from core.chunking.chunker import cut_document
from core.domain.cut_text import CutPassage, RunOutline
from core.parsing.document import ParsedDocument


def endless(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    while document.text:
        pass
    yield from ()


def greedy(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    hoard = [bytes(1 << 20) for _ in range(1 << 16)]
    yield RunOutline(0, len(hoard))


def failing(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    raise sqlite3.Error("as a bug would")
    yield RunOutline(0, 1)


def silent(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    yield from ()


def without_end(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    while True:
        yield RunOutline(0, 9, boundaries=array("i", range(100_000)))


def outside(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    for part in cut_document(document):
        yield replace(part, end=part.end + 1000, cut=part.cut + 1000) if isinstance(part, CutPassage) else part


def backwards(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    yield from reversed(list(cut_document(document)))


def overlapping(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    for part in cut_document(document):
        yield part
        if isinstance(part, CutPassage):
            yield part


def enormous(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    """One passage that holds everything, which would be given to an embedding model at once."""
    length = len(document.text)
    yield RunOutline(0, length)
    yield CutPassage(0, length, length, "", "")


def wordy(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    for part in cut_document(document):
        yield replace(part, terms=("", "term " * 100_000)) if isinstance(part, CutPassage) else part


def false_terms(document: ParsedDocument) -> Iterator[RunOutline | CutPassage]:
    """Well formed, but the terms are not those of the text."""
    for part in cut_document(document):
        yield replace(part, terms=("", "zeppelin quagga")) if isinstance(part, CutPassage) else part
