"""A passage with which the embedding model ends the program is found and left out; everything else is embedded."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from core.chunking.chunker import cut_document
from core.jobs import Job
from core.parsing.process.pool import ParserPool
from core.retrieval.retriever import Retriever
from core.store.vectors.embedding_crash_log import DEATHS
from tests.support.crashing import WORD, CrashingEmbedder, run_crashing
from tests.support.libraries import OpenLibrary, content_of, minilm, open_library

pytestmark = [pytest.mark.skipif(os.name == "nt", reason="signals"), pytest.mark.timeout(300)]
BAD = ["copy.md", "long.md"]
PARAGRAPHS = [
    f"Paragraph {n} tells about matter {n * 7}. " + "Apples keep well in a cool place. " * 20 for n in range(6)
]


def without_vector(opened: OpenLibrary) -> list[tuple[str, int]]:
    """File names and ordinals of the passages that have no vector."""
    with opened.database.read() as connection:
        rows = connection.execute(
            "SELECT d.path, c.ordinal FROM chunks c JOIN documents d ON d.id = c.document_id "
            "WHERE NOT EXISTS (SELECT 1 FROM chunk_vectors v WHERE v.chunk_id = c.id) ORDER BY 1, 2"
        ).fetchall()
    return [(Path(os.fsdecode(path)).name, ordinal) for path, ordinal in rows]


def test_the_program_ends_a_few_times_then_leaves_the_passage_out(tmp_path: Path, minilm_gguf: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for n in range(8):
        (folder / f"{n}.txt").write_text(f"Document {n} tells about matter {n * 11}.")
    bad = f"# Music\n\nThe {WORD} stands in the hall.\n\n# Rest"
    for name in BAD:
        (folder / name).write_text("\n\n".join([*PARAGRAPHS[:3], bad, *PARAGRAPHS[3:]]))
    data = tmp_path / "data"
    ends: list[int] = []
    while not ends or (ends[-1] != 0 and len(ends) < 12):
        ends.append(run_crashing(data, folder, minilm_gguf, ("abort", "kill")[len(ends) % 2]))
    # It is tried once among others, then alone; the same text in another document is not tried again.
    assert ends == [*([-signal.SIGABRT, -signal.SIGKILL] * DEATHS)[: 1 + DEATHS], 0]

    with minilm(minilm_gguf) as embedder, ParserPool(1, cutter=cut_document) as pool:
        broken = CrashingEmbedder(embedder, "abort")
        with open_library(data, pool, lambda: broken) as opened:
            report = opened.index(folder)  # a suspect is not tried again unless a person asks for it
            assert (report.documents, report.skipped) == (10, ())
            left = without_vector(opened)
            assert [name for name, _ in left] == BAD
            noted = {one.path.name: one.reason for one in report.noted}
            assert set(noted) == set(BAD)
            assert all("ended several times" in reason for reason in noted.values())
            assert [one.path.name for one in opened.library.skipped()] == sorted(noted)
            found = Retriever(opened.database, opened.vectors, lambda: None).search(WORD).passages
            assert {one.path.name for one in found} == set(noted)
        with open_library(data, pool, lambda: embedder) as opened:
            opened.library.index([folder], Job())
            assert without_vector(opened) == left
            opened.library.retry([one.document_id for one in opened.library.skipped() if one.document_id])
            assert opened.index(folder).noted == ()
            assert without_vector(opened) == []
            with opened.database.read() as connection:
                assert connection.execute("SELECT COUNT(*) FROM embedding_in_hand").fetchone() == (0,)
            with open_library(tmp_path / "fresh", pool, lambda: embedder) as fresh:
                fresh.index(folder)
                assert content_of(opened.database) == content_of(fresh.database)
