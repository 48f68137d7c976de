"""Documents are opened by the application and handed to the parser process, one after another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.parsing.faults import ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process.pool import ParserPool
from tests.support.documents import Words, write_pdf
from tests.unit.core.parsing.process.test_pool import note, parsers, problem_of


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    with ParserPool(1) as pool:
        yield pool


def test_each_document_is_closed_after_it_was_read(tmp_path: Path) -> None:
    """A process may have 64 files open."""
    paths = [note(tmp_path, f"{number}.md", "# Mills\n" if number % 3 else "") for number in range(90)]
    paths += [note(tmp_path, f"{number}.unknown") for number in range(90)]
    with ParserPool(1) as pool:
        pool.parse(paths[1])
        first = parsers()
        outcomes = list(pool.parse_many(paths))
        assert parsers() == first
    assert sum(outcome.document is not None for outcome in outcomes) == 60
    problems = {outcome.fault.problem for outcome in outcomes if outcome.fault}
    assert problems == {ParseProblem.EMPTY, ParseProblem.UNSUPPORTED}


def test_what_cannot_be_opened_is_a_fault_of_that_file(pool: ParserPool, tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    assert problem_of(pool, tmp_path / "missing.md") is ParseProblem.MISSING
    assert problem_of(pool, tmp_path / "folder.md") is ParseProblem.UNREADABLE
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.md")
        assert problem_of(pool, tmp_path / "pipe.md") is ParseProblem.UNREADABLE
    assert pool.parse(note(tmp_path)).text


def test_a_large_pdf_is_not_read_into_memory(tmp_path: Path) -> None:
    """PDFium asks for its parts by a callback, whose code exists before the process is confined."""
    small = write_pdf(tmp_path / "small.pdf", [[Words("Mills grind.")]]).read_bytes()
    before, start = small[: small.rindex(b"xref\n0 ")], small.rindex(b"xref\n0 ")
    hole = 70 << 20
    path = tmp_path / "large.pdf"
    with path.open("wb") as file:
        file.write(before + b"99 0 obj\n<</Length %d>>stream\n" % hole)
        file.seek(hole, os.SEEK_CUR)
        file.write(b"\nendstream\nendobj\n")
        moved = file.tell()
        tail = small[start:]
        file.write(tail[: tail.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % moved)
    with ParserPool(1, ParseLimits(memory_bytes=400 << 20)) as pool:
        assert pool.parse(path).text == "Mills grind."
