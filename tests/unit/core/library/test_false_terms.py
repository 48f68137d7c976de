"""Search terms that a parser process made up do no harm to the keyword index."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.chunking.chunker import cut_document
from core.jobs import Job
from core.parsing.process.pool import ParserPool
from tests.support import cutters
from tests.support.libraries import keyword_rows, open_library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("first", "second", "third"):
        (folder / f"{name}.txt").write_text(f"The {name} mill grinds rye. " * 60)
    return folder


@pytest.mark.parametrize("change", ["written anew", "deleted", "renamed"])
def test_terms_that_are_not_of_the_text_leave_the_index_with_their_document(
    change: str, tmp_path: Path, folder: Path
) -> None:
    with ParserPool(1, cutter=cutters.false_terms) as pool, open_library(tmp_path / "data", pool) as opened:
        opened.index(folder)
        assert {"quagga", "zeppelin"} <= {row[0] for row in keyword_rows(opened.database)}
    if change == "written anew":
        (folder / "first.txt").write_text("Now it is a museum.")
    elif change == "deleted":
        (folder / "first.txt").unlink()
    else:
        (folder / "first.txt").rename(folder / "fourth.txt")
    with ParserPool(1, cutter=cut_document) as pool:
        with open_library(tmp_path / "data", pool) as opened:
            opened.library.index(None, Job())
            left = keyword_rows(opened.database)
        with open_library(tmp_path / "fresh", pool) as fresh:
            fresh.index(folder)
            assert left == keyword_rows(fresh.database)


def test_true_terms_are_deleted_one_by_one(tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ParserPool(1, cutter=cut_document) as pool, open_library(tmp_path / "data", pool) as opened:
        opened.index(folder)
        (folder / "first.txt").write_text("Now it is a museum.")
        opened.index()
        assert "made anew" not in caplog.text
        terms = {row[0] for row in keyword_rows(opened.database)}
    assert "museum" in terms and "second" in terms
